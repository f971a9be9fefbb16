#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/byte_pair_plain.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: byte_pair_plain is the other implementation
// NO accumulation: nothing accumulates

using namespace limpid;

namespace {

// Both trainers on the same pieces: the same merges and the same tokens.
void check_equal(const PieceCounts& pieces, TokenId size) {
  const LearnedMerges fast = learn_merges(pieces, size);
  const LearnedMerges plain = learn_merges_plainly(pieces, size);
  REQUIRE(fast.merges == plain.merges);
  REQUIRE(fast.vocabulary.size() == plain.vocabulary.size());
  for (TokenId id = 0; id < fast.vocabulary.size(); ++id) {
    REQUIRE(fast.vocabulary[id] == plain.vocabulary[id]);
  }
}

}  // namespace

TEST_CASE("by hand: aaabdaaabac") {
  // a+a occurs 4 times (overlaps count: aaa holds it twice), then a+b: ab comes twice, like aa+a
  // and aa+ab ... : aa a b d aa a b a c   (aa,a) 2, (a,b) 2, the greatest of the twos is (aa,a)
  //             aaa b d aaa b a c     (aaa,b) 2
  const auto tokenizer =
      train_byte_pair("aaabdaaabac", {.vocab_size = 259, .pattern = Pattern::none, .specials = {}});
  CHECK(tokenizer.token_bytes(256) == "aa");
  CHECK(tokenizer.token_bytes(257) == "aaa");
  CHECK(tokenizer.token_bytes(258) == "aaab");
}

TEST_CASE("by hand: special tokens take no part") {
  const auto tokenizer = train_byte_pair("ab<|endoftext|>ab<|endoftext|>", {.vocab_size = 300});
  CHECK(tokenizer.vocab_size() == 258);  // a+b is all that can be learned
  CHECK(tokenizer.token_bytes(256) == "ab");
  CHECK(tokenizer.end_of_text() == 257);
}

TEST_CASE("property: the plain trainer's merges, on words after Zipf's law") {
  Rng rng(1);
  for (int round = 0; round < 3; ++round) {
    PieceCounts pieces(Pattern::gpt2);
    pieces.add(test::zipf_text(rng, 2000, 300));
    check_equal(pieces, 420);
  }
}

TEST_CASE("property: the plain trainer's merges, where ties and overlaps are frequent") {
  Rng rng(2);
  for (int round = 0; round < 60; ++round) {
    PieceCounts pieces(Pattern::none);
    for (std::uint64_t count = 1 + rng.below(8); count > 0; --count) {
      std::string piece;
      for (std::uint64_t size = 1 + rng.below(40); size > 0; --size) piece += "ab"[rng.below(2)];
      pieces.add_piece(piece, 1 + static_cast<std::int64_t>(rng.below(3)));
    }
    check_equal(pieces, 100000);  // until nothing is left
  }
}

TEST_CASE("property: the plain trainer's merges, on every script and on any bytes") {
  Rng rng(3);
  PieceCounts pieces(Pattern::gpt2);
  for (const std::string& text : test::kScripts) pieces.add(text);
  pieces.add(test::random_text(rng, 500));
  pieces.add(test::random_bytes(rng, 500));
  check_equal(pieces, 400);
}

TEST_CASE("property: merges depend on counts, not on the order of the text") {
  PieceCounts there(Pattern::whitespace), back(Pattern::whitespace);
  const std::vector<std::string> words = {"low", "lower", "newest", "widest", "lowest"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    there.add_piece(words[i], static_cast<std::int64_t>(i) + 1);
    back.add_piece(words[words.size() - 1 - i], static_cast<std::int64_t>(words.size() - i));
  }
  CHECK(learn_merges(there, 300).merges == learn_merges(back, 300).merges);
}

TEST_CASE("edges: nothing to learn") {
  CHECK(train_byte_pair("").vocab_size() == 257);
  CHECK(train_byte_pair("abc", {.vocab_size = 257}).vocab_size() == 257);
  CHECK(train_byte_pair("a b c", {.vocab_size = 1000}).vocab_size() == 259);  // " b" and " c"
}

TEST_CASE("misuse: a vocabulary too small, special tokens that are text") {
  CHECK_THROWS_WITH_AS(train_byte_pair("abc", {.vocab_size = 256}),
                       "byte_pair_trainer: vocab_size is 256, expected at least 257 (256 bytes and "
                       "1 special tokens)",
                       std::invalid_argument);
  CHECK_THROWS_AS(train_byte_pair("abc", {.vocab_size = 300, .specials = {"a"}}),
                  std::invalid_argument);
}
