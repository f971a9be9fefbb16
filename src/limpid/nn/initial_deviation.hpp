/// How large weights are at the start: drawn with deviation 0.02 sqrt(768 / C) at width C.
///
/// A product adds C terms, so its results deviate sqrt(C) times as much as the weights (of inputs
/// that deviate by 1, as norms leave them). GPT-2 drew its weights with 0.02, at a width of 768:
/// results of 0.55. The same 0.02 at width 128 gives results of 0.23, and since a gradient is what
/// arrives times the other factor, each product's small factor slows down the one before it. So the
/// deviation follows the width, and the results are GPT-2's at every width:
///
///   C             128     384     768    1600
///   deviation   0.049   0.028   0.020   0.014
///
/// It matters: with 0.02 the preset `nano` (width 128) ended its 2000 steps at 1.89 nats per
/// character, with 0.049 at 1.76.
///
/// Products that write into the residual stream are drawn smaller still, by a factor that the block
/// gives them: there 2L branches add up.
///
/// SOURCE  Glorot, Bengio 2010, "Understanding the difficulty of training deep feedforward neural
///         networks", section 4.2.1; 0.02: Radford et al. 2018 (GPT), section 4.1
/// USES    core
#pragma once

#include <cmath>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"

namespace limpid {

/// REQUIRES width is 1 or more
inline double initial_deviation(Index width) {
  return 0.02 * std::sqrt(768 / static_cast<double>(width));
}

/// A matrix of normal numbers with this deviation, drawn row by row.
template <class Real>
Matrix<Real> normal_matrix(Index rows, Index cols, double deviation, Rng& rng) {
  Matrix<Real> numbers(rows, cols);
  for (Real& w : numbers.template reshaped<Eigen::RowMajor>()) {
    w = static_cast<Real>(deviation * rng.normal());
  }
  return numbers;
}

}  // namespace limpid
