/// RMS normalisation: divide every token by the root of its mean square, then let the model choose
/// a scale per channel. A layer norm without the mean and without the bias: what helps is the equal
/// length, not the centring.
///
///   x_hat = x / sqrt(mean(x^2) + eps)
///   y     = gain * x_hat
///
/// SOURCE  Zhang, Sennrich 2019, arXiv:1910.07467, section 4 (their g is gain; eps as in Llama)
/// SHAPES  x, y, dy, dx [N, C];  gain [C];  rrms [N]
/// SAVES   x_hat and rrms: N*C + N numbers
/// USES    core
/// ERRORS  std::invalid_argument when x or dy has another width than gain
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

template <class Real>
class LIMPID_API RmsNorm {
 public:
  using Matrix = limpid::Matrix<Real>;
  using RowVector = limpid::RowVector<Real>;

  struct Cache {
    Matrix x_hat;    ///< dgain = sum of dy * x_hat; dx takes away its component along x_hat
    RowVector rrms;  ///< 1 / sqrt(mean(x^2) + eps), one per row: a factor of all slopes
    Index bytes() const { return (x_hat.size() + rrms.size()) * static_cast<Index>(sizeof(Real)); }
  };

  RmsNorm() = default;
  /// gain 1: at first the layer only normalises.
  explicit RmsNorm(Index width, double epsilon = 1e-5);

  Matrix forward(const Matrix& x, Cache* cache) const;
  Matrix backward(const Matrix& dy, const Cache& cache);
  Parameters<Real> parameters();

  RowVector gain, gain_grad;  // [C]
  double eps = 1e-5;
};

}  // namespace limpid
