// Step 6, threads: blocks of rows of c are shared out. No two threads write to one number, and each sum
// keeps its order, so the result has the same bits as with one thread.
#include <algorithm>

#include "limpid/core/parallel.hpp"

#include "ladder.hpp"

namespace limpid::ladder {

void shared(const Floats& a, const Floats& b, Floats& c) {
  c.setZero();
  for (Index k = 0; k < a.cols(); k += kDepth) {
    const Index depth = std::min(kDepth, a.cols() - k);
    const std::vector<float> packed_b = packed_columns(b, k, depth);
    parallel_for(c.rows(), kBlockRows, [&](Index begin, Index end) {
      multiply_rows(a, packed_b, c, begin, end - begin, k, depth);
    });
  }
}

}  // namespace limpid::ladder
