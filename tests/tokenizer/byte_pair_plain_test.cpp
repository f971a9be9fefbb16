#include "limpid/tokenizer/byte_pair_plain.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

// NO gradient check: a tokenizer has no gradient
// NO fixture: byte_pair_trainer is the other implementation; its tests compare the two
// NO accumulation: nothing accumulates
// NO misuse: every text and every size has an answer

using namespace limpid;

namespace {

std::vector<std::string> learned_tokens(const PieceCounts& pieces, TokenId size) {
  const LearnedMerges learned = learn_merges_plainly(pieces, size);
  std::vector<std::string> tokens;
  for (TokenId id = 256; id < learned.vocabulary.size(); ++id) {
    tokens.emplace_back(learned.vocabulary[id]);
  }
  return tokens;
}

}  // namespace

TEST_CASE("by hand: low, lower, newest, widest, as in the paper") {
  PieceCounts pieces(Pattern::none);
  pieces.add_piece("low", 5);
  pieces.add_piece("lower", 2);
  pieces.add_piece("newest", 6);
  pieces.add_piece("widest", 3);
  // Counts:  e+s 9, s+t 9 > w+e 8: (s,t) is the greater pair of the nines.
  //          e+st 9.   l+o 7, o+w 7: (o,w).   l+ow 7.   n+e 6, e+w 6, w+est 6: (w,est).
  //          n+e 6, e+west 6: (n,e).   ne+west 6.   w+i, i+d, d+est 3: (w,i).
  CHECK(learned_tokens(pieces, 264) ==
        std::vector<std::string>{"st", "est", "ow", "low", "west", "ne", "newest", "wi"});
}

TEST_CASE("by hand: a pair is joined wherever it stands in a piece") {
  PieceCounts pieces(Pattern::none);
  pieces.add_piece("abab", 3);
  pieces.add_piece("ca", 2);
  CHECK(learned_tokens(pieces, 259) == std::vector<std::string>{"ab", "abab", "ca"});
}

TEST_CASE("by hand: of equal counts the greatest pair of byte strings, bytes being unsigned") {
  PieceCounts pieces(Pattern::none);
  pieces.add_piece("ab");
  pieces.add_piece("\xC3\xA9");
  pieces.add_piece("zz");
  CHECK(learned_tokens(pieces, 300) == std::vector<std::string>{"\xC3\xA9", "zz", "ab"});
}

TEST_CASE("property: a piece of n bytes needs at most n - 1 merges") {
  PieceCounts pieces(Pattern::none);
  pieces.add_piece("unhappiness");
  const LearnedMerges learned = learn_merges_plainly(pieces, 1000);
  CHECK(learned.merges.size() == 10);
  CHECK(learned.vocabulary.find("unhappiness"));
}

TEST_CASE("edges: nothing to learn") {
  CHECK(learned_tokens(PieceCounts(Pattern::none), 300).empty());
  PieceCounts letters(Pattern::none);
  letters.add_piece("a", 1000);
  CHECK(learned_tokens(letters, 300).empty());
  letters.add_piece("ab", 1000);
  CHECK(learned_tokens(letters, 256).empty());
}
