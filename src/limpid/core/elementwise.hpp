/// x += y on all threads, for the residual stream.
///
/// USES    core
#pragma once

#include "limpid/core/check.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

/// SHAPES  x, y the same
template <class Real>
void add(Matrix<Real>& x, const Matrix<Real>& y) {
  check_shape("add", "y", y, x.rows(), x.cols());
  parallel_flat(x.size(), [&](Index begin, Index end) {
    using Flat = Eigen::Array<Real, Eigen::Dynamic, 1>;
    Eigen::Map<Flat>(x.data() + begin, end - begin) +=
        Eigen::Map<const Flat>(y.data() + begin, end - begin);
  });
}

}  // namespace limpid
