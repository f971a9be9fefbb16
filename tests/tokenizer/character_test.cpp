#include "limpid/tokenizer/character.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: sorted(set(text)) is worked out by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;

TEST_CASE("by hand: unhappiness in the vocabulary of unhappiness") {
  // sorted(set("unhappiness")) = a e h i n p s u
  const auto tokenizer = CharacterTokenizer::from_text("unhappiness");
  CHECK(tokenizer.encode("unhappiness") == Ids{7, 4, 2, 0, 5, 5, 3, 4, 1, 6, 6});
  CHECK(tokenizer.token_bytes(8) == "<|unknown|>");
  CHECK(tokenizer.token_bytes(9) == "<|endoftext|>");
  CHECK(tokenizer.vocab_size() == 10);
  CHECK(tokenizer.kind() == "char");
}

TEST_CASE("by hand: ids follow code points, not bytes of other orders") {
  const auto tokenizer = CharacterTokenizer::from_text("世é😀a", {.unknown = false, .specials = {}});
  CHECK(tokenizer.encode("aé世😀") == Ids{0, 1, 2, 3});
  CHECK(tokenizer.vocab_size() == 4);
}

TEST_CASE("by hand: what is unknown becomes the unknown token") {
  const auto tokenizer = CharacterTokenizer::from_text("ab");
  CHECK(tokenizer.encode("aéb") == Ids{0, 2, 1});
  CHECK(tokenizer.encode("a\xFF\xE2\x82") == Ids{0, 2, 2});  // two maximal subparts
  CHECK(tokenizer.decode(Ids{0, 2, 1}) == "a<|unknown|>b");
}

TEST_CASE("property: the letters of special tokens do not enter the vocabulary") {
  const auto tokenizer = CharacterTokenizer::from_text("ab<|endoftext|>c");
  CHECK(tokenizer.vocab_size() == 5);  // a b c <|unknown|> <|endoftext|>
  CHECK(tokenizer.encode("ab<|endoftext|>c", Specials::recognised) == Ids{0, 1, 4, 2});
}

TEST_CASE("property: texts of known characters come back") {
  for (const std::string& text : test::kScripts) {
    const auto tokenizer = CharacterTokenizer::from_text(text, {.unknown = false, .specials = {}});
    CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
  }
  Rng rng(1);
  const std::string text = test::random_text(rng, 2000);
  const auto tokenizer = CharacterTokenizer::from_text(text);
  CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
}

TEST_CASE("edges: a special token of one character is no character") {
  const auto tokenizer =
      CharacterTokenizer::from_text("ab|é", {.unknown = true, .specials = {"|", "é"}});
  CHECK(tokenizer.encode("a|é") == Ids{0, 2, 2});
  CHECK(tokenizer.encode("a|é", Specials::recognised) == Ids{0, 3, 4});
  CHECK(tokenizer.encode("").empty());
}

TEST_CASE("misuse: empty text, broken text, unknown characters without a token for them") {
  CHECK_THROWS_WITH_AS(CharacterTokenizer::from_text(""), "character: the text is empty",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(CharacterTokenizer::from_text("ab\xFF"),
                       "character: the text is not UTF-8 at byte 2", std::invalid_argument);
  const auto strict = CharacterTokenizer::from_text("abc", {.unknown = false, .specials = {}});
  CHECK_THROWS_WITH_AS(strict.encode("abé"),
                       "character: U+00E9 at byte 2 is not among the 3 characters known",
                       std::invalid_argument);
  Vocabulary words;
  words.add("ab");
  CHECK_THROWS_WITH_AS(CharacterTokenizer(TokenSet{words, {}, {}}),
                       "character: token 0 has 2 bytes, expected one character",
                       std::invalid_argument);
}
