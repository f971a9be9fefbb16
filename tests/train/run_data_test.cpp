#include "limpid/train/run_data.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "limpid/tokenizer/character.hpp"
#include "limpid/tokenizer/factory.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a text has no gradient
// NO fixture: batches and tokenizers have theirs; here they are put together
// NO accumulation: nothing accumulates

namespace {

RunOptions options_for(const std::vector<const char*>& settings = {}) {
  RunOptions options = preset("nano");
  for (const char* setting : {"context=8", "batch=2", "steps=4", "tokenizer=byte"}) {
    options.set(setting);
  }
  for (const char* setting : settings) options.set(setting);
  return options;
}

std::string digits(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('0' + i % 10);
  return text;
}

std::string text_of(const Tokenizer& tokenizer, const std::vector<Batch>& batches) {
  std::vector<std::int32_t> ids{batches.front().inputs.front()};
  for (const Batch& batch : batches) {
    for (const std::int32_t target : batch.targets) {
      if (target != kIgnore) ids.push_back(target);
    }
  }
  return tokenizer.decode(ids);
}

}  // namespace

TEST_CASE("by hand: nine tenths of a file are trained on, the last one is held back") {
  const ScratchDirectory scratch;
  const std::string text = digits(200);
  put(scratch / "a.txt", text.substr(0, 50));
  put(scratch / "b.txt", text.substr(50));
  const std::vector<std::string> files{(scratch / "a.txt").string(), (scratch / "b.txt").string()};
  const RunTexts texts = run_texts(options_for(), files);
  CHECK(texts.training == std::vector<std::string>{text.substr(0, 180)});
  CHECK(texts.validation == std::vector<std::string>{text.substr(180)});
  CHECK_FALSE(texts.floor);

  RunOptions options = options_for();
  const auto [data, batches] = make_run_data(options, files, nullptr);
  CHECK(options.model.vocab == data.tokenizer->vocab_size());
  CHECK(text_of(*data.tokenizer, data.validation) == text.substr(180));
  CHECK(data.sample == text.substr(0, 180));
  CHECK(batches.rows() >= 21);  // windows of 8 in 180 tokens, from a random place on
  CHECK(batches.rows() <= 22);
}

TEST_CASE("by hand: documents of a file are parted by the end-of-text token in it") {
  const ScratchDirectory scratch;
  std::string text;
  for (int i = 0; i < 20; ++i) text += "aa<|endoftext|>";
  put(scratch / "t", text + "bbb<|endoftext|>" + std::string(18, 'c'));  // cut at byte 300
  RunOptions options = options_for({"rows=documents"});
  auto [data, batches] = make_run_data(options, {(scratch / "t").string()}, nullptr);
  const std::int32_t end = *data.tokenizer->end_of_text();
  const Batch batch = batches.next();
  CHECK(batch.inputs == std::vector<std::int32_t>{end, 'a', 'a', end, 'a', 'a'});
  CHECK(batch.targets == std::vector<std::int32_t>{'a', 'a', end, 'a', 'a', end});
  CHECK(data.validation.front().batch == 2);
  CHECK(std::count(data.validation.front().targets.begin(), data.validation.front().targets.end(),
                   'b') == 3);
}

TEST_CASE("property: a text is cut before a character, never in it") {
  const ScratchDirectory scratch;
  for (std::size_t ahead = 0; ahead < 4; ++ahead) {
    std::string text(ahead, 'a');
    for (int i = 0; i < 50; ++i) text += "\xE2\x82\xAC";  // three bytes
    put(scratch / "t", text);
    const RunTexts texts = run_texts(options_for(), {(scratch / "t").string()});
    CHECK(texts.training.front() + texts.validation.front() == text);
    CHECK(texts.validation.front().starts_with("\xE2\x82\xAC"));
    CHECK(texts.validation.front().size() >= text.size() / 10);
    CHECK(texts.validation.front().size() <= text.size() / 10 + 4);
  }
}

TEST_CASE("property: another seed reads other tales, the held-back ones are always the same") {
  const RunOptions one = options_for({"seed=1"}), two = options_for({"seed=2"});
  const std::vector<std::string> tales = run_tales(one);
  CHECK(tales.size() == 8);  // 4 steps of 2 rows
  CHECK(run_tales(options_for({"accumulate=3"})).size() == 24);
  CHECK(std::set<std::string>(tales.begin(), tales.end()).size() == 8);
  CHECK(run_tales(one) == tales);
  CHECK(run_tales(two) != tales);
  const RunTexts a = run_texts(one, {}), b = run_texts(two, {});
  CHECK(a.training == tales);
  CHECK(a.validation == b.validation);
  CHECK(a.fingerprint != b.fingerprint);
  CHECK(a.validation.front() == validation_tales(tales::Split::valid, 1).front().text);
  for (const std::string& tale : tales) {
    CHECK(std::find(a.validation.begin(), a.validation.end(), tale) == a.validation.end());
  }
  // The floor is what the stories' own choices cost.
  double bits = 0, bytes = 0;
  for (const tales::Story& story : validation_tales(tales::Split::valid, 500)) {
    bits += story.bits;
    bytes += static_cast<double>(story.text.size());
  }
  REQUIRE(a.floor);
  CHECK(*a.floor == bits / bytes);
}

