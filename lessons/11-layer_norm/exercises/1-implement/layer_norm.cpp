// Layer norm, forward and backward. The header says what each thing is:
// src/limpid/nn/layer_norm.hpp. Write what is missing, then grade it:
//
//   ./dev learn layer_norm
//
// Useful in Eigen: m.row(i).mean(), m.row(i).sum(), and with .array() element by element:
// a.array() * b.array(), a.array() - number, a.array().square().
#include "limpid/nn/layer_norm.hpp"

#include <cmath>

#include "limpid/core/check.hpp"

#include "support/todo.hpp"

namespace limpid {

using lesson::todo;

template <class Real>
LayerNorm<Real>::LayerNorm(Index width, double epsilon)
    : gain(RowVector::Ones(width)),
      gain_grad(RowVector::Zero(width)),
      bias(RowVector::Zero(width)),
      bias_grad(RowVector::Zero(width)),
      eps(epsilon) {}

// x, y [N, C]: row i is one token.
template <class Real>
auto LayerNorm<Real>::forward(const Matrix& x, Cache* cache) const -> Matrix {
  check_shape("layer_norm", "x", x, kAny, gain.cols());
  Matrix x_hat(x.rows(), x.cols()), y(x.rows(), x.cols());
  RowVector rstd(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    //> // Fill rstd[i], x_hat.row(i) and y.row(i).
    //> todo("forward: mean 0 and variance 1 for row i, then gain and bias");
    const Real mean = x.row(i).mean();
    const Real variance = (x.row(i).array() - mean).square().mean();
    rstd[i] = Real(1) / std::sqrt(variance + static_cast<Real>(eps));
    x_hat.row(i).array() = (x.row(i).array() - mean) * rstd[i];
    y.row(i).array() = x_hat.row(i).array() * gain.array() + bias.array();
    //<
  }
  if (cache != nullptr) {  // what backward will need
    cache->x_hat = x_hat;
    cache->rstd = rstd;
  }
  return y;
}

// dy, dx [N, C]. Adds to gain_grad and bias_grad, returns dx.
template <class Real>
auto LayerNorm<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("layer_norm", "dy", dy, cache.x_hat.rows(), gain.cols());
  const Matrix& x_hat = cache.x_hat;
  Matrix dx(dy.rows(), dy.cols());
  for (Index i = 0; i < dy.rows(); ++i) {
    //> // gain and bias are used by every row: add this row's share to gain_grad and bias_grad.
    //> todo("backward: what row i gives to gain_grad and bias_grad");
    gain_grad.array() += dy.row(i).array() * x_hat.row(i).array();
    bias_grad += dy.row(i);
    //<

    //> // x reaches y on three paths: directly, through the mean, and through the variance.
    //> todo("backward: row i of dx");
    const RowVector dx_hat = (dy.row(i).array() * gain.array()).matrix();
    const Real along_one = dx_hat.mean();
    const Real along_x_hat = (dx_hat.array() * x_hat.row(i).array()).mean();
    dx.row(i).array() =
        cache.rstd[i] * (dx_hat.array() - along_one - x_hat.row(i).array() * along_x_hat);
    //<
  }
  return dx;
}

template <class Real>
auto LayerNorm<Real>::parameters() -> Parameters<Real> {
  return {vector_parameter("gain", gain, gain_grad), vector_parameter("bias", bias, bias_grad)};
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace limpid
