#include "limpid/backprop/grad_check.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO fixture: it is the judge of the others; what it must find is worked out by hand
// NO accumulation: it keeps nothing

namespace {

// loss = sum of x^3, whose gradient is 3 x^2.
double cubes(const Matrix<double>& x) {
  return x.array().cube().sum();
}

Matrix<double> slopes_of_cubes(const Matrix<double>& x) {
  return (3 * x.array().square()).matrix();
}

GradientError check_cubes(Matrix<double>& x, const Matrix<double>& claimed, double step = 1e-5) {
  return check_gradients(
             {checked("x", x, claimed)}, [&] { return cubes(x); }, step)
      .front();
}

}  // namespace

TEST_CASE("by hand: the error of a parabola and of a cubic") {
  // For x^2 central differences are exact: ((x + h)^2 - (x - h)^2) / 2h = 2x.
  Matrix<double> x(1, 1), claimed(1, 1);
  x << 3;
  claimed << 6;
  const auto parabola = [&] { return x(0, 0) * x(0, 0); };
  GradientError row = check_gradients({checked("x", x, claimed)}, parabola, 0.5).front();
  CHECK(row.name == "x");
  CHECK(row.size == 1);
  CHECK(row.largest == 6);
  CHECK(row.error == 0);
  // A claim of 5 is off by 1 on a scale of 5 + 6.
  claimed << 5;
  row = check_gradients({checked("x", x, claimed)}, parabola, 0.5).front();
  CHECK(std::abs(row.error - 1.0 / 11) <= 1e-15);
  // For x^3 they see 3 x^2 + h^2: 27.25 with h = 0.5, off by 0.25 on a scale of 27 + 27.25.
  claimed << 27;
  row = check_cubes(x, claimed, 0.5);
  CHECK(std::abs(row.largest - 27.25) <= 1e-12);
  CHECK(std::abs(row.error - 0.25 / 54.25) <= 1e-12);
}

TEST_CASE("gradient check: a right gradient passes") {
  Rng rng(1);
  for (const double deviation : {1e-3, 1.0, 1e3}) {
    Matrix<double> x = random_matrix(4, 5, rng, deviation);
    CHECK(check_cubes(x, slopes_of_cubes(x), 1e-5 * deviation).error <= 1e-7);
  }
}

TEST_CASE("gradient check: the tensors are probed in place and put back to the bit") {
  Rng rng(2);
  Matrix<double> x = random_matrix(3, 3, rng);
  const Matrix<double> before = x;
  check_cubes(x, slopes_of_cubes(x));
  CHECK(x == before);
}

TEST_CASE("property: a wrong gradient is seen") {
  Rng rng(3);
  Matrix<double> x = random_matrix(4, 5, rng);
  const Matrix<double> right = slopes_of_cubes(x);
  CHECK(check_cubes(x, 2 * right).error >= 0.1);                 // a factor
  CHECK(check_cubes(x, -right).error >= 0.5);                    // a sign
  CHECK(check_cubes(x, 1.0001 * right).error >= 1e-5);           // a small factor
  CHECK(check_cubes(x, Matrix<double>::Zero(4, 5)).error == 1);  // nothing at all
  Matrix<double> one_wrong = right;                              // one number of many
  one_wrong(2, 3) += 0.01;
  CHECK(check_cubes(x, one_wrong).error >= 1e-5);
  // The transpose of a gradient has the same numbers in other places.
  Matrix<double> square = random_matrix(4, 4, rng);
  CHECK(check_cubes(square, slopes_of_cubes(square).transpose()).error >= 1e-2);
}

TEST_CASE("property: each tensor has a row of its own, in order") {
  Rng rng(4);
  Matrix<double> a = random_matrix(2, 2, rng), b = random_matrix(1, 3, rng);
  const Matrix<double> da = slopes_of_cubes(a), wrong = 2 * slopes_of_cubes(b);
  const std::vector<GradientError> rows = check_gradients(
      {checked("a", a, da), checked("b", b, wrong)}, [&] { return cubes(a) + cubes(b); });
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "a");
  CHECK(rows[0].size == 4);
  CHECK(rows[0].error <= 1e-7);
  CHECK(rows[1].name == "b");
  CHECK(rows[1].size == 3);
  CHECK(rows[1].error >= 0.1);
}

TEST_CASE("property: parameters keep their names, weighted_sum is what it says") {
  Matrix<double> value(2, 1), grad(2, 1);
  value << 1, 2;
  grad << 3, 4;
  const std::vector<CheckedTensor> tensors = checked({matrix_parameter("weight", value, grad)});
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].name == "weight");
  CHECK(tensors[0].value.data() == value.data());
  CHECK(tensors[0].gradient.data() == grad.data());
  CHECK(weighted_sum(value, grad) == 11);
}

TEST_CASE("edges: NaN fails on either side, wherever it stands") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Rng rng(5);
  Matrix<double> x = random_matrix(1, 3, rng);
  for (Index i = 0; i < 3; ++i) {
    Matrix<double> claimed = slopes_of_cubes(x);
    claimed(0, i) = nan;
    const double error = check_cubes(x, claimed).error;
    CHECK(!(error <= 1e300));
  }
  const Matrix<double> right = slopes_of_cubes(x);
  const auto poisoned = [&] { return nan; };
  CHECK(!(check_gradients({checked("x", x, right)}, poisoned).front().error <= 1e300));
}

TEST_CASE("edges: gradients that are zero on both sides are reported as such") {
  // The error is 0, and `largest` says that nothing was proved.
  Matrix<double> x = Matrix<double>::Ones(2, 2);
  const Matrix<double> zero = Matrix<double>::Zero(2, 2);
  const GradientError row = check_gradients({checked("x", x, zero)}, [] { return 1.0; }).front();
  CHECK(row.error == 0);
  CHECK(row.largest == 0);
  // A claim where there is nothing to feel is wrong.
  const GradientError claim = check_gradients({checked("x", x, x)}, [] { return 1.0; }).front();
  CHECK(claim.error == 1);
  CHECK(claim.largest == 0);
}

TEST_CASE("edges: no tensors, an empty tensor, numbers too large for the step") {
  CHECK(check_gradients({}, [] { return 1.0; }).empty());
  Matrix<double> none(0, 3);
  const GradientError row = check_gradients({checked("x", none, none)}, [] { return 1.0; }).front();
  CHECK(row.size == 0);
  CHECK(row.error == 0);
  // 1e6 + 1e-5 is rounded: the quotient takes the step that was really made.
  Matrix<double> x = Matrix<double>::Constant(1, 1, 1e6);
  const Matrix<double> one = Matrix<double>::Ones(1, 1);
  CHECK(check_gradients({checked("x", x, one)}, [&] { return x(0, 0) - 1e6; }).front().error <=
        1e-10);
}

TEST_CASE("misuse: a gradient of another size, a dy of another shape") {
  Matrix<double> x = Matrix<double>::Ones(2, 2);
  const Matrix<double> short_gradient = Matrix<double>::Ones(1, 3);
  CHECK_THROWS_WITH_AS(check_gradients({checked("x", x, short_gradient)}, [] { return 1.0; }),
                       "grad_check: a gradient must have as many numbers as its tensor",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(weighted_sum(x, short_gradient),
                       "grad_check: y has shape [2, 2], expected [1, 3]", std::invalid_argument);
}
