#include "limpid/tokenizer/unigram_trainer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/unigram_lattice.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: one EM step and one pruning are worked out by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using Tokens = std::vector<std::string>;

namespace {

Tokens pieces_of(const UnigramPieces& pieces) {
  Tokens tokens;
  for (TokenId id = 0; id < pieces.vocabulary.size(); ++id) {
    tokens.emplace_back(pieces.vocabulary[id]);
  }
  return tokens;
}

double probability(const UnigramPieces& pieces, std::string_view piece) {
  const auto id = static_cast<std::size_t>(pieces.vocabulary.find(piece).value());
  return std::exp(pieces.log_probabilities[id]);
}

PieceCounts words_of(std::string_view text) {
  PieceCounts words(Pattern::gpt2, {});
  words.add(text);
  return words;
}

// Neither unhappiness nor unwellness is in it.
const std::string kHappy =
    "happiness is not sadness, and kindness is happiness; the unhappy are not happier, "
    "the sad are unkind, kindness is happiness, unkindness is sadness and illness, unwell is ill, "
    "the happy are kinder than the unkind, the kind are happier than the sad and the unwell.";

}  // namespace

TEST_CASE("by hand: seeds are characters and the substrings with the most letters in all") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("abc", 3);
  words.add_piece("bé", 2);
  words.add_piece("xyz", 1);
  // count * length: abc 9, ab 6, bc 6, bé 4; xy, yz and xyz occur once.
  CHECK(pieces_of(seed_pieces(words, 100, 16)) ==
        Tokens{"a", "b", "c", "é", "x", "y", "z", "abc", "ab", "bc", "bé"});
  CHECK(pieces_of(seed_pieces(words, 2, 16)).back() == "ab");
  CHECK(pieces_of(seed_pieces(words, 100, 2)).size() == 10);  // no abc
  CHECK(pieces_of(seed_pieces(words, 0, 16)).size() == 7);
  // Counts a 3, b 5, c 3, é 2, x y z 1: 16, and ab 3.
  const UnigramPieces two = seed_pieces(words, 1, 2);
  CHECK(std::abs(probability(two, "b") - 5.0 / 19) <= 1e-12);
  CHECK(std::abs(probability(two, "ab") - 3.0 / 19) <= 1e-12);
}

TEST_CASE("by hand: one EM step") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("ab", 4);
  UnigramPieces pieces;
  for (const char* piece : {"a", "b", "ab"}) pieces.vocabulary.add(piece);
  pieces.log_probabilities = {std::log(.5), std::log(.25), std::log(.25)};
  // a|b .125, ab .25: one third and two thirds of four words; counts 4/3, 4/3, 8/3 of 16/3.
  CHECK(std::abs(em_step(pieces, words) - 4 * std::log(.375)) <= 1e-12);
  CHECK(std::abs(probability(pieces, "a") - .25) <= 1e-12);
  CHECK(std::abs(probability(pieces, "b") - .25) <= 1e-12);
  CHECK(std::abs(probability(pieces, "ab") - .5) <= 1e-12);
  // Again: a|b .0625, ab .5: 1/9 and 8/9; counts 4/9, 4/9, 32/9 of 40/9.
  CHECK(std::abs(em_step(pieces, words) - 4 * std::log(.5625)) <= 1e-12);
  CHECK(std::abs(probability(pieces, "ab") - .8) <= 1e-12);
}

TEST_CASE("by hand: pruning keeps what the text would miss most, and every character") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("ab", 4);
  words.add_piece("cd", 1);
  UnigramPieces pieces;
  for (const char* piece : {"ab", "cd", "a", "b", "c", "d"}) pieces.vocabulary.add(piece);
  pieces.log_probabilities.assign(6, std::log(1.0 / 6));
  // The loss of ab is that of cd four times.
  CHECK(pieces_of(prune(pieces, words, 5)) == Tokens{"a", "b", "c", "d", "ab"});
  CHECK(pieces_of(prune(pieces, words, 1)) == Tokens{"a", "b", "c", "d"});
  CHECK(pieces_of(prune(pieces, words, 100)).size() == 6);
  CHECK(std::abs(probability(prune(pieces, words, 5), "ab") - .2) <= 1e-12);
  // A rare piece that nothing can replace cheaply beats a frequent one that two good ones can.
  pieces.log_probabilities = {std::log(.26), std::log(.1),   std::log(.5),
                              std::log(.5),  std::log(1e-6), std::log(1e-6)};
  CHECK(pieces_of(prune(pieces, words, 5)).back() == "cd");
}

TEST_CASE("by hand: what a piece is worth is asked while all the others are there") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("abab", 1);
  words.add_piece("cd", 2);
  UnigramPieces pieces;
  for (const char* piece : {"ab", "abab", "cd", "a", "b", "c", "d"}) pieces.vocabulary.add(piece);
  pieces.log_probabilities.assign(7, std::log(1.0 / 7));
  // Without abab its text costs one piece more (ab|ab), without cd two words do (c|d).
  CHECK(pieces_of(prune(pieces, words, 5)).back() == "cd");
}

