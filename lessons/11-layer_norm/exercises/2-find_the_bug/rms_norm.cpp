// RMS norm, forward and backward, with one mistake. The header says what each thing is:
// src/limpid/nn/rms_norm.hpp. Find the mistake and mend it, then:
//
//   ./dev learn layer_norm 2
#include "limpid/nn/rms_norm.hpp"

#include <cmath>

#include "limpid/core/check.hpp"

namespace limpid {

template <class Real>
RmsNorm<Real>::RmsNorm(Index width, double epsilon)
    : gain(RowVector::Ones(width)), gain_grad(RowVector::Zero(width)), eps(epsilon) {}

// x, y [N, C]: row i is one token.
template <class Real>
auto RmsNorm<Real>::forward(const Matrix& x, Cache* cache) const -> Matrix {
  check_shape("rms_norm", "x", x, kAny, gain.cols());
  Matrix x_hat(x.rows(), x.cols()), y(x.rows(), x.cols());
  RowVector rrms(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    const Real mean_square = x.row(i).array().square().mean();
    rrms[i] = Real(1) / std::sqrt(mean_square + static_cast<Real>(eps));
    x_hat.row(i) = x.row(i) * rrms[i];
    y.row(i).array() = x_hat.row(i).array() * gain.array();
  }
  if (cache != nullptr) {
    cache->x_hat = x_hat;
    cache->rrms = rrms;
  }
  return y;
}

// dy, dx [N, C]. Adds to gain_grad, returns dx.
template <class Real>
auto RmsNorm<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("rms_norm", "dy", dy, cache.x_hat.rows(), gain.cols());
  const Matrix& x_hat = cache.x_hat;
  Matrix dx(dy.rows(), dy.cols());
  for (Index i = 0; i < dy.rows(); ++i) {
    gain_grad.array() += dy.row(i).array() * x_hat.row(i).array();

    // Making x longer changes nothing: take away the component along x_hat.
    const RowVector dx_hat = (dy.row(i).array() * gain.array()).matrix();
    const Real along_x_hat = (dx_hat.array() * x_hat.row(i).array()).mean();
    dx.row(i) = cache.rrms[i] * (dx_hat - x_hat.row(i) * along_x_hat);
  }
  return dx;
}

template <class Real>
auto RmsNorm<Real>::parameters() -> Parameters<Real> {
  return {vector_parameter("gain", gain, gain_grad)};
}

template class RmsNorm<float>;
template class RmsNorm<double>;

}  // namespace limpid
