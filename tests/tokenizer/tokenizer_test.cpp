#include "limpid/tokenizer/tokenizer.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/character.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/tokenizer/word.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: each kind is compared with others in its own test
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;

namespace {

// The tokens of a text, with bars between them.
std::string split(const Tokenizer& tokenizer, std::string_view text) {
  std::string shown;
  for (const TokenId id : tokenizer.encode(text)) {
    if (!shown.empty()) shown += '|';
    shown += tokenizer.token_bytes(id);
  }
  return shown;
}

constexpr std::string_view kText =
    "happiness is not sadness. happiness is kindness. unhappy, unkind, undone. happi";

}  // namespace

TEST_CASE("by hand: unhappiness in every kind") {
  CHECK(split(*make_tokenizer("word", kText), "unhappiness") == "<|unknown|>");
  CHECK(split(*make_tokenizer("char", kText), "unhappiness") == "u|n|h|a|p|p|i|n|e|s|s");
  CHECK(split(*make_tokenizer("byte", kText), "unhappiness") == "u|n|h|a|p|p|i|n|e|s|s");
  CHECK(make_tokenizer("bpe:300", kText)->encode("unhappiness").size() < 6);
  CHECK(make_tokenizer("wordpiece:60", kText)->encode("unhappiness").size() < 11);
  CHECK(make_tokenizer("unigram:40", kText)->encode("unhappiness").size() < 8);
}

TEST_CASE("by hand: special tokens as text, recognised, forbidden") {
  const ByteTokenizer tokenizer({"<|endoftext|>", "<|user|>"});
  CHECK(tokenizer.encode("a<|user|>").size() == 9);
  CHECK(tokenizer.encode("a<|user|>b<|endoftext|>", Specials::recognised) == Ids{97, 257, 98, 256});
  CHECK(tokenizer.encode("plain", Specials::forbidden) == tokenizer.encode("plain"));
  CHECK_THROWS_WITH_AS(
      tokenizer.encode("a<|user|>", Specials::forbidden),
      "tokenizer: the text holds \"<|user|>\" at byte 1, where no special token is allowed",
      std::invalid_argument);
  CHECK(tokenizer.is_special(257));
  CHECK_FALSE(tokenizer.is_special(97));
  CHECK(tokenizer.end_of_text() == 256);
}

TEST_CASE("by hand: the header's example of places") {
  Vocabulary words;
  words.add("it");
  words.add("<|unknown|>");
  const WordTokenizer tokenizer(TokenSet{words, {}, 1});
  const PlacedTokens placed = tokenizer.encode_with_places("it rained");
  CHECK(placed.ids == Ids{0, 1});
  CHECK(placed.places == std::vector<TokenPlace>{{0, 2}, {2, 9}});
}

// An unknown word ends where the special token begins, though letters follow each other there.
TEST_CASE("by hand: places beside special tokens, and of what is unknown") {
  Vocabulary words;
  for (const char* word : {" it", "end", "<|unknown|>"}) words.add(word);
  const WordTokenizer tokenizer(TokenSet{words, {1}, 2});
  const PlacedTokens placed = tokenizer.encode_with_places("xend éend it", Specials::recognised);
  CHECK(placed.ids == Ids{2, 1, 2, 1, 0});
  CHECK(placed.places == std::vector<TokenPlace>{{0, 1}, {1, 4}, {4, 7}, {7, 10}, {10, 13}});
  const auto characters = make_tokenizer("char", "abc");
  CHECK(characters
            ->encode_with_places("aé\xE2\x82"
                                 "b")
            .places == std::vector<TokenPlace>{{0, 1}, {1, 3}, {3, 5}, {5, 6}});
}

TEST_CASE("property: places cover the text without a gap, and hold the bytes of known tokens") {
  Rng rng(4);
  for (const char* spec : {"word", "char", "byte", "bpe:290", "unigram:40"}) {
    CAPTURE(spec);
    const auto tokenizer = make_tokenizer(spec, kText);
    for (int i = 0; i < 200; ++i) {
      const std::string text = test::random_text(rng, rng.below(20)) + "<|endoftext|> unkind" +
                               test::random_bytes(rng, rng.below(5));
      for (const Specials specials : {Specials::as_text, Specials::recognised}) {
        const PlacedTokens placed = tokenizer->encode_with_places(text, specials);
        REQUIRE(placed.ids == tokenizer->encode(text, specials));
        REQUIRE(placed.places.size() == placed.ids.size());
        std::size_t at = 0;
        for (std::size_t t = 0; t < placed.ids.size(); ++t) {
          const auto [begin, end] = placed.places[t];
          REQUIRE(begin == at);
          REQUIRE(end > begin);
          at = end;
          if (placed.ids[t] == tokenizer->unknown()) continue;
          REQUIRE(text.substr(begin, end - begin) == tokenizer->token_bytes(placed.ids[t]));
        }
        REQUIRE(at == text.size());
      }
    }
  }
}

