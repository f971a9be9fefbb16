/// What a layer must know about its rows beyond the numbers in them.
///
/// USES    core
#pragma once

#include <cstdint>
#include <span>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"

namespace limpid {

struct Context {
  Index batch = 1;  ///< B: sequences, one below the other
  Index time = 1;   ///< T: rows of one sequence; a matrix has N = B*T rows
  /// Position of each sequence's first row: more than 0 when earlier rows are cached.
  Index offset = 0;

  /// Which rows other rows may attend to: [B*T], 0 hides a row (padding), empty hides none.
  std::span<const std::uint8_t> key_mask = {};

  /// Random numbers for dropout while training; null means evaluation, where nothing is dropped.
  Rng* dropout = nullptr;

  /// Attention's cache shall hold its maps (to look at), whatever the length.
  bool attention_maps = false;

  Index rows() const { return batch * time; }
};

}  // namespace limpid
