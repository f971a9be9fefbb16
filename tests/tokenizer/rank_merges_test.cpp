#include "limpid/tokenizer/rank_merges.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: GPT-2's ranks are not in the project; encoding by rank is written out below
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;

namespace {

TokenSet ranked(const std::vector<std::string>& tokens) {
  TokenSet set{Vocabulary::of_bytes(), {}, std::nullopt};
  for (const std::string& token : tokens) set.vocabulary.add(token);
  return set;
}

// By rank, as tiktoken defines it: of all neighbours that together are a token, join those of the
// lowest number, of equal ones the leftmost.
Ids encode_by_rank(const TokenSet& tokens, std::string_view piece) {
  std::vector<std::string> parts;
  for (const char byte : piece) parts.emplace_back(1, byte);
  for (;;) {
    TokenId lowest = tokens.vocabulary.size();
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto id = tokens.vocabulary.find(parts[i] + parts[i + 1]);
      if (!id || *id >= lowest) continue;
      lowest = *id;
      place = i;
    }
    if (lowest == tokens.vocabulary.size()) break;
    parts[place] += parts[place + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
  Ids ids;
  for (const std::string& part : parts) ids.push_back(tokens.vocabulary.find(part).value());
  return ids;
}

std::string random_letters(Rng& rng, std::size_t size, std::size_t letters) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += "abcd"[rng.below(letters)];
  return text;
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  const TokenSet tokens = ranked({"in", "th", "the", "the ", "ing", "thing"});
  const std::vector<Merge> expected = {
      {'i', 'n'}, {'t', 'h'}, {257, 'e'}, {258, ' '}, {256, 'g'}, {257, 260},
  };
  CHECK(merges_from_ranks(tokens) == expected);
  CHECK(BytePairTokenizer(tokens, expected).encode("thing") == Ids{261});
}

TEST_CASE(
    "by hand: of two ways to cut a token the one by rank, and none where ranks lead nowhere") {
  CHECK(merges_from_ranks(ranked({"bc", "ab", "abc"})).back() == Merge{'a', 256});
  CHECK(merges_from_ranks(ranked({"ab", "bc", "abc"})).back() == Merge{256, 'c'});
  // No two of its bytes are a token: that abc and d are does not help.
  CHECK(merges_from_ranks(ranked({"abc", "abcd"})).empty());
}

TEST_CASE("by hand: a token that merging cannot make has no merge, but may be looked up") {
  // b+c goes first; then neither abc nor bcd is a token, and a|bc|d stays.
  const TokenSet tokens = ranked({"bc", "abcd", "cd"});
  CHECK(merges_from_ranks(tokens) == std::vector<Merge>{{'b', 'c'}, {'c', 'd'}});
  const BytePairTokenizer merged(tokens, merges_from_ranks(tokens));
  CHECK(merged.encode("abcd") == Ids{'a', 256, 'd'});
  const BytePairTokenizer looked_up(tokens, merges_from_ranks(tokens), Pattern::gpt2,
                                    WholePieces::looked_up);
  CHECK(looked_up.encode("abcd") == Ids{257});
  CHECK(looked_up.encode("abcda") == Ids{'a', 256, 'd', 'a'});  // only as a whole piece
}

TEST_CASE("property: the merges of trained tokens are those that training found") {
  Rng rng(1);
  const auto trained = train_byte_pair(test::zipf_text(rng, 5000, 800), {.vocab_size = 700});
  TokenSet tokens{trained.vocabulary(), {*trained.end_of_text()}, std::nullopt};
  const std::vector<Merge> merges = merges_from_ranks(tokens);
  CHECK(std::equal(merges.begin(), merges.end(), trained.merges().begin(), trained.merges().end()));
}

// Few letters and tokens in any order: parts with higher ranks than the whole, tokens that cannot
// be made, many equal neighbours.
TEST_CASE("property: encoding by the merges is encoding by rank, whatever the tokens") {
  Rng rng(2);
  int unmade = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t letters = 1 + rng.below(4);
    std::vector<std::string> texts;
    for (std::uint64_t n = rng.below(60); n > 0; --n) {
      texts.push_back(random_letters(rng, 2 + rng.below(6), letters));
    }
    const TokenSet tokens = ranked(texts);
    const std::vector<Merge> merges = merges_from_ranks(tokens);
    unmade += tokens.vocabulary.size() - 256 - static_cast<int>(merges.size());
    const BytePairTokenizer tokenizer(tokens, merges, Pattern::none);
    for (int i = 0; i < 20; ++i) {
      const std::string piece = random_letters(rng, rng.below(90), letters);
      REQUIRE(tokenizer.encode(piece) == encode_by_rank(tokens, piece));
    }
  }
  CHECK(unmade > 100);  // so the case was tried
}

TEST_CASE("edges: no tokens but bytes; special tokens are no part of it") {
  CHECK(merges_from_ranks(ranked({})).empty());
  CHECK(merges_from_ranks(TokenSet{}).empty());
  TokenSet tokens = ranked({"ab", "abc", "abcd"});
  tokens.special_ids = {257};  // abc: so abcd cannot be made
  CHECK(merges_from_ranks(tokens) == std::vector<Merge>{{'a', 'b'}});
}

TEST_CASE("misuse: a special token that is not there, bytes that are no tokens") {
  TokenSet tokens = ranked({"ab"});
  tokens.special_ids = {257};
  CHECK_THROWS_WITH_AS(merges_from_ranks(tokens),
                       "rank_merges: special token 257 is none of the 257 tokens",
                       std::invalid_argument);
  TokenSet no_bytes;  // byte_pair then says which byte is missing
  no_bytes.vocabulary.add("ab");
  CHECK(merges_from_ranks(no_bytes).empty());
}
