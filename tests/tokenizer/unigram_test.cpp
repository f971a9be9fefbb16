#include "limpid/tokenizer/unigram.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: unigram_lattice_test.cpp tries all ways one by one; Hugging Face's library gave our
//             ids for 1613 texts and 8371 pieces; that was tried by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;
using Tokens = std::vector<std::string>;

namespace {

using Scored = std::vector<std::pair<std::string, double>>;

UnigramTokenizer make(const Scored& pieces, bool unknown = true,
                      const std::vector<std::string>& specials = {},
                      Pattern pattern = Pattern::gpt2) {
  Vocabulary vocabulary;
  std::vector<double> log_probabilities;
  for (const auto& [piece, probability] : pieces) {
    vocabulary.add(piece);
    log_probabilities.push_back(std::log(probability));
  }
  std::optional<TokenId> id;
  if (unknown) id = vocabulary.add(kUnknown);
  TokenSet tokens = with_specials(vocabulary, specials);
  tokens.unknown = id;
  log_probabilities.resize(static_cast<std::size_t>(tokens.vocabulary.size()));
  return UnigramTokenizer(tokens, log_probabilities, pattern);
}

Tokens tokens_of(const Tokenizer& tokenizer, std::string_view text) {
  Tokens tokens;
  for (const TokenId id : tokenizer.encode(text)) tokens.emplace_back(tokenizer.token_bytes(id));
  return tokens;
}

Scored unhappiness(double happiness) {
  Scored pieces = {{"un", .04},    {"unh", .001}, {"happi", .01},
                   {"appi", .002}, {"ness", .05}, {"happiness", happiness}};
  for (const char letter : std::string("unhapies"))
    pieces.emplace_back(std::string(1, letter), 1e-4);
  return pieces;
}

// The 256 bytes, each at a price far below that of a piece.
Scored with_bytes(Scored pieces) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    bool known = false;
    for (const auto& [piece, p] : pieces) known = known || piece == one;
    if (!known) pieces.emplace_back(one, 1e-9);
  }
  return pieces;
}

}  // namespace

TEST_CASE("by hand: unhappiness, cut in the most probable way") {
  CHECK(tokens_of(make(unhappiness(.001)), "unhappiness") == Tokens{"un", "happiness"});
  // happi|ness costs .0005: below that, happiness is not worth a piece.
  CHECK(tokens_of(make(unhappiness(.0004)), "unhappiness") == Tokens{"un", "happi", "ness"});
  CHECK(tokens_of(make(unhappiness(.001)), "unhappi") == Tokens{"un", "happi"});
  CHECK(tokens_of(make(unhappiness(.001)), "pun") == Tokens{"p", "un"});
  CHECK(make(unhappiness(.001)).kind() == "unigram");
}

TEST_CASE("by hand: a piece may hold the space before its word; ▁ shows it") {
  const auto tokenizer =
      make({{" is", .2}, {" ", .01}, {"is", .1}, {" it", .05}, {"t", .01}, {"i", .01}, {"s", .01}});
  CHECK(tokens_of(tokenizer, "is it is") == Tokens{"is", " it", " is"});
  CHECK(tokenizer.decode(tokenizer.encode("is it  is")) == "is it  is");
  CHECK(with_space_marks(" is it ") == "▁is▁it▁");
  CHECK(without_space_marks("▁is▁it▁") == " is it ");
  // No piece crosses the pattern's border, unless there is none.
  const Scored pieces = {{"s i", .9}, {"i", .1}, {"s", .1}, {" ", .1}};
  CHECK(tokens_of(make(pieces), "s i") == Tokens{"s", " ", "i"});
  CHECK(tokens_of(make(pieces, true, {}, Pattern::none), "s i") == Tokens{"s i"});
}

TEST_CASE("by hand: unknown characters, one token for neighbours, dearer than any piece") {
  const auto tokenizer = make({{"a", .5}, {"b", .25}, {"abx", .25}});
  CHECK(tokenizer.encode("axéb") == Ids{0, 3, 1});
  CHECK(tokenizer.encode("x7") == Ids{3, 3});  // two pieces of the gpt2 pattern
  CHECK(tokenizer.encode("a\xFF") == Ids{0, 3});
  CHECK(tokens_of(tokenizer, "abx") == Tokens{"abx"});
  CHECK(tokenizer.decode(Ids{0, 3}) == "a<|unknown|>");
  // x is unknown: a piece with it is taken, however rare, before x alone.
  CHECK(tokens_of(make({{"a", .5}, {"b", .5}, {"bx", 1e-6}}), "abx") == Tokens{"a", "bx"});
}

TEST_CASE("by hand: the least probable piece is cheaper than an unknown character") {
  // xa|b costs 1e-5; ?|ab would cost 5e-5 if ? were as probable as b.
  CHECK(tokens_of(make({{"xa", .1}, {"ab", .5}, {"b", 1e-4}}), "xab") == Tokens{"xa", "b"});
}

