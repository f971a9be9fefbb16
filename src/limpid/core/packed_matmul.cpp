#include "limpid/core/packed_matmul.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "limpid/core/parallel.hpp"
#include "limpid/core/vector.hpp"

namespace limpid {
namespace {

// The tile of c that lives in registers: 28 of 32 vector registers, or 12 of 16; the others hold
// two vectors of b and one number of a.
constexpr int kTileRows = kVectorRegisters == 32 ? 14 : 6;
constexpr int kTileVectors = 2;
template <class Real>
constexpr int kTileCols = kTileVectors* kLanes<Real>;

constexpr Index kDepth =
    256;  // run of k: a panel of b is then 32 KB, the size of a first-level cache

// Packed panels. A panel of a holds up to kTileRows rows, k by k, with this many places per k; a
// panel of b holds kTileCols columns, k by k. What places beyond the matrix hold does not matter.
template <class Real>
constexpr int kPanelRows = (kTileRows + kLanes<Real> - 1) / kLanes<Real>* kLanes<Real>;

// Copies `width` strided lines of length `depth` into a panel of `places` numbers per k:
//   panel[k * places + i] = line i at k
template <class Real>
void pack(Real* panel, int places, const Real* from, Index line_stride, Index k_stride, int width,
          Index depth) {
  constexpr int lanes = kLanes<Real>;
  Index k = 0;
  if (k_stride == 1 && line_stride != 1) {
    // Lines are contiguous along k: transpose squares in registers.
    for (; k + lanes <= depth; k += lanes) {
      for (int i = 0; i < places; i += lanes) {
        Vector<Real> square[lanes];
        for (int j = 0; j < lanes; ++j) {
          square[j] = i + j < width ? load(from + (i + j) * line_stride + k) : Vector<Real>{};
        }
        transpose<Real>(square);
        for (int j = 0; j < lanes; ++j) store(panel + (k + j) * places + i, square[j]);
      }
    }
  } else if (line_stride == 1 && (width == places || k_stride >= places)) {
    // Every k holds its numbers side by side: copy whole vectors. A panel that is not full copies some of
    // its neighbours' numbers too (they lie in the same row or the next, so not for the last k); nobody
    // looks at what a tile computes from them.
    const Index whole = width == places ? depth : depth - 1;
    for (; k < whole; ++k) {
      for (int i = 0; i < places; i += lanes) {
        store(panel + k * places + i, load(from + k * k_stride + i));
      }
    }
  }
  for (; k < depth; ++k) {
    for (int i = 0; i < places; ++i) {
      panel[k * places + i] = i < width ? from[i * line_stride + k * k_stride] : Real(0);
    }
  }
}

// The innermost loop, for a fixed number of rows and vectors: c tile (+)= a panel times b panel.
template <class Real, int Rows, int Vectors>
void tile(Index depth, const Real* a, const Real* b, Real* c, Index c_stride, Index cols,
          bool accumulate) {
  constexpr int lanes = kLanes<Real>;
  Vector<Real> sum[Rows][Vectors] = {};
  for (Index k = 0; k < depth; ++k) {
    Vector<Real> row_of_b[Vectors];
    for (int v = 0; v < Vectors; ++v) row_of_b[v] = load(b + k * kTileCols<Real> + v * lanes);
    for (int r = 0; r < Rows; ++r) {
      for (int v = 0; v < Vectors; ++v) sum[r][v] += a[k * kPanelRows<Real> + r] * row_of_b[v];
    }
  }
  if (cols == Vectors * lanes) {
    for (int r = 0; r < Rows; ++r) {
      for (int v = 0; v < Vectors; ++v) {
        Real* place = c + r * c_stride + v * lanes;
        store(place, accumulate ? load(place) + sum[r][v] : sum[r][v]);
      }
    }
  } else {
    // The last columns of c do not fill the vectors.
    for (int r = 0; r < Rows; ++r) {
      Real row[Vectors * lanes];
      for (int v = 0; v < Vectors; ++v) store(row + v * lanes, sum[r][v]);
      for (Index j = 0; j < cols; ++j) {
        Real& place = c[r * c_stride + j];
        place = accumulate ? place + row[j] : row[j];
      }
    }
  }
}

// One compiled tile per number of rows and vectors, so that an edge costs what it holds.
template <class Real>
using Tile = void (*)(Index, const Real*, const Real*, Real*, Index, Index, bool);

template <class Real, int Vectors, int... Rows>
constexpr std::array<Tile<Real>, sizeof...(Rows)> tiles(std::integer_sequence<int, Rows...>) {
  return {tile<Real, Rows + 1, Vectors>...};
}

template <class Real>
Tile<Real> tile_for(Index rows, Index cols) {
  using Sizes = std::make_integer_sequence<int, kTileRows>;
  static constexpr auto one = tiles<Real, 1>(Sizes());
  static constexpr auto two = tiles<Real, kTileVectors>(Sizes());
  const auto index = static_cast<std::size_t>(rows - 1);
  return cols <= kLanes<Real> ? one[index] : two[index];
}

// Memory for panels: each thread keeps its own and only ever lets it grow.
template <class Real>
Real* workspace(Index size) {
  thread_local RowVector<Real> memory;
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

Index pieces(Index size, Index piece) {
  return (size + piece - 1) / piece;
}

// One run of k for one block of c whose panels fit the workspace.
template <class Real>
void multiply_block(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, bool accumulate) {
  const Index depth = a.cols;
  // Panels of equal height: 64 rows become 13 + 13 + 13 + 13 + 12, not 4 x 14 + 8.
  const Index row_panels = pieces(c.rows(), kTileRows),
              col_panels = pieces(c.cols(), kTileCols<Real>);
  const Index panel_rows = pieces(c.rows(), row_panels);
  const Index a_size = depth * kPanelRows<Real>, b_size = depth * kTileCols<Real>;
  Real* const packed_a = workspace<Real>(row_panels * a_size + col_panels * b_size);
  Real* const packed_b = packed_a + row_panels * a_size;

  const Index panels_per_piece = std::max<Index>(1, kGrain / a_size);
  parallel_for(row_panels + col_panels, panels_per_piece, [&](Index begin, Index end) {
    for (Index panel = begin; panel < end; ++panel) {
      if (panel < row_panels) {
        const Index i = panel * panel_rows, rows = std::min(panel_rows, c.rows() - i);
        if (rows > 0) {
          pack(packed_a + panel * a_size, kPanelRows<Real>, a.data + i * a.row_stride, a.row_stride,
               a.col_stride, static_cast<int>(rows), depth);
        }
      } else {
        const Index p = panel - row_panels, j = p * kTileCols<Real>;
        pack(packed_b + p * b_size, kTileCols<Real>, b.data + j * b.col_stride, b.col_stride,
             b.row_stride, static_cast<int>(std::min<Index>(kTileCols<Real>, c.cols() - j)), depth);
      }
    }
  });

  // Blocks of 8 x 8 panels: their a panels stay in the second-level cache while each panel of b
  // passes.
  constexpr Index kBlock = 8;
  const Index blocks_down = pieces(row_panels, kBlock), blocks_across = pieces(col_panels, kBlock);
  parallel_for(blocks_down * blocks_across, 1, [&](Index block, Index) {
    const Index first_row = block / blocks_across * kBlock,
                first_col = block % blocks_across * kBlock;
    for (Index p = first_col; p < std::min(col_panels, first_col + kBlock); ++p) {
      const Index j = p * kTileCols<Real>, cols = std::min<Index>(kTileCols<Real>, c.cols() - j);
      for (Index q = first_row; q < std::min(row_panels, first_row + kBlock); ++q) {
        const Index i = q * panel_rows, rows = std::min(panel_rows, c.rows() - i);
        if (rows <= 0) continue;
        tile_for<Real>(rows, cols)(depth, packed_a + q * a_size, packed_b + p * b_size,
                                   c.data() + i * c.outerStride() + j, c.outerStride(), cols,
                                   accumulate);
      }
    }
  });
}

}  // namespace

template <class Real>
void packed_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store) {
  if (a.cols == 0 && store == Store::set) c.setZero();
  // Large matrices pass through in blocks, so that the panels never take more than a few megabytes.
  constexpr Index kRows = 2048, kCols = 2048;
  for (Index j = 0; j < c.cols(); j += kCols) {
    const Index cols = std::min(kCols, c.cols() - j);
    for (Index i = 0; i < c.rows(); i += kRows) {
      const Index rows = std::min(kRows, c.rows() - i);
      for (Index k = 0; k < a.cols; k += kDepth) {
        const Index depth = std::min(kDepth, a.cols - k);
        multiply_block<Real>(c.block(i, j, rows, cols), a.block(i, k, rows, depth),
                             b.block(k, j, depth, cols), store == Store::add || k > 0);
      }
    }
  }
}

template void packed_matmul(View<float>, const Factor<float>&, const Factor<float>&, Store);
template void packed_matmul(View<double>, const Factor<double>&, const Factor<double>&, Store);

}  // namespace limpid