TEST_CASE("property: the fingerprint changes with the text, in its last byte too") {
  const ScratchDirectory scratch;
  const auto fingerprint = [&](const std::string& text) {
    put(scratch / "t", text);
    return run_texts(options_for(), {(scratch / "t").string()}).fingerprint;
  };
  const std::string text = digits(100);
  CHECK(fingerprint(text) == fingerprint(text));
  CHECK(fingerprint(text) != fingerprint("1" + text.substr(1)));
  CHECK(fingerprint(text) != fingerprint(text.substr(0, 89) + "x" + text.substr(90)));
  CHECK(fingerprint(text) != fingerprint(text + text));
  CHECK(fingerprint(text) != fingerprint(text.substr(0, 99) + "x"));  // held back
}

TEST_CASE("edges: a character that only the held-back part has, a tokenizer that is given") {
  const ScratchDirectory scratch;
  put(scratch / "t", std::string(200, 'a') + "!");
  const std::vector<std::string> files{(scratch / "t").string()};
  RunOptions options = options_for({"tokenizer=char"});
  const RunData data = make_run_data(options, files, nullptr).first;
  CHECK(data.tokenizer->encode("!").size() == 1);
  CHECK(text_of(*data.tokenizer, data.validation).back() == '!');
  // With a tokenizer of its own, the option is not looked at.
  options.tokenizer = "nothing";
  const std::shared_ptr<const Tokenizer> own = make_tokenizer("byte", "");
  CHECK(make_run_data(options, files, own).first.tokenizer == own);
  CHECK(options.model.vocab == own->vocab_size());
}

TEST_CASE("edges: whether the end-of-text token is learned depends on the text") {
  const ScratchDirectory scratch;
  const auto learns = [&](const std::string& text, const char* rows) {
    put(scratch / "t", text);
    RunOptions options = options_for({"tokenizer=byte", rows});
    return make_run_data(options, {(scratch / "t").string()}, nullptr).first.learns_end;
  };
  const std::string parts = digits(60) + "<|endoftext|>" + digits(60);
  CHECK_FALSE(learns(digits(120), "rows=windows"));
  CHECK(learns(parts, "rows=windows"));
  CHECK(learns(parts, "rows=documents"));
}

TEST_CASE("misuse: texts and tokenizers that a run cannot use") {
  const ScratchDirectory scratch;
  const auto problem = [&](const std::string& text, const std::vector<const char*>& settings) {
    put(scratch / "t", text);
    RunOptions options = options_for(settings);
    return failure(scratch.path(),
                   [&] { make_run_data(options, {(scratch / "t").string()}, nullptr); });
  };
  CHECK(problem("", {}) == "t: the text is empty, expected UTF-8 text");
  CHECK(
      problem(digits(9), {}).find("the text is too short: 8 tokens to train on and 1 held back") !=
      std::string::npos);
  CHECK(problem("abc\xFF", {}).find("is not UTF-8 text") != std::string::npos);
  CHECK(problem(digits(100), {"tokenizer=wordpiece:100"}).find("expected word, char, byte") !=
        std::string::npos);
  CHECK(problem(digits(100), {"tokenizer=here"}).find("tokenizer is 'here', expected word") !=
        std::string::npos);
  put(scratch / "caf\xE9", digits(100));
  RunOptions options = options_for();
  CHECK(failure(scratch.path(), [&] {
          make_run_data(options, {(scratch / "caf\xE9").string()}, nullptr);
        }) == "caf\xEF\xBF\xBD: the file's name is not UTF-8, expected one that is");
  TokenSet two;
  two.vocabulary.add("a");
  two.vocabulary.add("b");
  options = options_for({"rows=windows"});
  CHECK(failure("", [&] {
          make_run_data(options, {}, std::make_shared<CharacterTokenizer>(std::move(two)));
        }).starts_with("options: a run on tales needs a tokenizer with an end-of-text token"));
  options = options_for();
  CHECK(failure(scratch.path(), [&] {
          make_run_data(options, {(scratch / "none").string()}, nullptr);
        }).starts_with("none: "));
}