TEST_CASE("by hand: places of pieces, of unknown characters, of bytes") {
  using Places = std::vector<TokenPlace>;
  const auto tokenizer = make({{"a", .5}, {"b", .25}, {" ab", .25}}, true, {"<s>"});
  CHECK(tokenizer.encode_with_places("aé ab\xFF").places == Places{{0, 1}, {1, 3}, {3, 6}, {6, 7}});
  CHECK(tokenizer.encode_with_places("é<s>\xE2\x82", Specials::recognised).places ==
        Places{{0, 2}, {2, 5}, {5, 7}});
  CHECK(tokenizer.encode_with_places("béüb").places == Places{{0, 1}, {1, 5}, {5, 6}});
  CHECK(make(with_bytes({{"é", .5}}), false).encode_with_places("é世").places ==
        Places{{0, 2}, {2, 3}, {3, 4}, {4, 5}});
}

TEST_CASE("property: texts of known characters come back; with the 256 bytes every byte string") {
  const auto bytes =
      make(with_bytes({{" the", .1}, {"é", .01}, {"नम", .01}, {"ness", .05}}), false);
  Rng rng(1);
  for (int i = 0; i < 20; ++i) {
    for (const std::string& text :
         {test::random_text(rng, 300), test::random_bytes(rng, 300), std::string("the the ness")}) {
      CHECK(bytes.decode(bytes.encode(text)) == text);
    }
  }
  CHECK(tokens_of(bytes, "é世") == Tokens{"é", "\xE4", "\xB8", "\x96"});
  for (const std::string& text : test::kScripts) {
    CHECK(bytes.decode(bytes.encode(text)) == text);
    Scored pieces;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string one(rest.substr(0, first_code_point(rest).length));
      rest.remove_prefix(one.size());
      bool known = false;
      for (const auto& [piece, p] : pieces) known = known || piece == one;
      if (!known) pieces.emplace_back(one, .01);
    }
    const auto characters = make(pieces, false);
    CHECK(characters.decode(characters.encode(text)) == text);
  }
}

TEST_CASE("property: the fingerprint knows pieces, probabilities and pattern") {
  const Scored pieces = {{"a", .5}, {"b", .25}};
  CHECK(make(pieces).fingerprint() == make(pieces).fingerprint());
  CHECK(make(pieces).fingerprint() != make({{"a", .5}, {"b", .26}}).fingerprint());
  CHECK(make(pieces).fingerprint() != make({{"a", .5}, {"c", .25}}).fingerprint());
  CHECK(make(pieces).fingerprint() != make(pieces, true, {}, Pattern::none).fingerprint());
}

TEST_CASE("edges: no text, special tokens, a long text without a space") {
  const auto tokenizer =
      make({{"a", .5}, {"aa", .3}, {"E", .1}, {"N", .05}, {"D", .05}}, true, {"END"});
  CHECK(tokenizer.encode("").empty());
  CHECK(tokenizer.encode("aEND", Specials::recognised) == Ids{0, 6});
  CHECK(tokens_of(tokenizer, "END") == Tokens{"E", "N", "D"});  // typed letters stay letters
  CHECK(tokenizer.log_probability(0) == std::log(.5));
  CHECK(tokenizer.log_probability(6) == -std::numeric_limits<double>::infinity());
  CHECK(tokenizer.encode(std::string(100'000, 'a')).size() == 50'000);
}

TEST_CASE("misuse: probabilities that are none, no piece, unknown characters without a token") {
  Vocabulary vocabulary;
  vocabulary.add("a");
  vocabulary.add("b");
  const TokenSet tokens{vocabulary, {}, {}};
  CHECK_THROWS_WITH_AS(UnigramTokenizer(tokens, {-1}),
                       "unigram: 1 log probabilities for 2 tokens, expected as many",
                       std::invalid_argument);
  for (const double wrong : {0.5, std::nan(""), -std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(UnigramTokenizer(tokens, {-1, wrong}), std::invalid_argument);
  }
  CHECK_THROWS_WITH_AS(
      UnigramTokenizer(tokens, {-1, 0.5}),
      "unigram: token 1 has log probability 0.5, expected 0 or a finite number below it",
      std::invalid_argument);
  CHECK_THROWS_WITH_AS(UnigramTokenizer(TokenSet{}, {}),
                       "unigram: no pieces, expected at least one", std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({{"a", .5}}, false).encode("a aé"),
                       "unigram: U+0020 at byte 1 is not among the characters known",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({{"a", .5}}, false).encode("aaé"),
                       "unigram: U+00E9 at byte 2 is not among the characters known",
                       std::invalid_argument);
  CHECK_THROWS_AS(make({{"a", .5}}).log_probability(9), std::invalid_argument);
}
