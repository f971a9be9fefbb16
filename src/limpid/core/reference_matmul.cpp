#include "limpid/core/reference_matmul.hpp"

#include <algorithm>
#include <cassert>

#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

// Calls use(map) with the factor as an Eigen matrix whose layout Eigen knows when it compiles: its
// fast product needs numbers side by side along rows or along columns.
template <class Real, class Use>
void as_eigen(const Factor<Real>& f, Use&& use) {
  using RowMajor = Eigen::Map<const Matrix<Real>, 0, Eigen::OuterStride<>>;
  using ColMajorMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using ColMajor = Eigen::Map<const ColMajorMatrix, 0, Eigen::OuterStride<>>;
  if (f.col_stride == 1) {
    use(RowMajor(f.data, f.rows, f.cols, Eigen::OuterStride<>(f.row_stride)));
  } else {
    assert(f.row_stride == 1);
    use(ColMajor(f.data, f.rows, f.cols, Eigen::OuterStride<>(f.col_stride)));
  }
}

}  // namespace

template <class Real>
void reference_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store) {
  if (store == Store::set) c.setZero();
  constexpr Index kTileRows = 128, kTileCols = 192;
  const Index across = (c.cols() + kTileCols - 1) / kTileCols;
  const Index down = (c.rows() + kTileRows - 1) / kTileRows;
  parallel_for(down * across, 1, [&](Index tile, Index) {
    const Index i = tile / across * kTileRows, rows = std::min(kTileRows, c.rows() - i);
    const Index j = tile % across * kTileCols, cols = std::min(kTileCols, c.cols() - j);
    as_eigen<Real>(a.block(i, 0, rows, a.cols), [&](const auto& left) {
      as_eigen<Real>(b.block(0, j, b.rows, cols), [&](const auto& right) {
        c.block(i, j, rows, cols).noalias() += left * right;
      });
    });
  });
}

template void reference_matmul(View<float>, const Factor<float>&, const Factor<float>&, Store);
template void reference_matmul(View<double>, const Factor<double>&, const Factor<double>&, Store);

}  // namespace limpid
