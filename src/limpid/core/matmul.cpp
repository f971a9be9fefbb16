#include "limpid/core/matmul.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

template <class Real>
using Strided = Eigen::Map<const Matrix<Real>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

template <class Real>
void check_factors(const Factor<Real>& a, const Factor<Real>& b) {
  if (a.cols != b.rows) {
    fail("matmul", fmt::format("[{}, {}] times [{}, {}]: inner sizes differ", a.rows, a.cols,
                               b.rows, b.cols));
  }
}

// The reference: Eigen's product on tiles of c whose borders depend on the shapes alone.
template <class Real>
void multiply(View<Real> c, const Factor<Real>& a, const Factor<Real>& b) {
  constexpr Index kTileRows = 128, kTileCols = 192;
  const Index tiles_across = (c.cols() + kTileCols - 1) / kTileCols;
  const Index tiles_down = (c.rows() + kTileRows - 1) / kTileRows;
  parallel_for(tiles_down * tiles_across, 1, [&](Index tile, Index) {
    const Index i = tile / tiles_across * kTileRows, j = tile % tiles_across * kTileCols;
    const Index m = std::min(kTileRows, c.rows() - i), n = std::min(kTileCols, c.cols() - j);
    using Row = Eigen::Map<const Matrix<Real>, 0, Eigen::OuterStride<>>;
    using Col =
        Eigen::Map<const Eigen::Matrix<Real, -1, -1, Eigen::ColMajor>, 0, Eigen::OuterStride<>>;
    const auto with_a = [&](const auto& a_tile) {
      if (b.col_stride == 1) {
        c.block(i, j, m, n).noalias() +=
            a_tile * Row(b.data + j, b.rows, n, Eigen::OuterStride<>(b.row_stride));
      } else {
        c.block(i, j, m, n).noalias() +=
            a_tile * Col(b.data + j * b.col_stride, b.rows, n, Eigen::OuterStride<>(b.col_stride));
      }
    };
    if (a.col_stride == 1) {
      with_a(Row(a.data + i * a.row_stride, m, a.cols, Eigen::OuterStride<>(a.row_stride)));
    } else {
      with_a(Col(a.data + i, m, a.cols, Eigen::OuterStride<>(a.col_stride)));
    }
  });
}

}  // namespace

template <class Real>
Matrix<Real> matmul(const Factor<Real>& a, const Factor<Real>& b) {
  check_factors(a, b);
  Matrix<Real> c = Matrix<Real>::Zero(a.rows, b.cols);
  multiply<Real>(c, a, b);
  return c;
}

template <class Real>
void matmul_into(View<Real> c, const Factor<Real>& a, const Factor<Real>& b) {
  check_factors(a, b);
  check_shape("matmul", "c", c, a.rows, b.cols);
  c.setZero();
  multiply<Real>(c, a, b);
}

template <class Real>
void matmul_add(View<Real> c, const Factor<Real>& a, const Factor<Real>& b) {
  check_factors(a, b);
  check_shape("matmul", "c", c, a.rows, b.cols);
  multiply<Real>(c, a, b);
}

#define LIMPID_INSTANTIATE(Real)                                                   \
  template Matrix<Real> matmul(const Factor<Real>&, const Factor<Real>&);          \
  template void matmul_into(View<Real>, const Factor<Real>&, const Factor<Real>&); \
  template void matmul_add(View<Real>, const Factor<Real>&, const Factor<Real>&);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
