// Random inputs for tests, mostly in double, from a seed that stands in the test.
#pragma once

#include <limits>

#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"

namespace limpid::test {

inline Matrix<double> random_matrix(Index rows, Index cols, Rng& rng, double deviation = 1) {
  Matrix<double> m(rows, cols);
  for (double& number : m.reshaped()) number = deviation * rng.normal();
  return m;
}

// Fresh layers have gains of 1 and biases of 0, which hide mistakes: give every parameter a value.
template <class Real>
void randomize(const Parameters<Real>& parameters, Rng& rng, double deviation = 0.5) {
  for (const Parameter<Real>& parameter : parameters) {
    for (Real& number : parameter.value) number = static_cast<Real>(deviation * rng.normal());
  }
}

inline double max_difference(const Matrix<double>& a, const Matrix<double>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::quiet_NaN();
  return a.size() == 0 ? 0 : (a - b).cwiseAbs().maxCoeff<Eigen::PropagateNaN>();
}

}  // namespace limpid::test
