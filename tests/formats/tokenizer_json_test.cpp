#include "limpid/formats/tokenizer_json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/tokenizer/unigram_trainer.hpp"
#include "limpid/tokenizer/word_piece_trainer.hpp"

#include "formats/tokenizer_file.hpp"
#include "support/scratch_directory.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: Hugging Face's libraries gave our ids for 10,000 texts; that was tried by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using namespace limpid::test;

namespace {

// A kind of token that nobody else has.
struct Novel : Tokenizer {
  Novel() : Tokenizer(TokenSet{}) {}
  std::string_view kind() const override { return "novel"; }
  void encode_text(std::string_view, EncodeCache*, std::vector<TokenId>&) const override {}
};

std::string training_text() {
  Rng rng(1);
  std::string text = zipf_text(rng, 2000, 300);
  for (const std::string& script : kScripts) text += script + "<|endoftext|>" + script;
  return text;
}

}  // namespace

TEST_CASE("by hand: what stands in the file of a byte-pair tokenizer") {
  const auto file = nlohmann::json::parse(
      to_tokenizer_json(train_byte_pair("the the then é é é", {.vocab_size = 261})));
  // Three times each: t+h, h+e, C3+A9 and " "+C3. The greatest pair is C3+A9, then t+h, then th+e;
  // " "+é comes last, since a space is less than t.
  const auto& vocab = file["model"]["vocab"];
  CHECK(vocab["a"] == 97);
  CHECK(vocab["Ġ"] == 32);
  CHECK(vocab["Ã©"] == 256);
  CHECK(vocab["th"] == 257);
  CHECK(vocab["the"] == 258);
  CHECK(vocab["ĠÃ©"] == 259);
  CHECK(vocab["<|endoftext|>"] == 260);
  CHECK(file["model"]["merges"] == nlohmann::json({"Ã ©", "t h", "th e", "Ġ Ã©"}));
  CHECK(file["added_tokens"][0]["id"] == 260);
  CHECK(file["added_tokens"][0]["special"] == true);
  CHECK(file["pre_tokenizer"]["type"] == "ByteLevel");
  CHECK(file["normalizer"].is_null());
}

TEST_CASE("by hand: the models of characters and words") {
  const auto characters = nlohmann::json::parse(to_tokenizer_json(*make_tokenizer("char", "bé世")));
  CHECK(characters["model"]["type"] == "BPE");
  CHECK(characters["model"]["vocab"] ==
        nlohmann::json({{"b", 0}, {"é", 1}, {"世", 2}, {"<|unknown|>", 3}, {"<|endoftext|>", 4}}));
  CHECK(characters["model"]["unk_token"] == "<|unknown|>");
  CHECK(characters["pre_tokenizer"].is_null());
  CHECK(characters["decoder"]["type"] == "Fuse");
  const auto words = nlohmann::json::parse(to_tokenizer_json(*make_tokenizer("word", "a b a b")));
  CHECK(words["model"]["type"] == "WordLevel");
  CHECK(words["pre_tokenizer"]["type"] == "Split");
}

TEST_CASE("by hand: the models of wordpiece and unigram") {
  const auto pieces =
      nlohmann::json::parse(to_tokenizer_json(*make_tokenizer("wordpiece:7", "ab ab")));
  CHECK(pieces["model"]["vocab"] ==
        nlohmann::json({{"##b", 0}, {"a", 1}, {"ab", 2}, {"[UNK]", 3}, {"<|endoftext|>", 4}}));
  CHECK(pieces["normalizer"]["type"] == "BertNormalizer");
  const auto unigram =
      nlohmann::json::parse(to_tokenizer_json(*make_tokenizer("unigram:5", "ab ab")));
  CHECK(unigram["model"]["type"] == "Unigram");
  CHECK(unigram["model"]["vocab"].size() == 5);
  CHECK(unigram["normalizer"].is_null());
}

TEST_CASE("property: every kind comes back with its ids, kind and fingerprint") {
  Rng rng(2);
  const std::string text = training_text();
  for (const char* spec :
       {"word", "char", "byte", "bpe:700", "bpe:257", "wordpiece:900", "unigram:700"}) {
    CAPTURE(spec);
    const auto tokenizer = make_tokenizer(spec, text);
    const std::string json = to_tokenizer_json(*tokenizer);
    const auto again = from_tokenizer_json(json, "tokenizer.json");
    CHECK(again->kind() == tokenizer->kind());
    CHECK(again->fingerprint() == tokenizer->fingerprint());
    CHECK(again->end_of_text() == tokenizer->end_of_text());
    CHECK(again->unknown() == tokenizer->unknown());
    CHECK(to_tokenizer_json(*again) == json);
    for (int i = 0; i < 50; ++i) {
      const std::string sample = random_text(rng, 40) + "<|endoftext|>" + random_bytes(rng, 5);
      REQUIRE(again->encode(sample) == tokenizer->encode(sample));
      REQUIRE(again->encode(sample, Specials::recognised) ==
              tokenizer->encode(sample, Specials::recognised));
    }
  }
}

