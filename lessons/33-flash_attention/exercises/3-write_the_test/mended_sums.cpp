// A test for flash attention's forward pass. It is handed a head that takes its keys in tiles of 128,
// and says whether its output is that of plain attention. Write it, then:
//
//   ./dev learn flash_attention 3
#include "limpid/core/rng.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"

#include "support/todo.hpp"
#include "trial.hpp"

namespace limpid::lesson {

namespace {

Matrix<double> normal_matrix(Index rows, Index cols, Rng& rng) {
  Matrix<double> m(rows, cols);
  for (double& number : m.reshaped()) number = rng.normal();
  return m;
}

Matrix<double> plain(const Matrix<double>& q, const Matrix<double>& k, const Matrix<double>& v) {
  Matrix<double> y(q.rows(), q.cols());
  scaled_dot_product_attention<double>(y, q, k, v, {.causal = false}, nullptr);
  return y;
}

}  // namespace

bool is_right(const Head& head) {
  Rng rng(1);
  //> // head(q, k, v) is the call on trial, plain(q, k, v) the right answer. How many keys does it
  //> // take, and which, for the mistakes to show? normal_matrix(rows, cols, rng) makes random numbers.
  //> todo("the test: true for a right head, false for a wrong one");
  const Index keys = 300;
  const Matrix<double> q = normal_matrix(5, 4, rng);
  Matrix<double> k = normal_matrix(keys, 4, rng), v = normal_matrix(keys, 4, rng);
  const double error = (head(q, k, v) - plain(q, k, v)).norm();
  return error <= 1e-12;
  //<
}

}  // namespace limpid::lesson
