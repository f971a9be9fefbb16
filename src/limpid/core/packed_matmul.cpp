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

// The run of k that one tile sums up. Eight panels of a and one of b then fit a second-level cache, which is
// where the tile reads them from: it needs 12 bytes of them per cycle, and the cache gives several times that.
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

// The panels of one factor, and which of them belong to strip s of `strips`: begin(s) up to begin(s + 1).
struct Panels {
  Index count;   // panels in all
  Index height;  // rows of a (columns of b) in each, but for the last
  Index length;  // rows of a (columns of b) in all
  Index strips;

  Index begin(Index strip) const { return count * strip / strips; }
  Index first(Index panel) const { return panel * height; }
  Index size(Index panel) const { return std::min(height, length - panel * height); }
};

// One run of k for one part of c whose panels fit the workspace.
//
// c is cut into strips, along its longer side. A strip packs its share of both factors' panels, all wait for
// each other, and then it multiplies. The same core does both (core/parallel keeps pieces where they are), so
// of what a strip reads, only the other factor's panels come from another core's cache. That is worth the care:
// between the two cores of the machine where this was written, fresh data moves at 20 GB/s, a fifth of what a
// core gets from its own cache.
template <class Real>
void multiply_part(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, bool accumulate) {
  const Index depth = a.cols;
  // Panels of equal height: 64 rows become 13 + 13 + 13 + 13 + 12, not 4 x 14 + 8.
  const Index panel_rows = pieces(c.rows(), pieces(c.rows(), kTileRows));
  Panels rows{pieces(c.rows(), panel_rows), panel_rows, c.rows(), 1};
  Panels cols{pieces(c.cols(), kTileCols<Real>), kTileCols<Real>, c.cols(), 1};
  const bool by_rows = rows.count >= cols.count;
  constexpr Index kMostStrips = 16;  // two for each of eight threads
  const Index worth = pieces(c.rows() * c.cols() * depth, 16 * kGrain);
  const Index strips = std::min({kMostStrips, by_rows ? rows.count : cols.count, worth});
  rows.strips = cols.strips = strips;

  const Index a_size = depth * kPanelRows<Real>, b_size = depth * kTileCols<Real>;
  Real* const packed_a = workspace<Real>(rows.count * a_size + cols.count * b_size);
  Real* const packed_b = packed_a + rows.count * a_size;
  parallel_for(strips, 1, [&](Index strip, Index) {
    for (Index q = rows.begin(strip); q < rows.begin(strip + 1); ++q) {
      pack(packed_a + q * a_size, kPanelRows<Real>, a.data + rows.first(q) * a.row_stride,
           a.row_stride, a.col_stride, static_cast<int>(rows.size(q)), depth);
    }
    for (Index p = cols.begin(strip); p < cols.begin(strip + 1); ++p) {
      pack(packed_b + p * b_size, kTileCols<Real>, b.data + cols.first(p) * b.col_stride,
           b.col_stride, b.row_stride, static_cast<int>(cols.size(p)), depth);
    }
  });

  parallel_for(strips, 1, [&](Index strip, Index) {
    const Index first_row = by_rows ? rows.begin(strip) : 0,
                first_col = by_rows ? 0 : cols.begin(strip);
    const Index end_row = by_rows ? rows.begin(strip + 1) : rows.count;
    const Index end_col = by_rows ? cols.count : cols.begin(strip + 1);
    constexpr Index kGroup =
        8;  // panels of a that stay in the second-level cache while b's panels pass
    for (Index group = first_row; group < end_row; group += kGroup) {
      for (Index p = first_col; p < end_col; ++p) {
        for (Index q = group; q < std::min(end_row, group + kGroup); ++q) {
          tile_for<Real>(rows.size(q), cols.size(p))(
              depth, packed_a + q * a_size, packed_b + p * b_size,
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
