/// What the tales are made of: a story's text, its probability, and the words that memory decides.
///
/// A story is drawn from a known grammar, so its probability P is known too. -log2 P, divided by
/// the bytes of the text, is the *floor*: no model of the text, however good, has a lower average
/// loss.
///
/// USES    nothing
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace limpid::tales {

/// `train` and `valid` are one distribution, drawn with different seeds. Every `novel` story holds
/// a pair (trait and plot, or owner and object) that the other two never have.
enum class Split { train, valid, novel };

/// A word that a fact decides, at least 15 words after the story last told that fact. All four are
/// places in the text: the word is [begin, end), it was last told at [source_begin, source_end).
struct Recall {
  std::size_t begin = 0, end = 0;
  std::size_t source_begin = 0, source_end = 0;
  std::string fact;
};

struct Story {
  std::string text;             ///< without the end token
  double bits = 0;              ///< -log2 of the probability of this text and of its end
  std::vector<Recall> recalls;  ///< in the order of the text
};

/// Follows every story in a file of tales, with a line break after it.
inline constexpr std::string_view kEndOfStory = "<|endoftext|>";

}  // namespace limpid::tales
