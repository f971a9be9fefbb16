#include "limpid/formats/unigram_json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/unigram_trainer.hpp"

#include "formats/tokenizer_file.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: no other program's file is in the project
// NO accumulation: nothing accumulates

using namespace limpid;
using namespace limpid::test;
using Ids = std::vector<TokenId>;
using Json = nlohmann::json;

namespace {

// The unknown token first, as in SentencePiece's vocabularies; a special token behind the pieces.
Json good() {
  return Json::parse(R"({
    "version": "1.0",
    "added_tokens": [
      {"id": 0, "special": true, "content": "<unk>", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false},
      {"id": 6, "special": true, "content": "</s>", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false}],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
    "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
              "vocab": [["<unk>", 0.0], ["un", -3], ["happi", -4.5], ["ness", -3.25],
                        ["happiness", -7.5], [" ", -2.5]]}})");
}

std::string error_after(const std::function<void(Json&)>& edit) {
  return test::error_after(good(), edit);
}

}  // namespace

TEST_CASE("by hand: what stands in the file") {
  Vocabulary pieces;
  for (const char* piece : {" the", "▁", "<|unknown|>"}) pieces.add(piece);
  TokenSet tokens = with_specials(pieces, default_specials());
  tokens.unknown = 2;
  const auto file = Json::parse(
      to_tokenizer_json(UnigramTokenizer(tokens, {-0.5, -1.25, -99, -99}, Pattern::words)));
  CHECK(file["model"] == Json::parse(R"({"type": "Unigram", "unk_id": 2, "byte_fallback": false,
        "vocab": [[" the", -0.5], ["▁", -1.25], ["<|unknown|>", 0.0], ["<|endoftext|>", 0.0]]})"));
  CHECK(file["normalizer"].is_null());
  CHECK(file["pre_tokenizer"]["type"] == "Split");
  CHECK(file["decoder"] == Json{{"type", "Fuse"}});
  CHECK(file["added_tokens"].size() == 1);
}

TEST_CASE("by hand: a file of another hand, with whole numbers and a special token apart") {
  const auto tokenizer = from_tokenizer_json(good().dump(), "F");
  CHECK(tokenizer->kind() == "unigram");
  CHECK(tokenizer->vocab_size() == 7);
  CHECK(tokenizer->unknown() == 0);
  CHECK(tokenizer->encode("unhappiness un x") == Ids{1, 4, 5, 1, 5, 0});
  CHECK(tokenizer->encode("un</s>", Specials::recognised) == Ids{1, 6});
  Json file = good();
  file["model"]["vocab"][4][1] = -8;  // happi + ness cost 7.75
  CHECK(from_tokenizer_json(file.dump(), "F")->encode("unhappiness") == Ids{1, 2, 3});
}

TEST_CASE("property: written and read, the ids and the bits of every number are the same") {
  Rng rng(3);
  std::string text = zipf_text(rng, 1000, 200);
  for (const std::string& script : kScripts) text += " " + script;
  for (const Pattern pattern :
       {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::words, Pattern::none}) {
    // Without a pattern the text is one word: only its beginning, or its substrings are too many.
    const std::string_view learned =
        pattern == Pattern::none ? std::string_view(text).substr(0, 300) : text;
    const auto tokenizer = train_unigram(learned, {.vocab_size = 400, .pattern = pattern});
    const std::string json = to_tokenizer_json(tokenizer);
    const auto again = from_tokenizer_json(json, "F");
    CHECK(again->fingerprint() == tokenizer.fingerprint());
    CHECK(to_tokenizer_json(*again) == json);
    for (int i = 0; i < 50; ++i) {
      const std::string sample = zipf_text(rng, 10, 200) + random_text(rng, 30);
      REQUIRE(again->encode(sample) == tokenizer.encode(sample));
      REQUIRE(again->decode(again->encode(sample)) == tokenizer.decode(tokenizer.encode(sample)));
    }
  }
}

TEST_CASE("edges: no unknown token, none special, a number that a text cannot hold in few digits") {
  Json file = good();
  file["added_tokens"] = Json::array();
  file["model"]["unk_id"] = nullptr;
  file["model"]["vocab"][1][1] = -0.1 - 0.2;
  const auto tokenizer = from_tokenizer_json(file.dump(), "F");
  CHECK_FALSE(tokenizer->unknown());
  CHECK(dynamic_cast<const UnigramTokenizer&>(*tokenizer).log_probability(1) == -0.1 - 0.2);
  CHECK(tokenizer->encode("<unk>") == Ids{0});  // a piece like others
}

TEST_CASE("misuse: steps that change the text before it is cut") {
  CHECK(error_after([](Json& f) {
          f["normalizer"] = {{"type", "NFKC"}};
        }) == "F: normalizer is {\"type\":\"NFKC\"}, expected null: it is not supported");
  CHECK(error_after([](Json& f) {
          f["pre_tokenizer"] = {{"type", "Metaspace"}};
        }).starts_with("F: pre_tokenizer.type is \"Metaspace\", expected "));
  CHECK(error_after([](Json& f) {
          f["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
        }) == "F: pre_tokenizer has ByteLevel, expected none: pieces of Unigram are text");
  CHECK(error_after([](Json& f) { f["model"]["byte_fallback"] = true; }) ==
        "F: model.byte_fallback is true, expected null: it is not supported");
}

TEST_CASE("misuse: vocabularies that are none") {
  const auto vocab = [](const std::function<void(Json&)>& edit) {
    return error_after([&](Json& f) { edit(f["model"]["vocab"]); });
  };
  CHECK(vocab([](Json& v) { v = Json::object(); }) == "F: model.vocab is {}, expected array");
  const std::string expected = ", expected [piece, log probability]";
  CHECK(vocab([](Json& v) { v[1] = "un"; }) == "F: model.vocab[1] is \"un\"" + expected);
  CHECK(vocab([](Json& v) { v[1] = {"un"}; }) == "F: model.vocab[1] is [\"un\"]" + expected);
  CHECK(vocab([](Json& v) { v[1][1] = "-3"; }) ==
        "F: model.vocab[1] is [\"un\",\"-3\"]" + expected);
  CHECK(vocab([](Json& v) { v[1][0] = "ness"; }) ==
        "F: model.vocab[3] has the piece of model.vocab[1], \"ness\", expected others");
  CHECK(vocab([](Json& v) { v[1][1] = 0.5; }) ==
        "F: unigram: token 1 has log probability 0.5, expected 0 or a finite number below it");
  CHECK(vocab([](Json& v) { v[0][1] = -9; }) ==
        "F: model.vocab[0] is no piece of text and has the log probability -9, expected none below "
        "that of the rarest piece, -7.5");
  CHECK(vocab([](Json& v) { v = Json::array({v[0]}); }) ==
        "F: token \"</s>\" has id 6, expected 0 to 1: there are 2 tokens");
  CHECK(error_after([](Json& f) {
          f["model"]["vocab"] = Json::array();
          f["added_tokens"] = Json::array();
          f["model"]["unk_id"] = nullptr;
        }) == "F: unigram: no pieces, expected at least one");
}

TEST_CASE("misuse: an unknown token that is none") {
  for (const Json& id : {Json(6), Json(-1), Json(0.5), Json("0"), Json(1ull << 63)}) {
    CHECK(error_after([&](Json& f) { f["model"]["unk_id"] = id; }) ==
          "F: model.unk_id is " + id.dump() + ", expected null or the number of one of 6 pieces");
  }
}

TEST_CASE("misuse: files that were cut short or altered are read or refused, in one line") {
  check_damaged(good().dump());
}
