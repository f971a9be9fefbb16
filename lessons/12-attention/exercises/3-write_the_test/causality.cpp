// A test for the mask. It is handed a head of attention, and says whether every token looks at itself
// and at all that came before it, and at nothing else. Write it, then:
//
//   ./dev learn attention 3
#include "limpid/core/rng.hpp"

#include "support/todo.hpp"
#include "trial.hpp"

namespace limpid::lesson {

bool is_right(const Head& head) {
  const Index T = 6, D = 4;
  Rng rng(1);
  Matrix<double> q(T, D), k(T, D), v(T, D);
  for (double& number : q.reshaped()) number = rng.normal();
  for (double& number : k.reshaped()) number = rng.normal();
  for (double& number : v.reshaped()) number = rng.normal();
  //> // head(q, k, v) is the call on trial. Which rows of y must change, and which must not, when the
  //> // key and the value of one token do? A matrix m has m.row(i), m.topRows(n) and m.norm().
  //> todo("the test: true for a right mask, false for a wrong one");
  const Matrix<double> before = head(q, k, v);
  for (Index token = 0; token < T; ++token) {
    Matrix<double> other_k = k, other_v = v;
    other_k.row(token).setConstant(2);
    other_v.row(token).setConstant(3);
    const Matrix<double> change = head(q, other_k, other_v) - before;
    if (!(change.topRows(token).norm() <= 1e-12)) return false;
    for (Index i = token; i < T; ++i) {
      if (!(change.row(i).norm() >= 1e-6)) return false;
    }
  }
  return true;
  //<
}

}  // namespace limpid::lesson
