#include "limpid/core/packed_matmul.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
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

// The run of k that one tile sums up. Eight panels of a and one of b then fit a second-level cache, which is
// where the tile reads them from: it needs 13 bytes of them per cycle, and the cache gives several times that.
constexpr Index kDepth = 512;

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
  Vector<Real> sum[Rows][Vectors];  // set one by one: "= {}" fills memory first, and reads it back
  for (auto& row : sum) {
    for (Vector<Real>& v : row) v = Vector<Real>{};
  }
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
struct Workspace {
  RowVector<Real> memory;
  std::uint64_t call = 0;  // for which call of multiply_part the shared factor lies in it

  Real* at_least(Index size) {
    if (memory.size() < size) memory.resize(size);
    return memory.data();
  }
};

Index pieces(Index size, Index piece) {
  return (size + piece - 1) / piece;
}

// How the rows of a, or the columns of b, are divided into panels.
struct Panels {
  Index length;  // rows of a, or columns of b
  Index height;  // of one panel; the last may have fewer

  Index count() const { return pieces(length, height); }
  Index first(Index panel) const { return panel * height; }
  Index size(Index panel) const { return std::min(height, length - panel * height); }
};

template <class Real>
void pack_rows(Real* to, const Factor<Real>& a, const Panels& panels, Index begin, Index end) {
  for (Index q = begin; q < end; ++q, to += a.cols * kPanelRows<Real>) {
    pack(to, kPanelRows<Real>, a.data + panels.first(q) * a.row_stride, a.row_stride, a.col_stride,
         static_cast<int>(panels.size(q)), a.cols);
  }
}

template <class Real>
void pack_cols(Real* to, const Factor<Real>& b, const Panels& panels, Index begin, Index end) {
  for (Index p = begin; p < end; ++p, to += b.rows * kTileCols<Real>) {
    pack(to, kTileCols<Real>, b.data + panels.first(p) * b.col_stride, b.col_stride, b.row_stride,
         static_cast<int>(panels.size(p)), b.rows);
  }
}

// One run of k for one part of c whose panels fit the workspace.
//
// c is cut into strips along its longer side. A strip packs its own panels of one factor; the other factor is
// packed whole, by every thread for itself, before the thread's first strip. Twice the work, and yet faster than
// to share: packed by one core for another, numbers would travel between their caches, at 20 GB/s where
// this was written, a fifth of what a core gets from its own; and all would have to wait for all.
template <class Real>
void multiply_part(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, bool accumulate) {
  static std::atomic<std::uint64_t> calls = 0;
  const std::uint64_t call = ++calls;
  const Index depth = a.cols;
  // Panels of equal height: 64 rows become 13 + 13 + 13 + 13 + 12, not 4 x 14 + 8.
  const Panels rows{c.rows(), pieces(c.rows(), pieces(c.rows(), kTileRows))};
  const Panels cols{c.cols(), kTileCols<Real>};
  const bool by_rows = rows.count() >= cols.count();
  const Panels& cut = by_rows ? rows : cols;
  constexpr Index kMostStrips = 16;  // two for each of eight threads
  const Index worth = pieces(c.rows() * c.cols() * depth, 16 * kGrain);
  const Index strips = std::min({kMostStrips, cut.count(), worth});

  parallel_for(strips, 1, [&](Index strip, Index) {
    thread_local Workspace<Real> whole, own;
    const Index begin = cut.count() * strip / strips, end = cut.count() * (strip + 1) / strips;
    const Index first_row = by_rows ? begin : 0, end_row = by_rows ? end : rows.count();
    const Index first_col = by_rows ? 0 : begin, end_col = by_rows ? cols.count() : end;
    const Index a_size = depth * kPanelRows<Real>, b_size = depth * kTileCols<Real>;
    Real* const packed_a = (by_rows ? own : whole).at_least((end_row - first_row) * a_size);
    Real* const packed_b = (by_rows ? whole : own).at_least((end_col - first_col) * b_size);
    const bool first_strip = std::exchange(whole.call, call) != call;
    if (by_rows || first_strip) pack_rows(packed_a, a, rows, first_row, end_row);
    if (!by_rows || first_strip) pack_cols(packed_b, b, cols, first_col, end_col);

    constexpr Index kGroup = 8;  // panels of a that stay in the second-level cache while b's pass
    for (Index group = first_row; group < end_row; group += kGroup) {
      for (Index p = first_col; p < end_col; ++p) {
        for (Index q = group; q < std::min(end_row, group + kGroup); ++q) {
          tile_for<Real>(rows.size(q), cols.size(p))(
              depth, packed_a + (q - first_row) * a_size, packed_b + (p - first_col) * b_size,
              c.data() + rows.first(q) * c.outerStride() + cols.first(p), c.outerStride(),
              cols.size(p), accumulate);
        }
      }
    }
  });
}

}  // namespace

template <class Real>
void packed_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store) {
  if (a.cols == 0 && store == Store::set) c.setZero();
  // Large matrices pass through in parts, so that the panels never take more than a few megabytes. Runs of k
  // are equally long.
  constexpr Index kRows = 2048, kCols = 2048;
  const Index run = pieces(a.cols, std::max<Index>(1, pieces(a.cols, kDepth)));
  for (Index j = 0; j < c.cols(); j += kCols) {
    const Index cols = std::min(kCols, c.cols() - j);
    for (Index i = 0; i < c.rows(); i += kRows) {
      const Index rows = std::min(kRows, c.rows() - i);
      for (Index k = 0; k < a.cols; k += run) {
        const Index depth = std::min(run, a.cols - k);
        multiply_part<Real>(c.block(i, j, rows, cols), a.block(i, k, rows, depth),
                            b.block(k, j, depth, cols), store == Store::add || k > 0);
      }
    }
  }
}

template void packed_matmul(View<float>, const Factor<float>&, const Factor<float>&, Store);
template void packed_matmul(View<double>, const Factor<double>&, const Factor<double>&, Store);

}  // namespace limpid
