#include "support/grade.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "trial.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

// loss = size * (e^x0 x1 + sin(x2 x0) + x1^3), so that every slope depends on the other numbers.
Claim right(double size = 1) {
  Claim claim;
  claim.loss = [size](const std::vector<double>& x) {
    return size * (std::exp(x[0]) * x[1] + std::sin(x[2] * x[0]) + x[1] * x[1] * x[1]);
  };
  claim.x = {0.3, 0.8, -2};
  const std::vector<double>& x = claim.x;
  const double bend = std::cos(x[2] * x[0]);
  claim.gradient = {size * (std::exp(x[0]) * x[1] + x[2] * bend),
                    size * (std::exp(x[0]) + 3 * x[1] * x[1]), size * x[0] * bend};
  return claim;
}

Claim right_of_one() {
  return {
      [](const std::vector<double>& x) { return std::exp(3 * x[0]); }, {0.5}, {3 * std::exp(1.5)}};
}

// A claim whose number i is off by this factor.
Claim off(std::size_t i, double factor, double size = 1) {
  Claim claim = right(size);
  claim.gradient[i] *= factor;
  return claim;
}

}  // namespace

GRADE("test", "") {
  expect(is_right(right_of_one()), "is_right, for the right gradient of e^(3 x) at 0.5",
         "one_side_only",
         "Your test says no to a right gradient. A difference to one side is off by about the step "
         "times the bend of the curve. Move the number both ways; a step much shorter than 1e-5 or "
         "a limit far below 1e-6 would fail, too, for lack of digits.");
  expect(is_right(right()), "is_right, for the right gradient of a function of three numbers",
         "x_not_put_back",
         "With one number your test is right, with three it says no to what is right. Is every "
         "number back in its place when the next one moves?");
  expect(!is_right(off(0, 1.5)), "is_right, when the first number is half as large again",
         "says_yes", "Your test says yes to a gradient that is plainly wrong.");
  expect(!is_right(off(0, 1.01)), "is_right, when one number is wrong by 1 in 100", "too_generous",
         "Your test says yes to an error of 1 in 100. A right gradient is off by 1e-9 or so; a "
         "limit of 1e-6 leaves room enough.");
  Claim cancelling = right();
  cancelling.gradient[0] += 0.1;
  cancelling.gradient[1] -= 0.1;
  expect(!is_right(cancelling), "is_right, when one number is 0.1 too large and one 0.1 too small",
         "errors_cancel",
         "Two errors of opposite signs add up to nothing. Take each difference without its sign.");
  Claim swapped = right();
  std::swap(swapped.gradient[0], swapped.gradient[1]);
  expect(!is_right(swapped), "is_right, when two numbers stand in each other's place",
         "compares_sizes_only",
         "All numbers are there, at wrong places. Compare number by number, not the gradients' "
         "sizes.");
  expect(!is_right(off(2, -1)), "is_right, when the last number has the wrong sign",
         "looks_at_the_first_only",
         "Your test says yes although the last number has the wrong sign. Does it look at all of "
         "them, and at their signs?");
  expect(!is_right(off(1, 2, 1e-9)), "is_right, for a gradient of about 1e-9, one number doubled",
         "small_ones_pass",
         "The difference is small because all of it is small. Compare it with the size of the "
         "gradients.");
  expect(is_right(right(1e6)), "is_right, for a right gradient of about 1e6", "large_ones_fail",
         "Your test says no to a right gradient. With a loss of a million the last digits of the "
         "quotient are worth more: compare the difference with the size of the gradients.");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect(!is_right(off(0, nan)) && !is_right(off(2, nan)), "is_right, when one number is NaN",
         "accepts_nan",
         "Every comparison with NaN is false, `difference > limit` too, and std::max(a, NaN) is a. "
         "Ask for what is good, `difference <= limit`, and let a sum carry the NaN.");
}
