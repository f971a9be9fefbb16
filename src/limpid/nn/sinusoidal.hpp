/// Sinusoidal positions: the place in the sequence written as waves of many lengths, and added to
/// the token. Nothing is learned, and every two positions at a distance k are related by the same
/// rotation, whatever they are.
///
///   table[p, 2i]     = sin(p / 10000^(2i / C))
///   table[p, 2i + 1] = cos(p / 10000^(2i / C))        the pair shares one exponent
///   y[b, t] = x[b, t] + table[offset + t]             dx = dy
///
/// The first pair turns by 1 radian per position, the last one by nearly 1/10000. An odd width ends
/// with a sine that has no cosine.
///
/// SOURCE  Vaswani et al. 2017, arXiv:1706.03762, section 3.5
/// SHAPES  x, y [B*T, C];  table [context, C]
/// SAVES   nothing; there is no backward, because dx is dy
/// USES    core, nn/context
/// ERRORS  std::invalid_argument when x has another shape than the context and the table say, or
///         the sequence reaches beyond the table
/// COST    one pass over x, in place: give x away with std::move
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/nn/context.hpp"

namespace limpid {

template <class Real>
class LIMPID_API Sinusoidal {
 public:
  using Matrix = limpid::Matrix<Real>;

  Sinusoidal() = default;
  /// `length` positions, computed once, in double.
  Sinusoidal(Index length, Index width);

  Matrix forward(Matrix x, const Context& context) const;

  Matrix table;  // [context, C]
};

}  // namespace limpid
