// Step 1, the definition: c(i, j) is row i of a times column j of b. Going down a column touches a new line
// of memory for every number, and each sum waits for the addition before it.
#include "ladder.hpp"

namespace limpid::ladder {

void naive(const Floats& a, const Floats& b, Floats& c) {
  for (Index i = 0; i < c.rows(); ++i) {
    for (Index j = 0; j < c.cols(); ++j) {
      float sum = 0;
      for (Index k = 0; k < a.cols(); ++k) sum += a(i, k) * b(k, j);
      c(i, j) = sum;
    }
  }
}

}  // namespace limpid::ladder
