// Step 2, the loops in another order: a row of c gathers a(i, k) times row k of b. The inner loop runs
// along rows, as numbers lie in memory, and its sums do not wait for each other, so that the compiler
// makes vectors of it by itself.
#include "ladder.hpp"

namespace limpid::ladder {

void loop_order(const Floats& a, const Floats& b, Floats& c) {
  c.setZero();
  for (Index i = 0; i < c.rows(); ++i) {
    for (Index k = 0; k < a.cols(); ++k) {
      const float factor = a(i, k);
      for (Index j = 0; j < c.cols(); ++j) c(i, j) += factor * b(k, j);
    }
  }
}

}  // namespace limpid::ladder
