/// Products with few rows: a model that writes one token multiplies one row by every weight it has.
///
/// Such a product reads each number of b once and does little with it, so its time is the time to bring b from
/// memory. Packing would touch b three times. Here b is read where it lies, a short stretch at a time, which
/// serves all rows of a while it is near.
///
/// A number of c is summed in the same order whatever the number of rows: a row alone and among others, up
/// to kNarrowRows, gets the same bits. (Beyond that core/packed_matmul adds in another order.)
///
/// SHAPES   a [M, K] with M <= kNarrowRows, b [K, N], c [M, N]
/// USES     core
/// REQUIRES b's numbers lie side by side along one of its sides, as those of a matrix and of its
///          transpose do
/// COST     2 M N K floating point operations; K N numbers come from memory
#pragma once

#include "limpid/core/matmul.hpp"

namespace limpid {

inline constexpr Index kNarrowRows = 8;

template <class Real>
LIMPID_API void narrow_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b,
                              Store store);

}  // namespace limpid
