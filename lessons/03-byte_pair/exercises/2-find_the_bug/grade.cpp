#include "support/grade.hpp"

#include <string>
#include <utility>
#include <vector>

#include "limpid/tokenizer/byte_pair.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

// The tokens of a text under these merges, with bars between them.
std::string encoded(const std::string& text,
                    const std::vector<std::pair<std::string, std::string>>& merges) {
  Vocabulary vocabulary = Vocabulary::of_bytes();
  std::vector<Merge> ids;
  for (const auto& [left, right] : merges) {
    ids.push_back({vocabulary.find(left).value(), vocabulary.find(right).value()});
    vocabulary.add(left + right);
  }
  const BytePairTokenizer tokenizer(with_specials(std::move(vocabulary), default_specials()), ids);
  std::string shown;
  for (const TokenId id : tokenizer.encode(text)) {
    shown += (shown.empty() ? "" : "|") +
             (id < 0 ? std::string("?") : std::string(tokenizer.token_bytes(id)));
  }
  return shown;
}

}  // namespace

GRADE("encoding", "by hand: unhappiness*,by hand: a lower*,by hand: no token*,property: short*") {
  expect_text(
      "abc, with the merges a+b, b+c", "ab|c", encoded("abc", {{"a", "b"}, {"b", "c"}}),
      {{"highest_rank_first",
        "Now the merge that was learned last goes first. Low rank means learned early, when its "
        "pair was the commonest of all.",
        "a|bc"},
       {"no_second_look",
        "b+c was joined although its b had become part of ab meanwhile. A pair that waited may be "
        "gone: look again before you join.",
        "ab|?"}},
      "a+b comes first in the list and takes the b.");
  expect_text(
      "hat, with the merges a+t, h+a", "h|at", encoded("hat", {{"a", "t"}, {"h", "a"}}),
      {{"still_there",
        "The mistake that you were given. Both merges want the a. The text taught a+t first, so "
        "a+t has the lower rank; h+a took the a because it stands further left.",
        "ha|t"}},
      "a+t comes first in the list and takes the a.");
  expect_text("aaa, with the merge a+a", "aa|a", encoded("aaa", {{"a", "a"}}),
              {{"rightmost_of_equals",
                "Of two places with the same rank you joined the one on the right. Training joins "
                "from the left, and encoding has to cut as training did.",
                "a|aa"}});
  expect_text("abab, with the merge a+b", "ab|ab", encoded("abab", {{"a", "b"}}),
              {{"one_place_per_rank",
                "Only one of two equal pairs was joined. A set keeps one of those elements of "
                "which none is "
                "less than the other: two places with the same rank must be different.",
                "ab|a|b"}});
  expect_text(
      "abc, with the merges b+c, a+bc", "abc", encoded("abc", {{"b", "c"}, {"a", "bc"}}),
      {{"left_neighbour_forgotten",
        "After b+c the a has a new neighbour, and a+bc is in the list: a join can bring a new pair "
        "on its left side as well.",
        "a|bc"}});
}
