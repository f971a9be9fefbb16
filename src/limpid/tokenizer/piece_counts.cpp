#include "limpid/tokenizer/piece_counts.hpp"

#include <utility>

#include "limpid/core/parallel.hpp"
#include "limpid/tokenizer/text_cut.hpp"

namespace limpid {
namespace {

constexpr std::size_t kWorthThreads = 1 << 18;  // bytes: some milliseconds of counting

}  // namespace

PieceCounts::PieceCounts(Pattern pattern, std::vector<std::string> specials)
    : pattern_(pattern), specials_(std::move(specials)) {}

void PieceCounts::add_piece(std::string_view piece, std::int64_t count) {
  const auto i = static_cast<std::size_t>(pieces_.add(piece));
  if (i == counts_.size()) counts_.push_back(0);
  counts_[i] += count;
}

void PieceCounts::add_part(std::string_view text) {
  for (std::string_view part : texts_between(text, specials_)) {
    while (!part.empty()) {
      const std::size_t length = piece_length(part, pattern_);
      add_piece(part.substr(0, length));
      part.remove_prefix(length);
    }
  }
}

void PieceCounts::add(std::string_view text) {
  const auto count = text.size() < kWorthThreads ? 1 : static_cast<std::size_t>(threads());
  const std::vector<std::string_view> parts = text_parts(text, count, pattern_, specials_);
  if (parts.size() < 2) return add_part(text);
  // Each thread counts by itself. Added in the order of the parts, new pieces are numbered as they
  // come in the text, wherever it was cut.
  std::vector<PieceCounts> counts(parts.size(), PieceCounts(pattern_, specials_));
  parallel_for(static_cast<Index>(parts.size()), 1, [&](Index begin, Index end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      counts[i].add_part(parts[i]);
    }
  });
  for (const PieceCounts& part : counts) {
    for (TokenId i = 0; i < part.size(); ++i) add_piece(part.piece(i), part.count(i));
  }
}

}  // namespace limpid
