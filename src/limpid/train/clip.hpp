/// Clipping: when the gradient is longer than a maximum, shorten it to that maximum, so that one
/// odd batch cannot throw the weights far away.
///
///   norm = sqrt(sum of g^2 over every number of every parameter)
///   g    = g maximum / norm          if norm > maximum
///
/// There is one norm for all tensors together: one factor shortens the whole gradient and keeps its
/// direction. Clipping each tensor by its own norm would turn it.
///
/// A gradient with a NaN or an infinity has no direction to keep. It is left as it is and reported
/// with the first tensor that holds one, in the order of the parameters.
///
/// SOURCE  Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063, algorithm 1
/// USES    core, train/flat_pieces
/// ERRORS  std::invalid_argument when the maximum is not above 0 (infinity: measure, clip nothing)
/// COST    each gradient is read once, and read and written once more if it is clipped
#pragma once

#include <string>

#include "limpid/core/export.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

struct GradientNorm {
  double norm = 0;         ///< before clipping
  bool clipped = false;    ///< the gradients were scaled
  std::string bad_tensor;  ///< the first with a NaN or an infinity; empty when all is well

  bool finite() const { return bad_tensor.empty(); }
};

template <class Real>
LIMPID_API GradientNorm clip_gradients(const Parameters<Real>& parameters, double maximum);

}  // namespace limpid
