// The ladder from the definition of a product to the library's kernel, a step a file: each does c = a b as
// the one before it, and adds one idea. bench/ladder_bench.cpp checks and times them.
//
//   naive            the definition: row times column
//   loop_order       the same sums in the order in which the numbers lie in memory
//   cache_blocking   a block of b is used for all rows while it is in cache
//   register_tile    a tile of c stays in vector registers while k runs
//   packing          what a tile reads is first copied into the order in which it reads it
//   shared           blocks of c are shared out to threads
//
// The library's kernel (src/limpid/core/packed_matmul) is the last step with any sizes and strides.
//
// SHAPES  a [M, K], b [K, N], c [M, N], row-major, one row right behind the other
// REQUIRES from register_tile on, M is a multiple of kTileRows and N one of kTileCols
#pragma once

#include <vector>

#include "limpid/core/matrix.hpp"
#include "limpid/core/vector.hpp"

namespace limpid::ladder {

using Floats = Matrix<float>;
using Step = void (*)(const Floats& a, const Floats& b, Floats& c);

void naive(const Floats& a, const Floats& b, Floats& c);
void loop_order(const Floats& a, const Floats& b, Floats& c);
void cache_blocking(const Floats& a, const Floats& b, Floats& c);
void register_tile(const Floats& a, const Floats& b, Floats& c);
void packing(const Floats& a, const Floats& b, Floats& c);
void shared(const Floats& a, const Floats& b, Floats& c);

// The tile of c that lives in registers: 16 vectors of the 32 that AVX-512 and NEON have, 8 of AVX's 16.
inline constexpr Index kTileRows = kVectorRegisters == 32 ? 8 : 4;
inline constexpr Index kTileCols = 2 * kLanes<float>;
// How far k runs before the next tile: a panel of b, kDepth x kTileCols numbers, fits a first cache.
inline constexpr Index kDepth = 256;
// Rows of c whose numbers of a stay in the second cache while all of b passes.
inline constexpr Index kBlockRows = 128;

// Panels behind one another, in the order in which tiles read them (packing.cpp).
std::vector<float> packed_columns(const Floats& b, Index first_k, Index depth);
void multiply_rows(const Floats& a, const std::vector<float>& packed_b, Floats& c, Index first_row,
                   Index rows, Index first_k, Index depth);

}  // namespace limpid::ladder
