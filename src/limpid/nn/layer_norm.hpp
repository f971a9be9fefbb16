/// Layer normalisation: give every token mean 0 and variance 1 across its channels, then let the
/// model choose a scale and an offset per channel.
///
///   x_hat = (x - mean(x)) / sqrt(var(x) + eps)        var divides by C, not C - 1
///   y     = gain * x_hat + bias
///
/// SOURCE  Ba, Kiros, Hinton 2016, arXiv:1607.06450, section 3 (their g and b are gain and bias)
/// SHAPES  x, y, dy, dx [N, C];  gain, bias [C];  rstd [N]
/// SAVES   x_hat and rstd: x_hat costs N*C numbers, as x would, and need not be computed again
/// USES    core
/// ERRORS  std::invalid_argument when x or dy has another width than gain
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

template <class Real>
class LIMPID_API LayerNorm {
 public:
  using Matrix = limpid::Matrix<Real>;
  using RowVector = limpid::RowVector<Real>;

  struct Cache {
    Matrix x_hat;    ///< dgain = sum of dy * x_hat; dx takes away its component along x_hat
    RowVector rstd;  ///< 1 / sqrt(var + eps), one per row: a factor of all slopes
    Index bytes() const { return (x_hat.size() + rstd.size()) * static_cast<Index>(sizeof(Real)); }
  };

  LayerNorm() = default;
  /// gain 1, bias 0: at first the layer only normalises.
  explicit LayerNorm(Index width, double epsilon = 1e-5);

  Matrix forward(const Matrix& x, Cache* cache) const;
  Matrix backward(const Matrix& dy, const Cache& cache);
  Parameters<Real> parameters();

  RowVector gain, gain_grad;  // [C]
  RowVector bias, bias_grad;  // [C]
  double eps = 1e-5;
};

}  // namespace limpid
