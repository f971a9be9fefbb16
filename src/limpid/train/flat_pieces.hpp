/// All parameters as one list of short runs of numbers, so that one parallel loop can serve many
/// tensors: a loop per tensor would wake the threads dozens of times a step, and a thread per
/// tensor would leave one of them alone with the embedding.
///
/// The pieces depend on the sizes only, and each begins at a multiple of 64 bytes from its tensor's
/// first number.
///
/// USES    core
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "limpid/core/matrix.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

struct FlatPiece {
  std::size_t parameter;  ///< index into the parameters
  Index begin, end;       ///< numbers of that parameter
};

template <class Real>
std::vector<FlatPiece> flat_pieces(const Parameters<Real>& parameters) {
  std::vector<FlatPiece> pieces;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const auto size = static_cast<Index>(parameters[p].value.size());
    for (Index begin = 0; begin < size; begin += kGrain) {
      pieces.push_back({p, begin, std::min(begin + kGrain, size)});
    }
  }
  return pieces;
}

}  // namespace limpid
