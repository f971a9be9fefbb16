#include "limpid/tokenizer/piece_counts.hpp"

#include <utility>

namespace limpid {

PieceCounts::PieceCounts(Pattern pattern, std::vector<std::string> specials)
    : pattern_(pattern), specials_(std::move(specials)) {}

void PieceCounts::add_piece(std::string_view piece, std::int64_t count) {
  const auto i = static_cast<std::size_t>(pieces_.add(piece));
  if (i == counts_.size()) counts_.push_back(0);
  counts_[i] += count;
}

void PieceCounts::add(std::string_view text) {
  for (std::string_view part : texts_between(text, specials_)) {
    while (!part.empty()) {
      const std::size_t length = piece_length(part, pattern_);
      add_piece(part.substr(0, length));
      part.remove_prefix(length);
    }
  }
}

}  // namespace limpid
