/// The fast product behind `core/matmul`: c = a b or c += a b, packed, cache-blocked, in vectors.
///
/// A processor can do far more arithmetic than its memory can feed, so the whole art is to use each
/// number many times while it is near:
///
///   1. registers  a tile of 14 x 2 vectors of c stays in registers while k runs; every step loads
///                 two vectors of b and 14 numbers of a, and does 28 multiply-adds with them
///   2. packing    the numbers a tile reads are first copied into the order in which it reads them,
///                 so that each load is the next one in memory, whatever the strides of a and b
///   3. blocking   k is cut into runs of at most 512 and c into strips and groups of tiles, so that what
///                 is packed is still in a cache when it is used again
///   4. threads    each thread packs and multiplies strips of c, and packs for itself what all need
///
/// Strips depend on the sizes alone, and one number of c is summed by one thread in the order of k.
/// The vectors are the compiler's portable ones (core/vector), as wide as the machine's.
///
/// SOURCE  Goto, van de Geijn 2008, "Anatomy of High-Performance Matrix Multiplication", sections 4, 5
/// SHAPES  a [M, K], b [K, N], c [M, N]
/// USES    core
/// REQUIRES sizes agree (core/matmul checks them); c does not overlap a or b
#pragma once

#include "limpid/core/matmul.hpp"

namespace limpid {

template <class Real>
LIMPID_API void packed_matmul(View<Real> c, const Factor<Real>& a, const Factor<Real>& b,
                              Store store);

}  // namespace limpid