TEST_CASE("property: encoding what was decoded gives the same tokens") {
  for (const char* spec : {"word", "char", "byte", "bpe:290"}) {
    const auto tokenizer = make_tokenizer(spec, kText);
    const std::string text = std::string(kText) + "<|endoftext|>" + std::string(kText);
    const Ids ids = tokenizer->encode(text, Specials::recognised);
    CHECK(tokenizer->encode(tokenizer->decode(ids), Specials::recognised).size() >= ids.size());
    if (std::string(spec) == "word") continue;  // its rare words are unknown
    CHECK(tokenizer->decode(ids) == text);
  }
}

TEST_CASE("property: fingerprints tell kinds, vocabularies and special tokens apart") {
  const auto print = [](const char* spec, std::string_view text,
                        std::vector<std::string> specials) {
    return make_tokenizer(spec, text, {.specials = std::move(specials)})->fingerprint();
  };
  const std::uint64_t base = print("char", "abc", {"<|endoftext|>"});
  CHECK(base == print("char", "cba", {"<|endoftext|>"}));
  CHECK(base != print("char", "abcd", {"<|endoftext|>"}));
  CHECK(base != print("char", "abc", {"<|end|>"}));
  CHECK(base != print("char", "abc", {}));
  CHECK(print("byte", "", {}) != print("bpe:256", "", {}));
  // Of the same tokens, which are special says something; in which order they were named does not.
  Vocabulary letters;
  for (const char* token : {"a", "b", "c"}) letters.add(token);
  const auto marked = [&](std::vector<TokenId> specials) {
    return CharacterTokenizer(TokenSet{letters, std::move(specials), {}}).fingerprint();
  };
  CHECK(marked({1}) != marked({}));
  CHECK(marked({1}) != marked({2}));
  CHECK(marked({1, 2}) == marked({2, 1}));
}

TEST_CASE("edges: nothing to encode, nothing to decode, only special tokens") {
  for (const char* spec : {"word", "char", "byte", "bpe:290", "wordpiece:60", "unigram:40"}) {
    const auto tokenizer = make_tokenizer(spec, kText);
    CHECK(tokenizer->encode("").empty());
    CHECK(tokenizer->encode("", Specials::recognised).empty());
    CHECK(tokenizer->decode({}).empty());
    CHECK(tokenizer->encode_with_places("").places.empty());
    const Ids end = tokenizer->encode("<|endoftext|><|endoftext|>", Specials::recognised);
    CHECK(end == Ids(2, tokenizer->end_of_text().value()));
  }
}

// BERT's [UNK] is both: its letters in a text are the token, where special tokens are recognised.
TEST_CASE("by hand: the unknown token may be special too") {
  Vocabulary letters;
  for (const char* token : {"a", "[UNK]"}) letters.add(token);
  const CharacterTokenizer tokenizer(TokenSet{letters, {1}, 1});
  CHECK(tokenizer.unknown() == 1);
  CHECK(tokenizer.is_special(1));
  const PlacedTokens placed = tokenizer.encode_with_places("ab[UNK]a", Specials::recognised);
  CHECK(placed.ids == Ids{0, 1, 1, 0});
  CHECK(placed.places == std::vector<TokenPlace>{{0, 1}, {1, 2}, {2, 7}, {7, 8}});
  CHECK(tokenizer.encode("[UNK]") == Ids(5, 1));
}

TEST_CASE("misuse: ids out of range, tokens that are special twice") {
  const ByteTokenizer tokenizer;
  CHECK_THROWS_AS(tokenizer.decode(Ids{0, -1}), std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(tokenizer.token_bytes(257)), std::invalid_argument);
  Vocabulary letters;
  letters.add("a");
  letters.add("b");
  CHECK_THROWS_WITH_AS(CharacterTokenizer(TokenSet{letters, {1, 1}, {}}),
                       "tokenizer: token 1 \"b\" is special twice, expected once",
                       std::invalid_argument);
  CHECK_THROWS_AS(CharacterTokenizer(TokenSet{letters, {2}, {}}), std::invalid_argument);
  CHECK_THROWS_AS(CharacterTokenizer(TokenSet{letters, {}, 2}), std::invalid_argument);
}
