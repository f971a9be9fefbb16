#include "limpid/tokenizer/pair_map.hpp"

namespace limpid {

std::pair<std::int32_t, bool> PairMap::insert(TokenId left, TokenId right, std::int32_t value) {
  if (2 * (taken_ + 1) > slots_.size()) {
    // Twice the slots; every key finds its new place.
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old) {
      if (slot.value >= 0) slots_[slot_of(slot.key)] = slot;
    }
  }
  Slot& slot = slots_[slot_of(key(left, right))];
  if (slot.value >= 0) return {slot.value, false};
  slot = {key(left, right), value};
  ++taken_;
  return {value, true};
}

}  // namespace limpid
