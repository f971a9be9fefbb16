#include "limpid/tokenizer/scored_pair.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/rng.hpp"

using namespace limpid;

// NO gradient check: a tokenizer has no gradient
// NO fixture: llama2c_tokenizer_test compares ids with another implementation's
// NO accumulation: nothing accumulates

namespace {

using Pieces = std::vector<std::pair<std::string, float>>;

// <unk>, <s>, </s>, the bytes, and these pieces.
ScoredPairTokenizer with_pieces(const Pieces& pieces,
                                ScoredPairTokenizer::Options options = {.begin = 1}) {
  TokenSet tokens{.vocabulary = {}, .special_ids = {1, 2}, .unknown = 0};
  for (const char* mark : {"<unk>", "<s>", "</s>"}) tokens.vocabulary.add(mark);
  for (int byte = 0; byte < 256; ++byte) tokens.vocabulary.add(byte_piece(byte));
  std::vector<float> scores(259, 0.F);
  for (const auto& [piece, score] : pieces) {
    tokens.vocabulary.add(piece);
    scores.push_back(score);
  }
  return {std::move(tokens), std::move(scores), options};
}

// The header's example.
ScoredPairTokenizer the() {
  return with_pieces({{" ", -9},
                      {"t", -9},
                      {"h", -9},
                      {"e", -9},
                      {" t", -1},
                      {" th", -2},
                      {" the", -3},
                      {"he", -4}});
}

std::vector<std::string> parts(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> result;
  for (const TokenId id : tokenizer.encode(text)) {
    result.emplace_back(tokenizer.token_bytes(id));
  }
  return result;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("by hand: the best joint piece first, then what it makes possible") {
  CHECK(parts(the(), "the") == Words{" the"});
  CHECK(parts(the(), "he") == Words{" ", "he"});
  CHECK(parts(the(), "the the") == Words{" the", " the"});
  CHECK(parts(the(), "hethe") == Words{" ", "he", "t", "he"});
  // Among equal scores the leftmost: aa|a and not a|aa.
  CHECK(parts(with_pieces({{" ", -9}, {"a", -9}, {"aa", -1}}), "aaa") == Words{" ", "aa", "a"});
}

TEST_CASE("by hand: a character without a piece becomes its bytes, which nothing joins") {
  const auto tokenizer = with_pieces({{" ", -9}, {"\xC3\xA9", -9}, {"t", -9}, {"<0xC3>t", -1}});
  CHECK(parts(tokenizer, "\xC3\xA9") == Words{" ", "\xC3\xA9"});
  CHECK(parts(tokenizer, "\xC3\xA8t") == Words{" ", "<0xC3>", "<0xA8>", "t"});
  // "ab" is a piece, and neither of its letters.
  CHECK(parts(with_pieces({{" ", -9}, {"ab", -1}}), "ab") == Words{" ", "<0x61>", "<0x62>"});
  CHECK(tokenizer.byte_of(tokenizer.byte_token(0xC3)) == '\xC3');
  CHECK(!tokenizer.byte_of(260));
}

TEST_CASE(
    "by hand: decoding takes the first space away, at the beginning and behind the begin token") {
  const auto tokenizer = the();
  const TokenId word = *tokenizer.vocabulary().find(" the");
  const auto decode = [&](std::vector<TokenId> ids) { return tokenizer.decode(ids); };
  CHECK(decode({word, word}) == "the the");
  CHECK(decode({1, word}) == "<s>the");
  CHECK(decode({word, 1, word}) == "the<s>the");
  CHECK(decode({tokenizer.byte_token(0xC3), tokenizer.byte_token(0xA9)}) == "\xC3\xA9");
  const auto plain =
      with_pieces({{" ", -9}, {"t", -9}, {" t", -1}}, {.begin = 1, .space_before = false});
  CHECK(parts(plain, "t t") == Words{"t", " t"});
  CHECK(plain.decode(plain.encode(" t")) == " t");
}

TEST_CASE("by hand: places leave the added space out") {
  const PlacedTokens placed = the().encode_with_places("he\xFFthe the");
  const std::vector<TokenPlace> expected{{0, 0}, {0, 2}, {2, 3}, {3, 4}, {4, 6}, {6, 10}};
  CHECK(placed.places == expected);
  CHECK(the().encode_with_places("the").places == std::vector<TokenPlace>{{0, 3}});
}

TEST_CASE("property: any bytes come back, and joining by the definition gives the same") {
  Pieces pieces{{" ", -50}, {"a", -50}, {"b", -50}, {"c", -50}};
  Rng rng(4);
  const auto letter = [&] { return std::string(1, " abc"[rng.below(4)]); };
  for (int i = 0; i < 40; ++i) {
    std::string piece = letter() + letter();
    for (std::uint64_t more = rng.below(4); more > 0; --more) piece += letter();
    bool known = false;
    for (const auto& [other, score] : pieces) known = known || other == piece;
    if (!known) pieces.emplace_back(piece, -static_cast<float>(rng.below(12)));
  }
  const auto tokenizer = with_pieces(pieces);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::uint64_t length = rng.below(30); length > 0; --length) {
      text +=
          rng.below(10) == 0 ? std::string(1, static_cast<char>(0xC0 + rng.below(64))) : letter();
    }
    const std::vector<TokenId> ids = tokenizer.encode(text);
    CHECK(tokenizer.decode(ids) == text);
    // All neighbours, the best of them, again and again.
    std::vector<TokenId> slow;
    for (const char c : text.empty() ? text : " " + text) {
      const auto id = tokenizer.vocabulary().find(std::string(1, c));
      slow.push_back(id ? *id : tokenizer.byte_token(static_cast<unsigned char>(c)));
    }
    for (bool more = true; more;) {
      more = false;
      float best = -1e9F;
      std::size_t place = 0;
      TokenId made = 0;
      for (std::size_t i = 0; i + 1 < slow.size(); ++i) {
        if (tokenizer.byte_of(slow[i]) || tokenizer.byte_of(slow[i + 1])) continue;
        const auto id = tokenizer.vocabulary().find(
            std::string(tokenizer.token_bytes(slow[i])).append(tokenizer.token_bytes(slow[i + 1])));
        if (!id || tokenizer.score(*id) <= best) continue;
        best = tokenizer.score(*id);
        place = i;
        made = *id;
        more = true;
      }
      if (!more) break;
      slow[place] = made;
      slow.erase(slow.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
    CHECK(ids == slow);
  }
}

TEST_CASE("property: fingerprints tell scores, the begin token and the added space apart") {
  const auto print = [](float score, ScoredPairTokenizer::Options options) {
    return with_pieces({{"a", score}}, options).fingerprint();
  };
  CHECK(print(-1, {.begin = 1}) == print(-1, {.begin = 1}));
  CHECK(print(-1, {.begin = 1}) != print(-2, {.begin = 1}));
  CHECK(print(-1, {.begin = 1}) != print(-1, {}));
  CHECK(print(-1, {.begin = 1}) != print(-1, {.begin = 1, .space_before = false}));
}

TEST_CASE("edges: nothing, only spaces, no piece for a space, continuation bytes without end") {
  CHECK(the().encode("").empty());
  CHECK(the().decode({}).empty());
  CHECK(parts(the(), " ") == Words{" ", " "});
  const auto bare = with_pieces({{"t", -1}});
  CHECK(parts(bare, "t") == Words{"<0x20>", "t"});
  CHECK(bare.decode(bare.encode("t")) == "t");
  const std::string bytes = "\xFF\x80\x80\x80\x80\x80t";
  CHECK(the().decode(the().encode(bytes)) == bytes);
  const std::string megabyte(200'000, 'h');
  CHECK(the().encode(megabyte).size() == 200'001);
}

TEST_CASE("edges: a special token is text unless it is asked for") {
  const auto tokenizer = the();
  CHECK(tokenizer.encode("<s>").front() != 1);
  CHECK(tokenizer.encode("<s>the", Specials::recognised) ==
        std::vector<TokenId>{1, *tokenizer.vocabulary().find(" the")});
  CHECK(tokenizer.is_special(2));
  CHECK(tokenizer.unknown() == 0);
  // Each part of the text gets a space that is not its own.
  const std::string text = "the</s>the";
  CHECK(tokenizer.decode(tokenizer.encode(text, Specials::recognised)) == text);
}

TEST_CASE("by hand: a byte token stands for one byte, a special and the unknown one for none") {
  const auto tokenizer = the();
  CHECK(tokenizer.token_text(tokenizer.byte_token(0x0A)) == "\n");
  CHECK(tokenizer.token_text(tokenizer.byte_token(0xFF)) == "\xFF");
  CHECK(tokenizer.token_text(*tokenizer.vocabulary().find(" the")) == " the");
  for (const TokenId id : {0, 1, 2}) CHECK(tokenizer.token_text(id).empty());
}

TEST_CASE("misuse: scores that are missing or no numbers, a byte without a token") {
  TokenSet tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.vocabulary.add(byte_piece(byte));
  CHECK_THROWS_WITH_AS(ScoredPairTokenizer(tokens, std::vector<float>(255), {}),
                       "scored_pair: 255 scores, expected 256, as there are tokens",
                       std::invalid_argument);
  std::vector<float> scores(256, 0.F);
  scores[9] = std::nanf("");
  CHECK_THROWS_WITH_AS(ScoredPairTokenizer(tokens, scores, {}),
                       "scored_pair: token 9 has score nan, expected a number",
                       std::invalid_argument);
  scores[9] = 0;
  CHECK_THROWS_WITH_AS(ScoredPairTokenizer(tokens, scores, {.begin = 1}),
                       "scored_pair: begin token 1 is no special token, expected one",
                       std::invalid_argument);
  tokens.special_ids = {65};
  CHECK_THROWS_WITH_AS(ScoredPairTokenizer(tokens, scores, {}),
                       "scored_pair: token <0x41> is special or unknown, expected an ordinary one",
                       std::invalid_argument);
  TokenSet few;
  for (int byte = 0; byte < 255; ++byte) few.vocabulary.add(byte_piece(byte));
  CHECK_THROWS_WITH_AS(ScoredPairTokenizer(few, std::vector<float>(255), {}),
                       "scored_pair: byte 255 has no token <0xFF>", std::invalid_argument);
}
