/// Who may look at whom in attention.
///
/// Causal: query i stands at position offset + i and sees the keys at positions 0 .. offset + i,
/// not the future. So a query sees a run of keys that begins at key 0; in it, `keys`
/// may hide single ones (padding) from all queries. A query that sees nothing gets a row of zeros.
///
/// Example: with offset 2, query 0 sees 3 keys and query 1 sees 4: two older keys come from a cache.
///
/// SHAPES  keys [S] or empty
/// USES    core
/// ERRORS  check() throws std::invalid_argument: keys of another number, a negative offset
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

struct LIMPID_API AttentionMask {
  bool causal = true;
  Index offset = 0;                         ///< position of query 0, when keys stand before it
  std::span<const std::uint8_t> keys = {};  ///< 0 hides a key from all queries; empty hides none

  /// Query i sees the first so many of `count` keys (of which `keys` may hide some).
  Index seen(Index query, Index count) const {
    return causal ? std::min(count, offset + query + 1) : count;
  }
  bool hides(Index key) const { return !keys.empty() && keys[static_cast<std::size_t>(key)] == 0; }
  /// Throws in the name of `module` when the mask is not one for `count` keys.
  void check(std::string_view module, Index count) const;
};

}  // namespace limpid
