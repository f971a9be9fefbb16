#include "limpid/tokenizer/word_piece.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/bert_words.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: a search in the test itself is the other implementation
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;
using Tokens = std::vector<std::string>;

namespace {

WordPieceTokenizer make(const std::vector<std::string>& pieces, bool lower_case = true,
                        const std::vector<std::string>& specials = {}) {
  Vocabulary vocabulary;
  for (const std::string& piece : pieces) vocabulary.add(piece);
  const TokenId unknown = vocabulary.add(kBertUnknown);
  TokenSet tokens = with_specials(vocabulary, specials);
  tokens.unknown = unknown;
  return WordPieceTokenizer(tokens, lower_case);
}

Tokens tokens_of(const WordPieceTokenizer& tokenizer, std::string_view text) {
  Tokens tokens;
  for (const TokenId id : tokenizer.encode(text)) tokens.emplace_back(tokenizer.token_bytes(id));
  return tokens;
}

const std::vector<std::string> kPieces = {"un",     "u",   "##n", "##h",  "##hap", "##happi",
                                          "##ness", "##s", "is",  "well", ",",     "."};

}  // namespace

TEST_CASE("by hand: unhappiness, the longest piece first") {
  const auto tokenizer = make(kPieces);
  CHECK(tokens_of(tokenizer, "unhappiness") == Tokens{"un", "##happi", "##ness"});
  CHECK(tokenizer.encode("unhappiness") == Ids{0, 5, 6});
  CHECK(tokens_of(tokenizer, "unhaps") == Tokens{"un", "##hap", "##s"});
  CHECK(tokens_of(tokenizer, "unhappier") == Tokens{"[UNK]"});
  CHECK(tokens_of(tokenizer, "ness") == Tokens{"[UNK]"});  // ##ness begins no word
  CHECK(tokenizer.kind() == "wordpiece");
}

TEST_CASE("by hand: greedy does not turn back") {
  // a + ##bc would fit, but ab fits first, and nothing goes on with c.
  const auto tokenizer = make({"a", "ab", "##bc"});
  CHECK(tokens_of(tokenizer, "abc abbc") == Tokens{"[UNK]", "ab", "##bc"});
}

TEST_CASE("by hand: decode joins words with a space and takes ## off") {
  const auto tokenizer = make(kPieces);
  const std::string text = "Unhappiness is,  well...";
  CHECK(tokenizer.decode(tokenizer.encode(text)) == "unhappiness is , well . . .");
  CHECK(tokenizer.decode(Ids{6, 0, 12}) == "ness un [UNK]");
  CHECK(tokenizer.decode(Ids{}) == "");
}

TEST_CASE("by hand: places are those of the text as it was typed") {
  using Places = std::vector<TokenPlace>;
  const auto places = [](const WordPieceTokenizer& tokenizer, std::string_view text) {
    return tokenizer.encode_with_places(text).places;
  };
  const auto french = make({"ou", "vas", ",", "caf", "##e"});
  CHECK(places(french, "Où, vas") == Places{{0, 3}, {3, 4}, {4, 8}});
  // An accent that is a character, before a space; white space and what is dropped at both ends.
  CHECK(places(french, " cafe\u0301 \u200Bou\x01 \n") == Places{{0, 4}, {4, 7}, {7, 16}});
  // Unknown words, up to a space, a sign or a Chinese character.
  CHECK(places(french, "xyz ou-ouch世é") ==
        Places{{0, 3}, {3, 6}, {6, 7}, {7, 11}, {11, 14}, {14, 16}});
  CHECK(places(make({"a"}, false), "a A\xFF") == Places{{0, 1}, {1, 4}});
  CHECK(places(french, " \n").empty());
}

TEST_CASE("misuse: a piece that ends within a character has no place") {
  const auto korean = make({"\u1112\u1161", "##\u11AB"});
  CHECK(korean.encode("한") == Ids{0, 1});
  CHECK_THROWS_WITH_AS(korean.encode_with_places("한"),
                       "word_piece: token 0 \"\u1112\u1161\" ends within \"한\", expected whole "
                       "characters to give places",
                       std::invalid_argument);
}

TEST_CASE("property: places cover every text, and their words have their tokens") {
  Rng rng(8);
  // Letters one by one, so that little is unknown.
  std::vector<std::string> pieces;
  for (const char* letter : {"a", "e", "s", "t", "h", "n", "世", "न", "1", "9", "'", ",", "."}) {
    pieces.emplace_back(letter);
    pieces.push_back(std::string("##") + letter);
  }
  for (const bool lower_case : {true, false}) {
    const auto tokenizer = make(pieces, lower_case);
    for (int i = 0; i < 300; ++i) {
      const std::string text = test::random_text(rng, rng.below(30));
      const PlacedTokens placed = tokenizer.encode_with_places(text);
      REQUIRE(placed.ids == tokenizer.encode(text));
      std::size_t at = 0;
      for (std::size_t t = 0; t < placed.ids.size(); ++t) {
        REQUIRE(placed.places[t].begin == at);
        REQUIRE(placed.places[t].end > at);
        at = placed.places[t].end;
        std::string token(tokenizer.token_bytes(placed.ids[t]));
        if (placed.ids[t] == tokenizer.unknown()) continue;
        if (token.size() > 2 && token.starts_with("##")) token.erase(0, 2);
        const std::string_view place = std::string_view(text).substr(
            placed.places[t].begin, placed.places[t].end - placed.places[t].begin);
        REQUIRE(bert_words(place, lower_case) == Tokens{token});
      }
      if (!placed.ids.empty()) REQUIRE(at == text.size());
    }
  }
}

