/// The plain form of the product behind `core/matmul`: Eigen's own, on tiles of c whose borders
/// depend on the sizes alone. The packed form is tested equal to it; -DLIMPID_MATMUL=eigen builds
/// with it instead.
///
/// SHAPES  a [M, K], b [K, N], c [M, N]
/// USES    core
/// REQUIRES sizes agree (core/matmul checks them); the numbers of a factor lie side by side along its rows
///          or its columns; c does not overlap a or b
#pragma once

#include "limpid/core/matmul.hpp"

namespace limpid {

template <class Real>
LIMPID_API void reference_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b,
                                 Store store);

}  // namespace limpid
