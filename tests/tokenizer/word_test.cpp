#include "limpid/tokenizer/word.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: counting words is worked out by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;

TEST_CASE("by hand: the most frequent first, equal counts by their bytes") {
  //  "," 2   " the" 2   " cat" 1   " hat" 1   "the" 1
  const auto tokenizer =
      WordTokenizer::from_text("the cat, the hat, the", {.min_count = 1, .specials = {}});
  const std::vector<std::string> expected = {" the", ",", " cat", " hat", "the", "<|unknown|>"};
  REQUIRE(tokenizer.vocab_size() == 6);
  for (TokenId id = 0; id < 6; ++id) {
    CHECK(tokenizer.token_bytes(id) == expected[static_cast<std::size_t>(id)]);
  }
  CHECK(tokenizer.encode("the hat, the dog") == Ids{4, 3, 1, 0, 5});
}

TEST_CASE("by hand: rare words are unknown") {
  const auto tokenizer = WordTokenizer::from_text("happiness is, happiness is. unhappiness");
  CHECK(tokenizer.encode(" is") == Ids{0});
  CHECK(tokenizer.token_bytes(0) == " is");
  CHECK(tokenizer.encode("unhappiness") == Ids{tokenizer.unknown().value()});
  CHECK(tokenizer.vocab_size() == 3);  // " is", <|unknown|>, <|endoftext|>
  CHECK(tokenizer.kind() == "word");
}

TEST_CASE("by hand: cat bites dog has the words of dog bites cat") {
  const auto tokenizer = WordTokenizer::from_text(" cat bites dog", {.min_count = 1});
  const Ids one = tokenizer.encode(" cat bites dog"), other = tokenizer.encode(" dog bites cat");
  CHECK(one == Ids{other[2], other[1], other[0]});
}

TEST_CASE("property: a text of known words comes back byte for byte") {
  for (const std::string& text : test::kScripts) {
    const auto tokenizer = WordTokenizer::from_text(text, {.min_count = 1});
    CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
  }
  Rng rng(1);
  const std::string text = test::random_text(rng, 2000);
  const auto tokenizer = WordTokenizer::from_text(text, {.min_count = 1});
  CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
}

TEST_CASE("edges: a word that is spelt like a special token is a word") {
  const auto tokenizer = WordTokenizer::from_text("a END b", {.min_count = 1, .specials = {"END"}});
  CHECK(tokenizer.encode("END") == Ids{*tokenizer.unknown()});
  CHECK(tokenizer.encode("END", Specials::recognised) == Ids{tokenizer.special_ids()[0]});
  CHECK(tokenizer.encode("\xFF") == Ids{*tokenizer.unknown()});
}

TEST_CASE("misuse: no text, broken text, a count below 1, no unknown token") {
  CHECK_THROWS_WITH_AS(WordTokenizer::from_text(""), "word: the text is empty",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(WordTokenizer::from_text("a\xFF"), "word: the text is not UTF-8 at byte 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(WordTokenizer::from_text("a", {.min_count = 0}),
                       "word: min_count is 0, expected at least 1", std::invalid_argument);
  CHECK_THROWS_WITH_AS(WordTokenizer(TokenSet{}), "word: no unknown token, expected one",
                       std::invalid_argument);
}