TEST_CASE("property: every pattern comes back") {
  for (const Pattern pattern :
       {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::words, Pattern::none}) {
    const auto tokenizer =
        train_byte_pair("the cat, the hat", {.vocab_size = 262, .pattern = pattern});
    const auto again = from_tokenizer_json(to_tokenizer_json(tokenizer), "");
    CHECK(again->fingerprint() == tokenizer.fingerprint());
  }
}

TEST_CASE("property: whole pieces that are looked up stay so") {
  for (const Pattern pattern : {Pattern::cl100k, Pattern::none}) {
    TokenSet tokens = with_specials(Vocabulary::of_bytes(), default_specials());
    const TokenId un = tokens.vocabulary.add("un");  // no merge makes it
    const BytePairTokenizer tokenizer(tokens, {}, pattern, WholePieces::looked_up);
    const std::string json = to_tokenizer_json(tokenizer);
    CHECK(nlohmann::json::parse(json)["model"]["ignore_merges"] == true);
    const auto again = from_tokenizer_json(json, "");
    CHECK(again->fingerprint() == tokenizer.fingerprint());
    CHECK(again->encode("un") == std::vector<TokenId>{un});
    const auto merging =
        nlohmann::json::parse(to_tokenizer_json(BytePairTokenizer(tokens, {}, pattern)));
    CHECK_FALSE(merging["model"].contains("ignore_merges"));
  }
}

TEST_CASE("property: files, written and read") {
  const ScratchDirectory directory;
  const auto tokenizer = make_tokenizer("bpe:300", "the cat, the hat");
  write_tokenizer(directory / "tokenizer.json", *tokenizer);
  CHECK(read_tokenizer(directory / "tokenizer.json")->fingerprint() == tokenizer->fingerprint());
  CHECK(directory.entries() == 1);
}

TEST_CASE("edges: no special tokens, several, ones that are no alphabet's letters") {
  for (const std::vector<std::string>& specials :
       {std::vector<std::string>{}, {"<a>", "<b>"}, {"a b", "世界", "line\nend"}}) {
    for (const char* spec : {"word", "char", "byte", "bpe:300", "wordpiece:20", "unigram:20"}) {
      const auto tokenizer = make_tokenizer(spec, "x y x y", {.specials = specials});
      const std::string json = to_tokenizer_json(*tokenizer);
      REQUIRE(error_of(json) == "no error");
      CHECK(from_tokenizer_json(json, "")->fingerprint() == tokenizer->fingerprint());
    }
  }
}

TEST_CASE("misuse: no file, no tokenizer") {
  const ScratchDirectory directory;
  CHECK(failure(directory.path(), [&] {
          read_tokenizer(directory / "none.json");
        }).starts_with("none.json: "));
  put(directory / "empty.json", "");
  CHECK(failure(directory.path(), [&] { read_tokenizer(directory / "empty.json"); }) ==
        "empty.json: is not JSON, at byte 1");
}

TEST_CASE("misuse: kinds that have no form in the file") {
  CHECK_THROWS_WITH_AS(to_tokenizer_json(Novel()),
                       "tokenizer_json: cannot write the kind \"novel\", expected bpe, byte, char, "
                       "word, wordpiece, unigram or sentencepiece",
                       std::invalid_argument);
  // With byte fallback the 256 bytes are pieces, most of them no text: behind a, b, the space and
  // "ab" come the other 125 bytes of ASCII, then 0x80.
  CHECK_THROWS_WITH_AS(
      to_tokenizer_json(train_unigram("ab ab", {.vocab_size = 300, .byte_fallback = true})),
      "tokenizer_json: token 129 of the unigram tokenizer is \"\\x80\", expected UTF-8",
      std::invalid_argument);
  Vocabulary vocabulary;
  for (const char* token : {"a\xFF", "[UNK]"}) vocabulary.add(token);
  CHECK_THROWS_WITH_AS(
      to_tokenizer_json(WordPieceTokenizer(TokenSet{vocabulary, {}, 1})),
      "tokenizer_json: token 0 of the wordpiece tokenizer is \"a\\xff\", expected UTF-8",
      std::invalid_argument);
}
