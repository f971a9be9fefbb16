/// Dropout: while training, set every number to zero with probability p, and let the others make up
/// for the missing ones. No channel can then rely on one particular other.
///
///   y = x * mask / (1 - p)        mask is 0 with probability p, else 1
///
/// The division ("inverted" dropout) keeps the expected value: E[y] = x. So nothing needs to be
/// scaled when nothing is dropped: in evaluation y is x.
///
/// Whether number i is dropped depends on the stream's state and on i alone, so any thread can
/// decide it, and backward can decide it again.
///
/// SOURCE  Srivastava et al. 2014, "Dropout", section 10 (the scaling at training time)
/// SHAPES  x, y, dy, dx [N, C]
/// SAVES   the state of the random stream, 8 bytes: the mask itself would cost N*C
/// USES    core, nn/context
/// ERRORS  std::invalid_argument when p is not in [0, 1) or dy has another shape than x
/// COST    one random number for every element, forward and backward; nothing in evaluation
#pragma once

#include <cstdint>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/nn/context.hpp"

namespace limpid {

template <class Real>
class LIMPID_API Dropout {
 public:
  using Matrix = limpid::Matrix<Real>;

  struct Cache {
    bool active = false;             ///< whether anything was dropped at all
    std::uint64_t stream_state = 0;  ///< makes the mask again
    Index rows = 0, cols = 0;        ///< to check dy
    Index bytes() const { return static_cast<Index>(sizeof(Cache)); }
  };

  Dropout() = default;
  explicit Dropout(double drop_probability);

  /// Drops when context.dropout is given and probability is above 0, and then moves that stream by the
  /// size of x. In place: give x away with std::move.
  Matrix forward(Matrix x, const Context& context, Cache* cache) const;
  Matrix backward(Matrix dy, const Cache& cache) const;

  double probability = 0;
};

}  // namespace limpid
