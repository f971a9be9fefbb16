/// The feed-forward layer of a transformer: what every token does by itself after it has looked
/// around. Widen, bend, come back.
///
///   hidden = x W_up^T + b_up          [N, F], usually F = 4 C
///   y      = f(hidden) W_down^T + b_down
///
/// SOURCE  Vaswani et al. 2017, arXiv:1706.03762, section 3.3 (there with ReLU; GPT-2 with GELU)
/// SHAPES  x, y, dy, dx [N, C];  hidden [N, F];  up.weight [F, C];  down.weight [C, F]
/// SAVES   x, hidden and f(hidden): (C + 2 F) N numbers
/// USES    core, nn/activation, nn/initial_deviation, nn/linear
/// ERRORS  std::invalid_argument when x or dy has another width
/// COST    4 N C F operations forward, twice that backward
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/activation.hpp"
#include "limpid/nn/initial_deviation.hpp"
#include "limpid/nn/linear.hpp"

namespace limpid {

template <class Real>
class LIMPID_API FeedForward {
 public:
  using Matrix = limpid::Matrix<Real>;

  struct Cache {
    typename Linear<Real>::Cache up;    ///< x
    Matrix hidden;                      ///< f's slope is taken at hidden
    typename Linear<Real>::Cache down;  ///< f(hidden)
    Index bytes() const {
      return up.bytes() + hidden.size() * static_cast<Index>(sizeof(Real)) + down.bytes();
    }
  };

  FeedForward() = default;
  /// `down` writes into the residual stream, so deep models draw it smaller, by this factor.
  FeedForward(Index width, Index hidden, Activation kind, bool with_bias, Rng& rng,
              double down_scale = 1);

  Matrix forward(Matrix x, Cache* cache) const;
  Matrix backward(const Matrix& dy, const Cache& cache);
  Parameters<Real> parameters();

  Linear<Real> up, down;
  Activation activation = Activation::gelu_tanh;
};

}  // namespace limpid
