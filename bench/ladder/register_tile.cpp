// Step 4, registers: the steps before load and store a number of c for every multiply-add. Here a tile of c
// stays in vector registers while k runs, so that nearly all instructions are multiply-adds.
#include <algorithm>

#include "tile.hpp"

namespace limpid::ladder {

void register_tile(const Floats& a, const Floats& b, Floats& c) {
  c.setZero();
  for (Index k = 0; k < a.cols(); k += kDepth) {
    const Index depth = std::min(kDepth, a.cols() - k);
    for (Index j = 0; j < c.cols(); j += kTileCols) {
      for (Index i = 0; i < c.rows(); i += kTileRows) {
        add_tile(&a(i, k), &b(k, j), &c(i, j), depth, {a.cols(), 1, b.cols(), c.cols()});
      }
    }
  }
}

}  // namespace limpid::ladder
