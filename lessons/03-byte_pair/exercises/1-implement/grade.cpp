#include "support/grade.hpp"

#include <string>
#include <utility>
#include <vector>

#include "encode_plainly.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

// The merges learned from these words, as text: "s+t e+st".
std::string learned(const std::vector<std::pair<std::string, int>>& words, TokenId merges) {
  PieceCounts pieces(Pattern::none);
  for (const auto& [word, count] : words) pieces.add_piece(word, count);
  const LearnedMerges result = learn_merges_plainly(pieces, 256 + merges);
  std::string shown;
  for (const Merge& merge : result.merges) {
    shown += (shown.empty() ? "" : " ") + std::string(result.vocabulary[merge.left]) + "+" +
             std::string(result.vocabulary[merge.right]);
  }
  return shown;
}

LearnedMerges from_merges(const std::vector<std::pair<std::string, std::string>>& merges) {
  LearnedMerges result{Vocabulary::of_bytes(), {}};
  for (const auto& [left, right] : merges) {
    result.merges.push_back(
        {result.vocabulary.find(left).value(), result.vocabulary.find(right).value()});
    result.vocabulary.add(left + right);
  }
  return result;
}

std::string encoded(const std::string& piece, const LearnedMerges& merges) {
  std::string shown;
  for (const std::string& token : encode_plainly(piece, merges)) {
    shown += (shown.empty() ? "" : "|") + token;
  }
  return shown;
}

}  // namespace

GRADE("training", "by hand:*,property:*,edges:*") {
  expect_text(
      "the first merge for the words hat x1, hen x1, zoo x2, bad x5", "b+a",
      learned({{"hat", 1}, {"hen", 1}, {"zoo", 2}, {"bad", 5}}, 1),
      {{"rarest_pair", "You took a pair that occurs least. The commonest saves most tokens.",
        "h+e"},
       {"words_counted_once",
        "Each pair seems to count once for each different word. But bad stands five times in the "
        "text, so b+a and a+d do, too.",
        "z+o"},
       {"smallest_of_equals",
        "b+a and a+d both occur five times. Of equal counts the greatest pair is taken, and b is "
        "greater than a.",
        "a+d"}},
      "b+a and a+d occur 5 times, z+o and o+o twice, the others once; (b, a) is greater than "
      "(a, d).");
  expect_text(
      "two merges for the words bananas x1, and x1, ananas x1", "a+n an+an",
      learned({{"bananas", 1}, {"and", 1}, {"ananas", 1}}, 2),
      {{"first_place_only",
        "You joined the pair once in each word. It is joined wherever it stands.", "a+n n+a"},
       {"greatest_when_joined",
        "You compared left and right as one string. Pairs are compared by their left strings, and "
        "only where those are equal by their right ones.",
        "a+n a+s"},
       {"right_one_kept",
        "You joined the pair and then kept its right token as well, so the text has grown. Go on "
        "behind both.",
        "a+n an+n"}},
      "After a+n the words are b an an a s, an d, an an a s. an+an, an+a and a+s occur twice, and "
      "(an, an) is the greatest of them.");
  expect_text("two merges for the word aaa x1", "a+a aa+a", learned({{"aaa", 1}}, 2),
              {{"joined_from_the_right",
                "You joined aaa from the right, to a aa. Pairs that overlap are joined from the "
                "left, in training as in encoding.",
                "a+a a+aa"}},
              "The pair a+a stands in aaa twice, but can be joined only once: aa a.");
}

GRADE("encoding", "") {
  expect_text(
      "abc, with the merges x+y, a+b, ab+c", "abc",
      encoded("abc", from_merges({{"x", "y"}, {"a", "b"}, {"ab", "c"}})),
      {{"last_merge_first",
        "ab+c was tried before there was an ab. Merges are applied in the order in which they were "
        "learned, first to last.",
        "ab|c"},
       {"stops_at_the_first_that_is_missing",
        "Nothing was joined. The first merge, x+y, finds no place in abc; the ones behind it may.",
        "a|b|c"}},
      "a+b makes ab, and then ab+c makes abc.");
  expect_text("abcd, with the merges b+c, a+b, a+bc", "abc|d",
              encoded("abcd", from_merges({{"b", "c"}, {"a", "b"}, {"a", "bc"}})),
              {{"leftmost_pair_first",
                "You took the leftmost pair that has a merge, a+b. But b+c was learned earlier: "
                "where the two compete for the b, training has given it to the c.",
                "ab|c|d"}},
              "b+c comes first in the list and takes the b; a+b then finds none; a+bc goes on.");
  expect_text(
      "abc, with the merges b+c, a+b", "a|bc",
      encoded("abc", from_merges({{"b", "c"}, {"a", "b"}})),
      {{"longest_match",
        "You cut off the longest token that fits, ab. The merges decide, in their order: training "
        "joined b+c before a+b, so it never saw ab|c.",
        "ab|c"}},
      "b+c comes first in the list and takes the b.");
  expect_text(
      "aaaaa, with the merge a+a", "aa|aa|a", encoded("aaaaa", from_merges({{"a", "a"}})),
      {{"joined_once", "One merge may find several places: join at all of them.", "aa|a|a|a"}},
      "From left to right: aa, aa, and one a is left.");
}
