#include "limpid/tokenizer/word_piece_trainer.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/bert_words.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: the merges of a small text are worked out by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using Tokens = std::vector<std::string>;

namespace {

Tokens learned(const PieceCounts& words, TokenId size, std::int64_t min_count = 1) {
  const Vocabulary vocabulary = learn_word_pieces(words, size, min_count);
  Tokens tokens;
  for (TokenId id = 0; id < vocabulary.size(); ++id) tokens.emplace_back(vocabulary[id]);
  return tokens;
}

Tokens tokens_of(const Tokenizer& tokenizer, std::string_view text) {
  Tokens tokens;
  for (const TokenId id : tokenizer.encode(text)) tokens.emplace_back(tokenizer.token_bytes(id));
  return tokens;
}

}  // namespace

TEST_CASE("by hand: ran, rang, fan, fang, rat") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("ran", 9);
  words.add_piece("rang", 3);
  words.add_piece("fan", 6);
  words.add_piece("fang", 2);
  words.add_piece("rat", 4);
  //  r 16  f 8  ##a 24  ##n 20  ##g 5  ##t 4
  //    n+g 5/(20*5) = 1/20, all others 1/24: ##ng.          Now ##n 15, ##ng 5.
  //    all 1/24, r+a has the highest count, 16: ra.         Now ra 16, ##a 8.
  //    f+a 8/(8*8) = 1/8: fa.
  //    ra+t 4/(16*4) = 1/16, fa+n = fa+ng = 1/20, ra+n = ra+ng = 3/80: rat.    Now ra 12.
  //    ra+n 9/(12*15) = ra+ng = fa+n = fa+ng = 1/20, ra+n the most frequent: ran. Now ra 3, ##n 6.
  //    ra+ng 3/(3*5) = 1/5: rang.                           Now ##ng 2.
  //    fa+n 6/(8*6) = fa+ng 2/(8*2) = 1/8, fa+n the more frequent: fan.
  //    fa+ng: fang. Nothing is left to join.
  CHECK(learned(words, 100) == Tokens{"##a", "##g", "##n", "##t", "f", "r", "##ng", "ra", "fa",
                                      "rat", "ran", "rang", "fan", "fang"});
  CHECK(learned(words, 8) == Tokens{"##a", "##g", "##n", "##t", "f", "r", "##ng", "ra"});
}

TEST_CASE("by hand: what occurs once scores 1 and is left alone") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("xy");
  words.add_piece("ab", 5);
  words.add_piece("bb", 5);
  // x+y 1/(1*1); a+b 5/(5*10), b+b 5/(5*10): the greater pair of equals.
  CHECK(learned(words, 6, 1) == Tokens{"##b", "##y", "a", "b", "x", "xy"});
  CHECK(learned(words, 6, 2) == Tokens{"##b", "##y", "a", "b", "x", "bb"});
  CHECK(learned(words, 100, 6).size() == 5);
}

TEST_CASE("by hand: equal pieces side by side are joined from the left") {
  PieceCounts words(Pattern::none, {});
  words.add_piece("oaaaa", 2);
  // a+a 6/(8*8) < o+a 2/(2*8): oa first. Then ##a 6: oa+a 2/(2*6) > a+a 4/36, and so on.
  CHECK(learned(words, 6) == Tokens{"##a", "o", "oa", "oaa", "oaaa", "oaaaa"});
  PieceCounts others(Pattern::none, {});
  others.add_piece("oaaa", 2);
  others.add_piece("baaa", 2);
  others.add_piece("b", 20);
  others.add_piece("o", 20);
  // a 12; a+a 8/144 > o+a 2/(22*12). oaaa is o ##aa ##a: the first two a's are joined.
  CHECK(learned(others, 4)[3] == "##aa");
  CHECK(learned(others, 5)[4] == "##aaa");  // 4/(4*4)
}

TEST_CASE("property: a trained tokenizer knows its text, and words made of its pieces") {
  const std::string text =
      "Happiness is not sadness, and kindness is happiness; the unhappy are not happier, the sad "
      "are unkind, kindness is happiness, unkindness is sadness and illness, unwell is ill, the "
      "happy are kinder than the unkind, the kind are happier than the sad and the unwell.";
  std::string expected;
  for (const std::string& word : bert_words(text, true)) {
    expected += (expected.empty() ? "" : " ") + word;
  }
  std::size_t tokens = text.size();
  for (const TokenId size : {40, 50, 60, 70}) {
    const auto tokenizer = train_word_piece(text, {.vocab_size = size});
    CHECK(tokenizer.vocab_size() <= size);
    CHECK(tokenizer.end_of_text());
    CHECK(tokenizer.decode(tokenizer.encode(text)) == expected);
    CHECK(tokenizer.encode(text).size() < tokens);
    tokens = tokenizer.encode(text).size();
  }
  const auto tokenizer = train_word_piece(text, {.vocab_size = 70});
  CHECK(tokens_of(tokenizer, "Unwellness") == Tokens{"unwell", "##ness"});
  // happi begins words of this text and never goes on with one: greedy has to spell it.
  CHECK(tokens_of(tokenizer, "unhappiness") ==
        Tokens{"un", "##h", "##a", "##p", "##p", "##i", "##ness"});
}

TEST_CASE("property: the same text gives the same pieces, in all scripts; none is [UNK]") {
  for (const std::string& text : test::kScripts) {
    if (bert_words(text, false).empty()) continue;
    const WordPieceOptions options{.vocab_size = 300, .min_count = 1, .lower_case = false};
    const auto tokenizer = train_word_piece(text, options);
    CHECK(tokenizer.fingerprint() == train_word_piece(text, options).fingerprint());
    for (const TokenId id : tokenizer.encode(text)) CHECK(id != *tokenizer.unknown());
    // With this much room every word is a piece of its own.
    CHECK(tokenizer.encode(text).size() == bert_words(text, false).size());
  }
}

TEST_CASE("edges: special tokens are not learned from; the smallest vocabulary") {
  // a ##b ab, [UNK], END: nothing of END's own letters
  CHECK(train_word_piece("ab END ab", {.vocab_size = 100, .specials = {"END"}}).vocab_size() == 5);
  // the same without room for ab
  const auto tokenizer = train_word_piece("ab END ab", {.vocab_size = 4, .specials = {"END"}});
  CHECK(tokenizer.vocab_size() == 4);
  CHECK(tokens_of(tokenizer, "ab end") == Tokens{"a", "##b", "[UNK]"});
  CHECK(train_word_piece("a", {.vocab_size = 1000}).vocab_size() == 3);
}

TEST_CASE("misuse: no text, no words, broken text, sizes and counts too small") {
  CHECK_THROWS_WITH_AS(train_word_piece(""), "word_piece: the text has no words",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(train_word_piece(" \n"), "word_piece: the text has no words",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(train_word_piece("a\xFF"), "word_piece: the text is not UTF-8 at byte 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(train_word_piece("a", {.min_count = 0}),
                       "word_piece: min_count is 0, expected at least 1", std::invalid_argument);
  CHECK_THROWS_WITH_AS(train_word_piece("abc", {.vocab_size = 4}),
                       "word_piece: room for 2 pieces, expected at least 3: the characters alone",
                       std::invalid_argument);
}