TEST_CASE("property: no EM step makes the text less probable, and probabilities add up to 1") {
  Rng rng(1);
  for (const std::string& text :
       {kHappy, test::zipf_text(rng, 300, 60), test::random_text(rng, 500)}) {
    const PieceCounts words = words_of(text);
    UnigramPieces pieces = seed_pieces(words, 200, 8);
    double before = em_step(pieces, words);
    const double first = before;
    for (int step = 0; step < 8; ++step) {
      double sum = 0;
      for (const double p : pieces.log_probabilities) sum += std::exp(p);
      CHECK(std::abs(sum - 1) <= 1e-9);
      const double after = em_step(pieces, words);
      CHECK(after >= before - 1e-9 * std::abs(before));
      before = after;
    }
    CHECK(before > first + 1);
  }
}

TEST_CASE("property: more pieces, fewer tokens; the most probable piece first, together 1") {
  std::size_t tokens = kHappy.size() + 1;
  for (const TokenId size : {26, 34, 42}) {
    const auto tokenizer = train_unigram(kHappy, {.vocab_size = size});
    CHECK(tokenizer.vocab_size() == size);
    CHECK(tokenizer.encode(kHappy).size() + 30 < tokens);
    tokens = tokenizer.encode(kHappy).size();
    CHECK(tokenizer.decode(tokenizer.encode(kHappy)) == kHappy);
    double sum = 0;
    for (TokenId id = 0; id + 2 < size; ++id) {
      sum += std::exp(tokenizer.log_probability(id));
      if (id > 0) CHECK(tokenizer.log_probability(id) <= tokenizer.log_probability(id - 1));
    }
    CHECK(std::abs(sum - 1) <= 1e-9);
  }
}

TEST_CASE("property: with room for all seeds, training is two steps of EM") {
  UnigramPieces pieces = seed_pieces(words_of(kHappy), 1000, 16);
  for (int step = 0; step < 2; ++step) em_step(pieces, words_of(kHappy));
  const auto tokenizer = train_unigram(kHappy, {.vocab_size = 2000, .seed_size = 1000});
  for (TokenId id = 0; id + 2 < tokenizer.vocab_size(); ++id) {
    const auto same =
        static_cast<std::size_t>(pieces.vocabulary.find(tokenizer.token_bytes(id)).value());
    CHECK(tokenizer.log_probability(id) == pieces.log_probabilities[same]);
  }
}

TEST_CASE("property: words that never occurred are put together from parts that did") {
  const auto tokenizer = train_unigram(kHappy, {.vocab_size = 60});
  const auto last = [&](std::string_view word) {
    const std::vector<TokenId> ids = tokenizer.encode(word);
    CHECK(ids.size() <= 3);
    return std::string(tokenizer.token_bytes(ids.back()));
  };
  CHECK(last("unhappiness") == "happiness");  // un|happiness
  CHECK(last("unwellness") == "ness");        // unwell|ness
}

TEST_CASE("property: the same text gives the same tokenizer; all scripts come back") {
  for (const std::string& text : test::kScripts) {
    for (const bool byte_fallback : {false, true}) {
      const UnigramOptions options{.vocab_size = 400, .byte_fallback = byte_fallback};
      const auto tokenizer = train_unigram(text, options);
      CHECK(tokenizer.fingerprint() == train_unigram(text, options).fingerprint());
      CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
      CHECK(tokenizer.unknown().has_value() == !byte_fallback);
      if (byte_fallback) CHECK(tokenizer.decode(tokenizer.encode("\xFF世 q")) == "\xFF世 q");
    }
  }
}

TEST_CASE("edges: the smallest vocabulary, one character, special tokens, room to spare") {
  // a b, <|unknown|>, <|endoftext|>
  CHECK(train_unigram("abab", {.vocab_size = 4}).vocab_size() == 4);
  CHECK(train_unigram("a", {.vocab_size = 1000}).vocab_size() == 3);
  CHECK(train_unigram("abab", {.vocab_size = 257, .byte_fallback = true}).vocab_size() == 257);
  const auto tokenizer = train_unigram("xaENDax", {.vocab_size = 4, .specials = {"END"}});
  CHECK_FALSE(tokenizer.vocabulary().find("E"));
  CHECK(tokenizer.special_ids()[0] == 3);
}

TEST_CASE("misuse: no text, broken text, a vocabulary too small for the characters") {
  CHECK_THROWS_WITH_AS(train_unigram(""), "unigram: the text is empty", std::invalid_argument);
  CHECK_THROWS_WITH_AS(train_unigram("a\xFF"), "unigram: the text is not UTF-8 at byte 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(train_unigram("abé", {.vocab_size = 4}),
                       "unigram: vocab_size is 4, expected at least 5: 3 characters, 2 others",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      train_unigram("abé", {.vocab_size = 257, .byte_fallback = true}),
      "unigram: vocab_size is 257, expected at least 258: 3 characters, 255 others",
      std::invalid_argument);
  CHECK_THROWS_AS(train_unigram("a", {.vocab_size = -1}), std::invalid_argument);
  CHECK_THROWS_AS(train_unigram("<|endoftext|>", {}), std::invalid_argument);
}
