#include "limpid/nn/layer_norm.hpp"

#include <cmath>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

template <class Real>
LayerNorm<Real>::LayerNorm(Index width, double epsilon)
    : gain(RowVector::Ones(width)),
      gain_grad(RowVector::Zero(width)),
      bias(RowVector::Zero(width)),
      bias_grad(RowVector::Zero(width)),
      eps(epsilon) {}

// For each row, a token:
//
//   mean  = sum_j x[j] / C
//   var   = sum_j (x[j] - mean)^2 / C
//   x_hat = (x - mean) / sqrt(var + eps)
template <class Real>
auto LayerNorm<Real>::forward(const Matrix& x, Cache* cache) const -> Matrix {
  check_shape("layer_norm", "x", x, kAny, gain.cols());
  Matrix y(x.rows(), x.cols());
  if (cache != nullptr) {
    cache->x_hat.resize(x.rows(), x.cols());
    cache->rstd.resize(x.rows());
  }
  parallel_rows(x.rows(), x.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      // Centre first, then take the mean square: x^2 - mean^2 would cancel when the mean is large.
      const Real mean = x.row(i).mean();
      const Real variance = (x.row(i).array() - mean).square().mean();
      const Real rstd = Real(1) / std::sqrt(variance + static_cast<Real>(eps));
      if (cache == nullptr) {
        y.row(i).array() = (x.row(i).array() - mean) * rstd * gain.array() + bias.array();
      } else {
        cache->x_hat.row(i).array() = (x.row(i).array() - mean) * rstd;
        cache->rstd[i] = rstd;
        y.row(i).array() = cache->x_hat.row(i).array() * gain.array() + bias.array();
      }
    }
  });
  return y;
}

// The slope of x_hat[j] in x[i] has three parts, since the mean and the variance are made of x too:
//
//   d x_hat[j] / d x[i] = rstd * ([i = j]  -  1/C  -  x_hat[i] x_hat[j] / C)
//                                 direct      mean    variance
//
// Summed over j with dx_hat[j] as weights, the C times C slopes become two means.
template <class Real>
auto LayerNorm<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("layer_norm", "dy", dy, cache.x_hat.rows(), gain.cols());
  const Matrix& x_hat = cache.x_hat;

  // gain and bias serve every row: their gradients are sums over the rows.
  ordered_row_sum(dy.rows(), gain_grad, [&](Index begin, Index end, auto partial) {
    for (Index i = begin; i < end; ++i) partial.array() += dy.row(i).array() * x_hat.row(i).array();
  });
  ordered_row_sum(dy.rows(), bias_grad, [&](Index begin, Index end, auto partial) {
    for (Index i = begin; i < end; ++i) partial += dy.row(i);
  });

  // x reaches y directly, through the mean and through the variance. The last two take away from
  // dx_hat = dy * gain its components along 1 and along x_hat:
  //   dx = rstd * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat))
  Matrix dx(dy.rows(), dy.cols());
  parallel_rows(dy.rows(), dy.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      dx.row(i).array() = dy.row(i).array() * gain.array();
      const Real along_one = dx.row(i).mean();
      const Real along_x_hat = (dx.row(i).array() * x_hat.row(i).array()).mean();
      dx.row(i).array() =
          cache.rstd[i] * (dx.row(i).array() - along_one - x_hat.row(i).array() * along_x_hat);
    }
  });
  return dx;
}

template <class Real>
auto LayerNorm<Real>::parameters() -> Parameters<Real> {
  return {vector_parameter("gain", gain, gain_grad), vector_parameter("bias", bias, bias_grad)};
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace limpid
