#include "limpid/nn/attention_mask.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"

namespace limpid {

void AttentionMask::check(std::string_view module, Index count) const {
  const auto entries = static_cast<Index>(keys.size());
  if (entries != 0 && entries != count) {
    fail(module, fmt::format("mask.keys has {} entries, expected {}", entries, count));
  }
  if (offset < 0) fail(module, fmt::format("mask.offset is {}, expected >= 0", offset));
}

}  // namespace limpid
