// The innermost loop of the steps from register_tile on: a tile of c in registers gathers `depth` steps of
// k. Each step loads two vectors of b and kTileRows numbers of a, and does 2 kTileRows vectors of
// multiply-adds with them; c is read and written once.
#pragma once

#include "ladder.hpp"

namespace limpid::ladder {

// Where to find a(i, k), b(k, j) and c(i, j) for the tile's own i and j and the run's own k. Columns of b
// and c lie side by side.
struct Strides {
  Index a_row, a_k, b_k, c_row;
};

inline void add_tile(const float* a, const float* b, float* c, Index depth, Strides stride) {
  constexpr Index lanes = kLanes<float>;
  Vector<float> sum[kTileRows][2];
  for (Index i = 0; i < kTileRows; ++i) {
    for (Index v = 0; v < 2; ++v) sum[i][v] = load(c + i * stride.c_row + v * lanes);
  }
  for (Index k = 0; k < depth; ++k) {
    const Vector<float> left = load(b + k * stride.b_k), right = load(b + k * stride.b_k + lanes);
    for (Index i = 0; i < kTileRows; ++i) {
      const float factor = a[i * stride.a_row + k * stride.a_k];
      sum[i][0] += factor * left;
      sum[i][1] += factor * right;
    }
  }
  for (Index i = 0; i < kTileRows; ++i) {
    for (Index v = 0; v < 2; ++v) store(c + i * stride.c_row + v * lanes, sum[i][v]);
  }
}

}  // namespace limpid::ladder