TEST_CASE("property: each piece is the longest that fits, or the word has a dead end") {
  Rng rng(1);
  std::size_t whole = 0, unknown = 0;
  for (int round = 0; round < 40; ++round) {
    // Pieces over two letters and é, some of them with ##.
    std::vector<std::string> pieces;
    const auto random_word = [&](std::uint64_t longest) {
      std::string word;
      for (std::uint64_t n = 1 + rng.below(longest); n > 0; --n) {
        word += std::vector<std::string>{"a", "b", "é"}[rng.below(3)];
      }
      return word;
    };
    for (int i = 0; i < 12; ++i) pieces.push_back((rng.below(3) == 0 ? "" : "##") + random_word(3));
    const auto tokenizer = make(pieces, false);
    for (int i = 0; i < 50; ++i) {
      const std::string word = random_word(8);
      // The definition, straight: of all pieces that the rest begins with, the longest.
      Tokens expected;
      for (std::string rest = word; !rest.empty();) {
        const std::string prefix = expected.empty() ? "" : "##";
        std::string best;
        for (const std::string& piece : pieces) {
          if (!prefix.empty() && !piece.starts_with(prefix)) continue;
          const std::string text = piece.substr(prefix.size());
          if (rest.starts_with(text) && text.size() > best.size()) best = text;
        }
        if (best.empty()) {
          expected = {"[UNK]"};
          break;
        }
        expected.push_back(prefix + best);
        rest = rest.substr(best.size());
      }
      CHECK(tokens_of(tokenizer, word) == expected);
      (expected == Tokens{"[UNK]"} ? unknown : whole) += 1;
    }
  }
  CHECK(whole > 100);
  CHECK(unknown > 100);
}

TEST_CASE("property: what decode gives has the same tokens, where nothing is unknown") {
  for (const bool lower_case : {false, true}) {
    for (const std::string& text : test::kScripts) {
      std::vector<std::string> pieces;
      for (const std::string& word : bert_words(text, lower_case)) {
        for (std::string_view rest = word; !rest.empty();) {
          const std::string_view character = rest.substr(0, first_code_point(rest).length);
          pieces.emplace_back(character);
          pieces.push_back("##" + std::string(character));
          rest.remove_prefix(character.size());
        }
      }
      const auto tokenizer = make(pieces, lower_case);
      const Ids ids = tokenizer.encode(text);
      CHECK(ids.size() >= bert_words(text, lower_case).size());
      CHECK(tokenizer.encode(tokenizer.decode(ids)) == ids);
    }
  }
}

TEST_CASE("property: the fingerprint knows the letters' case and the pieces") {
  CHECK(make(kPieces, true).fingerprint() == make(kPieces, true).fingerprint());
  CHECK(make(kPieces, true).fingerprint() != make(kPieces, false).fingerprint());
  CHECK(make(kPieces).fingerprint() != make({"un"}).fingerprint());
}

TEST_CASE("edges: words of 100 characters and of 101") {
  const auto tokenizer = make({"é", "##é"});
  std::string word;
  for (int i = 0; i < 100; ++i) word += "é";
  CHECK(make({"é", "##é"}, false).encode(word).size() == 100);
  CHECK(make({"é", "##é"}, false).encode(word + "é") == Ids{2});
  CHECK(tokenizer.encode(word) == Ids{2});  // lower_case made it eee...
}

TEST_CASE("edges: special tokens, and what looks like one, or like a continuation") {
  const auto tokenizer = make({"e", "##nd", "#", "##"}, true, {"end", "[CLS]"});
  // [UNK] is 4, then the special tokens.
  CHECK(tokenizer.encode("end") == Ids{0, 1});
  CHECK(tokenizer.encode("e end[CLS]e", Specials::recognised) == Ids{0, 5, 6, 0});
  CHECK(tokenizer.decode(Ids{0, 1, 6}) == "end [CLS]");
  CHECK(tokenizer.encode("##nd") == Ids{2, 2, 4});  // signs are words: never the piece ##nd
  CHECK(tokenizer.decode(Ids{2, 3}) == "# ##");
  CHECK(tokenizer.encode("[UNK]") == Ids{4, 4, 4});
  CHECK(tokenizer.encode("").empty());
  CHECK(tokenizer.encode("\xFF\xFE").empty());
}

TEST_CASE("misuse: no unknown token, ids that are none") {
  CHECK_THROWS_WITH_AS(WordPieceTokenizer(TokenSet{}), "word_piece: no unknown token, expected one",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({"a"}).decode(Ids{2}), "vocabulary: token id is 2, expected 0 to 1",
                       std::invalid_argument);
}
