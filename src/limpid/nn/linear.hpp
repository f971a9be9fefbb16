/// A linear layer: every output channel is a weighted sum of the input channels, plus a bias.
///
///   y = x W^T + b
///
/// W is stored [out, in], as model files do: row o holds the weights of output o.
///
///   dx = dy W       dW += dy^T x       db += sum of dy's rows
///
/// W is used once per row of x, so its gradient adds over the rows, and that sum is a product
/// again.
///
/// SOURCE  Goodfellow, Bengio, Courville 2016, "Deep Learning", section 6.5.6
/// SHAPES  x, dx [N, in];  y, dy [N, out];  weight [out, in];  bias [out] or empty
/// SAVES   x, because dW needs it
/// USES    core, nn/initial_deviation
/// ERRORS  std::invalid_argument when x or dy has another width
/// COST    2 N in out operations forward, twice that backward
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/initial_deviation.hpp"

namespace limpid {

template <class Real>
class LIMPID_API Linear {
 public:
  using Matrix = limpid::Matrix<Real>;
  using RowVector = limpid::RowVector<Real>;

  struct Cache {
    Matrix x;  ///< dW = dy^T x
    Index bytes() const { return x.size() * static_cast<Index>(sizeof(Real)); }
  };

  Linear() = default;
  /// Weights drawn from a normal distribution with this deviation, biases zero.
  Linear(Index in, Index out, bool with_bias, Rng& rng, double deviation);
  Linear(Index in, Index out, bool with_bias, Rng& rng)
      : Linear(in, out, with_bias, rng, initial_deviation(in)) {}

  Matrix forward(Matrix x, Cache* cache) const;
  Matrix backward(const Matrix& dy, const Cache& cache);
  Parameters<Real> parameters();

  bool has_bias() const { return bias.size() > 0; }

  Matrix weight, weight_grad;  // [out, in]
  RowVector bias, bias_grad;   // [out], or [0] without bias
};

}  // namespace limpid
