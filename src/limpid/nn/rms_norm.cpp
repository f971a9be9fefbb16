#include "limpid/nn/rms_norm.hpp"

#include <cmath>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

template <class Real>
RmsNorm<Real>::RmsNorm(Index width, double epsilon)
    : gain(RowVector::Ones(width)), gain_grad(RowVector::Zero(width)), eps(epsilon) {}

template <class Real>
auto RmsNorm<Real>::forward(const Matrix& x, Cache* cache) const -> Matrix {
  check_shape("rms_norm", "x", x, kAny, gain.cols());
  Matrix y(x.rows(), x.cols());
  if (cache != nullptr) {
    cache->x_hat.resize(x.rows(), x.cols());
    cache->rrms.resize(x.rows());
  }
  parallel_rows(x.rows(), x.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Real mean_square = x.row(i).array().square().mean();
      const Real rrms = Real(1) / std::sqrt(mean_square + static_cast<Real>(eps));
      if (cache == nullptr) {
        y.row(i).array() = x.row(i).array() * rrms * gain.array();
      } else {
        cache->x_hat.row(i).array() = x.row(i).array() * rrms;
        cache->rrms[i] = rrms;
        y.row(i).array() = cache->x_hat.row(i).array() * gain.array();
      }
    }
  });
  return y;
}

// The slope of x_hat[j] in x[i] has two parts, since the root is made of x too:
//
//   d x_hat[j] / d x[i] = rrms * ([i = j]  -  x_hat[i] x_hat[j] / C)
//
// Summed over j with dx_hat[j] as weights, the second becomes a mean.
template <class Real>
auto RmsNorm<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("rms_norm", "dy", dy, cache.x_hat.rows(), gain.cols());
  const Matrix& x_hat = cache.x_hat;

  // One gain serves every row, so its gradient is a sum over the rows.
  ordered_row_sum(dy.rows(), gain_grad, [&](Index begin, Index end, auto partial) {
    for (Index i = begin; i < end; ++i) partial.array() += dy.row(i).array() * x_hat.row(i).array();
  });

  // x reaches y directly and through the root. The second path takes away from dx_hat = dy * gain
  // its component along x_hat: but for eps, making x longer changes nothing, so no gradient points that
  // way.
  //   dx = rrms * (dx_hat - x_hat * mean(dx_hat * x_hat))
  Matrix dx(dy.rows(), dy.cols());
  parallel_rows(dy.rows(), dy.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      dx.row(i).array() = dy.row(i).array() * gain.array();
      const Real along_x_hat = (dx.row(i).array() * x_hat.row(i).array()).mean();
      dx.row(i).array() = cache.rrms[i] * (dx.row(i).array() - x_hat.row(i).array() * along_x_hat);
    }
  });
  return dx;
}

template <class Real>
auto RmsNorm<Real>::parameters() -> Parameters<Real> {
  return {vector_parameter("gain", gain, gain_grad)};
}

template class RmsNorm<float>;
template class RmsNorm<double>;

}  // namespace limpid
