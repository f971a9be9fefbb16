#include "limpid/core/narrow_matmul.hpp"

#include <type_traits>

#include "limpid/core/parallel.hpp"
#include "limpid/core/vector.hpp"

namespace limpid {
namespace {

template <class Real>
void put(Real& place, Real sum, Store store) {
  place = store == Store::add ? place + sum : sum;
}

// b = W^T: c[i][j] is the dot product of a's row i and W's row j. One row of W at a time, so that memory is
// read from one end to the other, and Rows rows of a, for which W's numbers stay in registers. A single sum
// would wait for itself, four cycles for each addition: so there are four, for every fourth vector each.
template <class Real, int Rows>
void dot_column(Index depth, const Real* a, Index a_stride, const Real* w, Real* c, Index c_stride,
                Store store) {
  constexpr int lanes = kLanes<Real>, sums = 4;
  Vector<Real> sum[Rows][sums];
  for (auto& row : sum) {
    for (Vector<Real>& s : row) s = Vector<Real>{};
  }
  Index k = 0;
  for (; k + sums * lanes <= depth; k += sums * lanes) {
    for (int s = 0; s < sums; ++s) {
      const Vector<Real> line = load(w + k + s * lanes);
      for (int i = 0; i < Rows; ++i) sum[i][s] += load(a + i * a_stride + k + s * lanes) * line;
    }
  }
  for (; k + lanes <= depth; k += lanes) {
    const Vector<Real> line = load(w + k);
    for (int i = 0; i < Rows; ++i) sum[i][0] += load(a + i * a_stride + k) * line;
  }
  for (int i = 0; i < Rows; ++i) {
    Real total = sum_of_lanes<Real>((sum[i][0] + sum[i][1]) + (sum[i][2] + sum[i][3]));
    for (Index rest = k; rest < depth; ++rest) total += a[i * a_stride + rest] * w[rest];
    put(c[i * c_stride], total, store);
  }
}

// Rows of b as they lie: c's row is the sum of b's rows, weighted by a's. Vectors x lanes columns at a time.
template <class Real, int Rows, int Vectors>
void sum_tile(Index depth, const Real* a, Index a_stride, const Real* b, Index b_stride, Real* c,
              Index c_stride, Store store) {
  constexpr int lanes = kLanes<Real>;
  Vector<Real> sums[Rows][Vectors];
  for (auto& row : sums) {
    for (Vector<Real>& sum : row) sum = Vector<Real>{};
  }
  for (Index k = 0; k < depth; ++k) {
    Vector<Real> line[Vectors];
    for (int v = 0; v < Vectors; ++v) line[v] = load(b + k * b_stride + v * lanes);
    for (int i = 0; i < Rows; ++i) {
      for (int v = 0; v < Vectors; ++v) sums[i][v] += a[i * a_stride + k] * line[v];
    }
  }
  for (int i = 0; i < Rows; ++i) {
    for (int v = 0; v < Vectors; ++v) {
      Real* const place = c + i * c_stride + v * lanes;
      limpid::store(place, store == Store::add ? load(place) + sums[i][v] : sums[i][v]);
    }
  }
}

// Calls tile(row, the number of rows as a constant) for all rows of a: as many at a time as their sums have
// room in registers, then one by one.
template <class Tile>
void for_rows(Index rows, Tile&& tile) {
  constexpr int kRows = kVectorRegisters == 32 ? 4 : 2;
  Index i = 0;
  for (; i + kRows <= rows; i += kRows) tile(i, std::integral_constant<int, kRows>());
  for (; i < rows; ++i) tile(i, std::integral_constant<int, 1>());
}

// Columns [begin, end) of c.
template <class Real>
void dot_columns(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store,
                 Index begin, Index end) {
  for (Index j = begin; j < end; ++j) {
    for_rows(a.rows, [&]<int Rows>(Index i, std::integral_constant<int, Rows>) {
      dot_column<Real, Rows>(b.rows, a.data + i * a.row_stride, a.row_stride,
                             b.data + j * b.col_stride, c.data() + i * c.outerStride() + j,
                             c.outerStride(), store);
    });
  }
}

// Columns [j, end) of c, as far as whole tiles go. Returns the first column not done.
template <class Real, int Vectors>
Index sum_columns(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store, Index j,
                  Index end) {
  constexpr int cols = Vectors * kLanes<Real>;
  for (; j + cols <= end; j += cols) {
    for_rows(a.rows, [&]<int Rows>(Index i, std::integral_constant<int, Rows>) {
      sum_tile<Real, Rows, Vectors>(b.rows, a.data + i * a.row_stride, a.row_stride, b.data + j,
                                    b.row_stride, c.data() + i * c.outerStride() + j,
                                    c.outerStride(), store);
    });
  }
  return j;
}

// One number of c, for the last columns that do not fill a vector.
template <class Real>
void sum_one(Real& c, const Factor<Real>& a, const Factor<Real>& b, Index i, Index j, Store store) {
  Real sum = 0;
  for (Index k = 0; k < b.rows; ++k) {
    sum += a.data[i * a.row_stride + k] * b.data[k * b.row_stride + j];
  }
  put(c, sum, store);
}

}  // namespace

template <class Real>
void narrow_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store) {
  if (a.col_stride != 1) {  // columns of another matrix: a copy of so few is a small thing
    Matrix<Real> copy(a.rows, a.cols);
    for (Index i = 0; i < a.rows; ++i) {
      for (Index k = 0; k < a.cols; ++k) copy(i, k) = a.data[i * a.row_stride + k * a.col_stride];
    }
    return narrow_matmul<Real>(c, Factor<Real>(copy), b, store);
  }
  const bool transposed = b.row_stride == 1;
  // Pieces of about 2 kGrain numbers of b; their borders are at whole tiles.
  constexpr Index kWidest = 4 * kLanes<Real>;
  const Index grain = (1 + 2 * kGrain / (1 + b.rows) / kWidest) * kWidest;
  parallel_for(c.cols(), grain, [&](Index begin, Index end) {
    if (transposed) {
      dot_columns<Real>(c, a, b, store, begin, end);
      return;
    }
    begin = sum_columns<Real, 4>(c, a, b, store, begin, end);
    begin = sum_columns<Real, 1>(c, a, b, store, begin, end);
    for (Index j = begin; j < end; ++j) {
      for (Index i = 0; i < a.rows; ++i) sum_one(c(i, j), a, b, i, j, store);
    }
  });
}

template void narrow_matmul(View<float>, const Factor<float>&, const Factor<float>&, Store);
template void narrow_matmul(View<double>, const Factor<double>&, const Factor<double>&, Store);

}  // namespace limpid
