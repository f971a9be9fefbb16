/// The gated feed-forward layer (SwiGLU): one projection says what, a second one how much of it.
///
///   gate   = x W_gate^T                    [N, F]
///   up     = x W_up^T                      [N, F]
///   y      = (silu(gate) * up) W_down^T    * by element, no biases
///
/// W_gate and W_up read the same x, so they are one product: `gate_up.weight` holds the rows of the
/// gate first, then those of up, and the two halves of its output are used where they lie.
///
/// SOURCE  Shazeer 2020, arXiv:2002.05202, section 2, equation 6 (its W, V and W2)
/// SHAPES  x, y, dy, dx [N, C];  gate_up.weight [2F, C];  down.weight [C, F]
/// SAVES   x, gate and up, silu(gate) * up: (C + 3 F) N numbers
/// USES    core, nn/activation, nn/initial_deviation, nn/linear
/// ERRORS  std::invalid_argument when x or dy has another width
/// COST    6 N C F operations forward, twice that backward
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/initial_deviation.hpp"
#include "limpid/nn/linear.hpp"

namespace limpid {

template <class Real>
class LIMPID_API GatedFeedForward {
 public:
  using Matrix = limpid::Matrix<Real>;

  struct Cache {
    typename Linear<Real>::Cache gate_up;  ///< x
    /// [N, 2F] gate, then up: silu(gate) is the slope in up, up * silu'(gate) that in gate
    Matrix hidden;
    typename Linear<Real>::Cache down;  ///< silu(gate) * up
    Index bytes() const {
      return gate_up.bytes() + hidden.size() * static_cast<Index>(sizeof(Real)) + down.bytes();
    }
  };

  GatedFeedForward() = default;
  /// `down` writes into the residual stream, so deep models draw it smaller, by this factor.
  GatedFeedForward(Index width, Index hidden, Rng& rng, double down_scale = 1);

  Matrix forward(Matrix x, Cache* cache) const;
  Matrix backward(const Matrix& dy, const Cache& cache);
  Parameters<Real> parameters();

  Linear<Real> gate_up, down;
};

}  // namespace limpid
