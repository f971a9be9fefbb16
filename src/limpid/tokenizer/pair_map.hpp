/// A hash table from pairs of tokens to numbers: the rank of a merge, the index of a pair.
///
/// A pair is one 64-bit key; a key stands in the first free slot from the one that its hash names,
/// so finding it is a short walk through neighbouring memory. Nothing is ever taken out.
///
/// USES    core, tokenizer/hash, tokenizer/vocabulary
/// COST    16 bytes a slot, at most half of the slots taken
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/hash.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

class LIMPID_API PairMap {
 public:
  PairMap() : slots_(16) {}

  /// The number of a pair, or -1. REQUIRES left and right are not negative.
  std::int32_t find(TokenId left, TokenId right) const {
    return slots_[slot_of(key(left, right))].value;
  }

  /// The number of a pair, and whether it is new: then it is `value`, else what it was.
  std::pair<std::int32_t, bool> insert(TokenId left, TokenId right, std::int32_t value);

 private:
  struct Slot {
    std::uint64_t key = ~std::uint64_t{0};  // no pair: tokens are not negative
    std::int32_t value = -1;
  };

  static std::uint64_t key(TokenId left, TokenId right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
  }
  std::size_t slot_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash_word(0, key) & mask;
    while (slots_[slot].key != key && slots_[slot].value >= 0) slot = (slot + 1) & mask;
    return slot;
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t taken_ = 0;
};

}  // namespace limpid
