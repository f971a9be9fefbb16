// The backward pass of a linear layer. The header says what each thing is:
// src/limpid/nn/linear.hpp. Write what is missing, then grade it:
//
//   ./dev learn backprop 2
//
// Forward is y[n, o] = sum over i of x[n, i] weight[o, i], plus bias[o]. Loops are welcome:
// m(i, j) is an element, m.rows() and m.cols() are the sizes. Each of the three gradients is graded
// as soon as it is there.
#include "limpid/nn/linear.hpp"

#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"

#include "support/todo.hpp"

namespace limpid {

using lesson::todo;

template <class Real>
Linear<Real>::Linear(Index in, Index out, bool with_bias, Rng& rng, double deviation)
    : weight(out, in),
      weight_grad(Matrix::Zero(out, in)),
      bias(RowVector::Zero(with_bias ? out : 0)),
      bias_grad(RowVector::Zero(with_bias ? out : 0)) {
  for (Real& w : weight.template reshaped<Eigen::RowMajor>())
    w = static_cast<Real>(deviation * rng.normal());
}

// x [N, in], y [N, out], weight [out, in].
template <class Real>
auto Linear<Real>::forward(Matrix x, Cache* cache) const -> Matrix {
  check_shape("linear", "x", x, kAny, weight.cols());
  Matrix y = matmul<Real>(x, t(weight));
  if (has_bias()) y.rowwise() += bias;
  if (cache != nullptr) cache->x = std::move(x);
  return y;
}

// dy [N, out], dx [N, in]. Adds to weight_grad and bias_grad, returns dx.
template <class Real>
auto Linear<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("linear", "dy", dy, cache.x.rows(), weight.rows());
  const Matrix& x = cache.x;
  //> // weight(o, i) makes y(n, o) from x(n, i), in every row n.
  //> todo("weight: what every row gives to weight_grad");
  for (Index n = 0; n < x.rows(); ++n) {
    for (Index o = 0; o < weight.rows(); ++o) {
      for (Index i = 0; i < weight.cols(); ++i) weight_grad(o, i) += dy(n, o) * x(n, i);
    }
  }
  //<
  if (has_bias()) {
    //> // bias[o] is added to y(n, o), in every row n.
    //> todo("bias: what every row gives to bias_grad");
    for (Index n = 0; n < dy.rows(); ++n) {
      for (Index o = 0; o < dy.cols(); ++o) bias_grad[o] += dy(n, o);
    }
    //<
  }
  Matrix dx = Matrix::Zero(x.rows(), x.cols());
  //> // x(n, i) reaches y(n, o) for every output o.
  //> todo("x: row by row, what every output gives to dx");
  for (Index n = 0; n < x.rows(); ++n) {
    for (Index o = 0; o < weight.rows(); ++o) {
      for (Index i = 0; i < weight.cols(); ++i) dx(n, i) += dy(n, o) * weight(o, i);
    }
  }
  //<
  return dx;
}

template <class Real>
auto Linear<Real>::parameters() -> Parameters<Real> {
  Parameters<Real> all{matrix_parameter("weight", weight, weight_grad)};
  if (has_bias()) all.push_back(vector_parameter("bias", bias, bias_grad));
  return all;
}

template class Linear<float>;
template class Linear<double>;

}  // namespace limpid
