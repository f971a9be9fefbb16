// Step 3, blocks: step 2 reads all of b for every row of c. Here a block of b that fits the second cache is
// used for all rows before the next one comes. That pays where b is larger than all caches; below, the
// inner loop is busy loading and storing c, and hardly minds where b comes from.
#include <algorithm>

#include "ladder.hpp"

namespace limpid::ladder {

void cache_blocking(const Floats& a, const Floats& b, Floats& c) {
  constexpr Index kBlockDepth = 64, kBlockCols = 1024;  // 256 KB of b, and 4 KB of a row of c
  c.setZero();
  for (Index first_j = 0; first_j < c.cols(); first_j += kBlockCols) {
    const Index end_j = std::min(first_j + kBlockCols, c.cols());
    for (Index first_k = 0; first_k < a.cols(); first_k += kBlockDepth) {
      const Index end_k = std::min(first_k + kBlockDepth, a.cols());
      for (Index i = 0; i < c.rows(); ++i) {
        for (Index k = first_k; k < end_k; ++k) {
          const float factor = a(i, k);
          for (Index j = first_j; j < end_j; ++j) c(i, j) += factor * b(k, j);
        }
      }
    }
  }
}

}  // namespace limpid::ladder
