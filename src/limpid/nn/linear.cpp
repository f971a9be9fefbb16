#include "limpid/nn/linear.hpp"

#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

template <class Real>
Linear<Real>::Linear(Index in, Index out, bool with_bias, Rng& rng, double deviation)
    : weight(normal_matrix<Real>(out, in, deviation, rng)),
      weight_grad(Matrix::Zero(out, in)),
      bias(RowVector::Zero(with_bias ? out : 0)),
      bias_grad(RowVector::Zero(with_bias ? out : 0)) {}

//   y[n, o] = sum_i x[n, i] W[o, i] + b[o]
//
// Row o of W belongs to output o, so W stands transposed in the product: y = x W^T + b.
template <class Real>
auto Linear<Real>::forward(Matrix x, Cache* cache) const -> Matrix {
  check_shape("linear", "x", x, kAny, weight.cols());
  Matrix y(x.rows(), weight.rows());
  if (has_bias()) {
    // Every row of y starts at the bias, and the product is added to it.
    parallel_rows(y.rows(), y.cols(), [&](Index begin, Index end) {
      y.middleRows(begin, end - begin).rowwise() = bias;
    });
    matmul_add<Real>(y, x, t(weight));
  } else {
    matmul_into<Real>(y, x, t(weight));
  }
  if (cache != nullptr) cache->x = std::move(x);
  return y;
}

// Where does each number stand in y, and with which slope? W[o, i] in output o of every row, with slope
// x[n, i]; x[n, i] in every output of its row, with slope W[o, i]. Over paths, gradients are added:
//
//   dW[o, i] += sum_n dy[n, o] x[n, i]      dW += dy^T x      a sum over the rows
//   db[o]    += sum_n dy[n, o]                                a sum over the rows
//   dx[n, i]  = sum_o dy[n, o] W[o, i]      dx  = dy W        a sum over the outputs
template <class Real>
auto Linear<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("linear", "dy", dy, cache.x.rows(), weight.rows());
  matmul_add<Real>(weight_grad, t(dy), cache.x);
  if (has_bias()) {
    // One bias serves every row, so its gradient is the sum over the rows.
    ordered_row_sum(dy.rows(), bias_grad, [&](Index begin, Index end, auto partial) {
      partial = dy.middleRows(begin, end - begin).colwise().sum();
    });
  }
  return matmul<Real>(dy, weight);
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
