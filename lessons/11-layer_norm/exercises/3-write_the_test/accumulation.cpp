// A test for the gradients of gain and bias. It is handed a backward pass, and says whether it is
// right: yes to ours, no to those that write `gain_grad = ...` where `+=` belongs. Write it, then:
//
//   ./dev learn layer_norm 3
#include "support/todo.hpp"
#include "trial.hpp"

namespace limpid::lesson {

bool is_right(const Backward& backward) {
  Norm norm(4);
  Matrix<double> x(2, 4), dy(2, 4);
  x << 1, 2, 3, 6,  //
      0, 2, 0, 2;
  dy << 1, 0, -1, 2,  //
      0, 3, 1, 1;
  Norm::Cache cache;
  norm.forward(x, &cache);
  //> // backward(norm, dy, cache) is the call on trial. What must norm.gain_grad and norm.bias_grad
  //> // hold after one call, and after two? cache.x_hat is there to compare with.
  //> todo("the test: true for a right backward pass, false for a wrong one");
  const RowVector<double> gain_once = (dy.array() * cache.x_hat.array()).colwise().sum().matrix();
  const RowVector<double> bias_once = dy.colwise().sum();
  backward(norm, dy, cache);
  backward(norm, dy, cache);
  const double error =
      (norm.gain_grad - 2 * gain_once).norm() + (norm.bias_grad - 2 * bias_once).norm();
  return error <= 1e-12;
  //<
}

}  // namespace limpid::lesson
