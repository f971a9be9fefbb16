#include "limpid/tokenizer/vocabulary.hpp"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/hash.hpp"

namespace limpid {
namespace {

constexpr TokenId kFree = -1;

}  // namespace

Vocabulary Vocabulary::of_bytes() {
  Vocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) vocabulary.add(std::string(1, static_cast<char>(byte)));
  return vocabulary;
}

std::string_view Vocabulary::operator[](TokenId id) const {
  if (id < 0 || id >= size()) {
    fail("vocabulary", fmt::format("token id is {}, expected 0 to {}", id, size() - 1));
  }
  const auto i = static_cast<std::size_t>(id);
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(begin, ends_[i] - begin);
}

// The slot that holds these bytes, or the free one where they belong. At most half of the slots are
// taken, so the walk is short; the table's size is a power of two, so `&` replaces the remainder.
std::size_t Vocabulary::slot_of(std::string_view bytes) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_bytes(bytes) & mask;
  while (slots_[slot] != kFree && (*this)[slots_[slot]] != bytes) slot = (slot + 1) & mask;
  return slot;
}

std::optional<TokenId> Vocabulary::find(std::string_view bytes) const {
  if (slots_.empty()) return std::nullopt;
  const TokenId id = slots_[slot_of(bytes)];
  if (id == kFree) return std::nullopt;
  return id;
}

TokenId Vocabulary::add(std::string_view bytes) {
  if (2 * (ends_.size() + 1) > slots_.size()) grow();
  const std::size_t slot = slot_of(bytes);
  if (slots_[slot] != kFree) return slots_[slot];
  if (size() == std::numeric_limits<TokenId>::max()) {
    throw std::length_error("vocabulary: more strings than token ids");
  }
  slots_[slot] = size();
  bytes_.append(bytes);
  ends_.push_back(bytes_.size());
  return slots_[slot];
}

void Vocabulary::grow() {
  slots_.assign(slots_.empty() ? 16 : 2 * slots_.size(), kFree);
  for (TokenId id = 0; id < size(); ++id) slots_[slot_of((*this)[id])] = id;
}

}  // namespace limpid
