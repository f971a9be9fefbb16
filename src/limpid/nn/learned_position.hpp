/// Learned positions: attention sees a set of tokens, not a sequence, so each place in the sequence
/// gets a row of its own that is added to whatever token stands there.
///
///   y[b, t] = x[b, t] + weight[offset + t]
///
/// Every sequence of the batch uses the same rows, so a row's gradient is a sum over the batch; x
/// passes through unchanged, and so does its gradient.
///
///   dx = dy        dweight[offset + t] += sum over b of dy[b, t]
///
/// SOURCE  Gehring et al. 2017, arXiv:1705.03122, section 3.1; Radford et al. 2018 (GPT), section 3
/// SHAPES  x, y, dy, dx [B*T, C];  weight [context, C]
/// SAVES   nothing
/// USES    core, nn/context, nn/initial_deviation
/// ERRORS  std::invalid_argument when x has another shape than the context and the table say, or
///         the sequence reaches beyond the table
/// COST    one pass over x, in place: give x away with std::move
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/initial_deviation.hpp"

namespace limpid {

template <class Real>
class LIMPID_API LearnedPosition {
 public:
  using Matrix = limpid::Matrix<Real>;

  LearnedPosition() = default;
  /// `length` positions; weights drawn from a normal distribution with this deviation.
  LearnedPosition(Index length, Index width, Rng& rng, double deviation);
  LearnedPosition(Index length, Index width, Rng& rng)
      : LearnedPosition(length, width, rng, initial_deviation(width)) {}

  Matrix forward(Matrix x, const Context& context) const;
  Matrix backward(Matrix dy, const Context& context);
  Parameters<Real> parameters();

  Matrix weight, weight_grad;  // [context, C]
};

}  // namespace limpid
