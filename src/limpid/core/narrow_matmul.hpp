/// Products with few rows: a model that writes one token multiplies one row by every weight it has.
///
/// Such a product reads each number of b once and does little with it, so its time is the time to bring b from
/// memory. Packing would touch b three times. Here each number of b is loaded once, straight from where it
/// lies, and used for all rows of a.
///
/// A number of c is summed in the same order whatever the number of rows: a sequence that is written alone
/// and one that is written in a batch of up to kNarrowRows get the same bits.
///
/// SHAPES   a [M, K] with M <= kNarrowRows, b [K, N], c [M, N]
/// USES     core
/// REQUIRES b's numbers lie side by side along one of its sides, as those of a matrix and of its
///          transpose do
/// COST     2 M N K floating point operations, K N numbers read
#pragma once

#include "limpid/core/matmul.hpp"

namespace limpid {

inline constexpr Index kNarrowRows = 8;

template <class Real>
LIMPID_API void narrow_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b,
                              Store store);

}  // namespace limpid
