/// How much of a text stands word for word in another: the longest run of words that a story shares with
/// the training text. A model that recites has long runs; a real new story has a certain length too, since
/// every writer of a language repeats its phrases, so the figure says something only beside that one.
///
/// All suffixes of the training words are sorted once; the longest match at a place of the story is then
/// one of the two neighbours of where that place would stand among them.
///
/// SOURCE  Manber, Myers 1993, "Suffix Arrays", section 2
/// USES    core
/// COST    n log n comparisons of suffixes for n training words, then log n for each word of a story
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

class LIMPID_API CopiedRun {
 public:
  /// Runs end where a text ends.
  explicit CopiedRun(std::span<const std::string> texts);

  /// Words in the longest run of this text that stands in the training texts.
  Index longest(std::string_view text) const;

 private:
  std::int32_t word_id(std::string_view word) const;
  Index common(std::span<const std::int32_t> words, std::uint32_t suffix) const;

  std::unordered_map<std::string, std::int32_t> ids_;
  std::vector<std::int32_t> words_;      // all texts, a negative number after each
  std::vector<std::uint32_t> suffixes_;  // starts in words_, sorted by what follows
};

}  // namespace limpid
