// Step 5, packing: a tile of step 4 jumps from row to row of a and b, and rows that lie a power of two apart
// fall on the same few places of a cache. Here panels of both are first copied into the order in
// which tiles read them; a copy of n numbers serves many times n multiply-adds.
#include <algorithm>

#include "tile.hpp"

namespace limpid::ladder {

// All columns of b, a panel of kTileCols behind the other, each row by row.
std::vector<float> packed_columns(const Floats& b, Index first_k, Index depth) {
  std::vector<float> panels(static_cast<std::size_t>(depth * b.cols()));
  float* to = panels.data();
  for (Index j = 0; j < b.cols(); j += kTileCols) {
    for (Index k = 0; k < depth; ++k) to = std::copy_n(&b(first_k + k, j), kTileCols, to);
  }
  return panels;
}

// Some rows of a, a panel of kTileRows behind the other, each column by column.
static std::vector<float> packed_rows(const Floats& a, Index first_row, Index rows, Index first_k,
                                      Index depth) {
  std::vector<float> panels(static_cast<std::size_t>(rows * depth));
  float* to = panels.data();
  for (Index i = first_row; i < first_row + rows; i += kTileRows) {
    for (Index k = first_k; k < first_k + depth; ++k) {
      for (Index row = 0; row < kTileRows; ++row) *to++ = a(i + row, k);
    }
  }
  return panels;
}

// Adds a run of k to some rows of c: each panel of b stays in the first cache while the rows pass.
void multiply_rows(const Floats& a, const std::vector<float>& packed_b, Floats& c, Index first_row,
                   Index rows, Index first_k, Index depth) {
  const std::vector<float> packed_a = packed_rows(a, first_row, rows, first_k, depth);
  for (Index j = 0; j < c.cols(); j += kTileCols) {
    for (Index i = 0; i < rows; i += kTileRows) {
      add_tile(&packed_a[static_cast<std::size_t>(i * depth)],
               &packed_b[static_cast<std::size_t>(j * depth)], &c(first_row + i, j), depth,
               {1, kTileRows, kTileCols, c.cols()});
    }
  }
}

void packing(const Floats& a, const Floats& b, Floats& c) {
  c.setZero();
  for (Index k = 0; k < a.cols(); k += kDepth) {
    const Index depth = std::min(kDepth, a.cols() - k);
    const std::vector<float> packed_b = packed_columns(b, k, depth);
    for (Index i = 0; i < c.rows(); i += kBlockRows) {
      multiply_rows(a, packed_b, c, i, std::min(kBlockRows, c.rows() - i), k, depth);
    }
  }
}

}  // namespace limpid::ladder
