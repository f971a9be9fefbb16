// A gradient check: it is handed a function, a place and the gradient that somebody claims for it there,
// and says whether the claim is right. Write it, then:
//
//   ./dev learn backprop 4
#include <cmath>
#include <cstddef>

#include "support/todo.hpp"
#include "trial.hpp"

namespace limpid::lesson {

bool is_right(const Claim& claim) {
  const double step = 1e-5;
  std::vector<double> x = claim.x;
  //> // claim.loss(x) is the loss at any x. Compare its slopes with claim.gradient. Losses come in
  //> // all sizes: 1e6 is possible, and 1e-9.
  //> todo("the test: true for a right gradient, false for a wrong one");
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = claim.x[i] + step;
    const double above = claim.loss(x);
    x[i] = claim.x[i] - step;
    const double below = claim.loss(x);
    x[i] = claim.x[i];
    const double slope = (above - below) / (2 * step);
    difference += std::abs(claim.gradient[i] - slope);
    size += std::abs(claim.gradient[i]) + std::abs(slope);
  }
  return difference <= 1e-6 * size;
  //<
}

}  // namespace limpid::lesson
