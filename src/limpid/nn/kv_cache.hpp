/// The key/value cache: what attention remembers of earlier tokens while a text is written token by
/// token. Keys and values of a token never change once they are computed (no token sees the
/// future), so each step computes only those of its new rows, appends them here, and attends to
/// all.
///
/// Without it, writing token t costs a forward pass over all t tokens.
///
///   rows of sequence b:   b * capacity  ..  b * capacity + length - 1
///
/// Keys are stored after the rotation to their position. One cache belongs to one layer, and it
/// moves its own `length`: `append` adds the number of new tokens, once per call. Before another
/// text, `reset()`.
///
/// SOURCE  Pope et al. 2022, "Efficiently Scaling Transformer Inference", arXiv:2211.05102, section 3
/// SHAPES  keys, values [B * capacity, G * D];  visible [B * capacity]
/// USES    core, nn/context
/// ERRORS  std::invalid_argument when capacity would be exceeded or shapes disagree
/// COST    2 G D numbers per token and layer
#pragma once

#include <cstdint>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/nn/context.hpp"

namespace limpid {

template <class Real>
struct LIMPID_API KeyValueCache {
  using Matrix = limpid::Matrix<Real>;

  KeyValueCache() = default;
  /// Room for `capacity` tokens of each of `batch` sequences; width is G * D.
  KeyValueCache(Index batch_size, Index token_capacity, Index width);

  /// Throws when the context's rows do not belong here: another batch, another offset than
  /// `length`, or no room for them.
  void check_fits(const Context& context) const;
  /// Appends T rows to each sequence and moves `length` by T. SHAPES  new_... [B*T, G*D]
  void append(ConstView<Real> new_keys, ConstView<Real> new_values, const Context& context);
  /// Forgets everything, keeps the memory.
  void reset() { length = 0; }

  Index bytes() const;

  Index batch = 0, capacity = 0;
  Index length = 0;                   ///< tokens held of each sequence: the next one's position
  Matrix keys, values;                // [B * capacity, G * D]
  std::vector<std::uint8_t> visible;  // [B * capacity], the key masks of the rows appended so far
};

}  // namespace limpid
