#include "limpid/nn/softmax.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/parallel.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO accumulation: softmax has no parameters, and its backward overwrites dp with dx by design

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Matrix<double> softmax_of(Matrix<double> x, double scale = 1) {
  softmax<double>(x, scale);
  return x;
}

Matrix<double> backward_of(const Matrix<double>& p, Matrix<double> dp, double scale = 1) {
  softmax_backward<double>(p, dp, scale);
  return dp;
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  Matrix<double> x(1, 3), p(1, 3), dp(1, 3), dx(1, 3);
  x << 0, std::log(2.0), std::log(3.0);
  p << 1. / 6, 2. / 6, 3. / 6;
  CHECK(max_difference(softmax_of(x), p) <= 1e-15);
  dp << 6, 0, 0;  // average 6 * 1/6 = 1
  dx << 5. / 6, -2. / 6, -3. / 6;
  CHECK(max_difference(backward_of(p, dp), dx) <= 1e-15);
}

TEST_CASE("by hand: a scale of 1/2") {
  // exp(2 ln 3 / 2) = 3 against exp(0) = 1; backward carries the same 1/2.
  Matrix<double> x(1, 2), p(1, 2), dp(1, 2), dx(1, 2);
  x << 2 * std::log(3.0), 0;
  p << 0.75, 0.25;
  CHECK(max_difference(softmax_of(x, 0.5), p) <= 1e-15);
  dp << 4, 0;  // average 3: 0.5 * 0.75 * (4 - 3), 0.5 * 0.25 * (0 - 3)
  dx << 0.375, -0.375;
  CHECK(max_difference(backward_of(p, dp, 0.5), dx) <= 1e-15);
}

TEST_CASE("property: rows sum to 1, gradients of rows sum to 0, a shift changes nothing") {
  Rng rng(1);
  const Matrix<double> x = random_matrix(9, 37, rng, 3);
  const Matrix<double> p = softmax_of(x);
  CHECK(max_difference(p.rowwise().sum(), Matrix<double>::Ones(9, 1)) <= 1e-14);
  CHECK(p.minCoeff() > 0);
  CHECK(max_difference(softmax_of((x.array() + 1000).matrix()), p) <= 1e-12);
  const Matrix<double> dx = backward_of(p, random_matrix(9, 37, rng));
  CHECK(dx.rowwise().sum().cwiseAbs().maxCoeff() <= 1e-15);
  CHECK(dx.cwiseAbs().maxCoeff() > 0.01);
}

TEST_CASE("property: the beginning of a row is left where the rest is") {
  Rng rng(2);
  const Matrix<double> x = random_matrix(2, 6, rng);
  Matrix<double> part = x;
  softmax_row<double>(part.row(1).head(4));
  CHECK(max_difference(part.row(1).head(4), softmax_of(x.block(1, 0, 1, 4))) <= 1e-15);
  CHECK(max_difference(part.row(0), x.row(0)) == 0);
  CHECK(max_difference(part.row(1).tail(2), x.row(1).tail(2)) == 0);
}

TEST_CASE("property: the same bits with any number of threads") {
  const int before = threads();
  const Matrix<float> x = [] {
    Rng rng(3);
    return random_matrix(401, 67, rng).cast<float>().eval();
  }();
  Matrix<float> p[4], dx[4];
  for (int i = 0; i < 4; ++i) {
    set_threads(i == 3 ? 8 : i + 1);
    p[i] = x;
    softmax<float>(p[i], 0.3F);
    dx[i] = x;
    softmax_backward<float>(p[i], dx[i], 0.3F);
  }
  set_threads(before);
  for (int i = 1; i < 4; ++i) {
    CHECK((p[i].array() == p[0].array()).all());
    CHECK((dx[i].array() == dx[0].array()).all());
  }
}

TEST_CASE("property: of many rows, each is bent once") {
  Rng rng(5);
  const Matrix<double> x = random_matrix(401, 67, rng), dp = random_matrix(401, 67, rng);
  const Matrix<double> p = softmax_of(x, 0.3), dx = backward_of(p, dp, 0.3);
  for (Index i = 0; i < x.rows(); ++i) {
    REQUIRE(max_difference(p.row(i), softmax_of(x.row(i), 0.3)) <= 1e-15);
    REQUIRE(max_difference(dx.row(i), backward_of(p.row(i), dp.row(i), 0.3)) <= 1e-15);
  }
}

TEST_CASE("gradient check: x, with and without a scale") {
  Rng rng(4);
  for (const double scale : {1.0, 0.3}) {
    for (const Index width : {1, 2, 3, 19}) {
      Matrix<double> x = random_matrix(3, width, rng, 2);
      const Matrix<double> dp = random_matrix(3, width, rng);
      const Matrix<double> dx = backward_of(softmax_of(x, scale), dp, scale);
      const auto rows = check_gradients({checked("x", x, dx)},
                                        [&] { return weighted_sum(softmax_of(x, scale), dp); });
      CAPTURE(width);
      // At width 1 the weight is always 1 and both gradients are rounding around 0.
      if (width == 1)
        CHECK(dx.cwiseAbs().maxCoeff() <= 1e-15);
      else
        CHECK(rows[0].error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: PyTorch's softmax in float64") {
  for (const char* name : {"plain", "scaled", "masked"}) {
    CAPTURE(name);
    const Fixture fixture("softmax", name);
    Matrix<double> x = fixture.matrix("x");
    for (double& number : x.reshaped()) {
      if (number == -1e300) number = -kInfinity;  // JSON has no -inf
    }
    const Matrix<double> p = softmax_of(x, fixture.number("scale"));
    CHECK(max_difference(p, fixture.matrix("p")) <= 1e-10);
    const Matrix<double> dx = backward_of(p, fixture.matrix("dp"), fixture.number("scale"));
    CHECK(max_difference(dx, fixture.matrix("dx")) <= 1e-10);
  }
}

TEST_CASE("edges: scores of 1e8") {
  for (const double sign : {1.0, -1.0}) {
    Matrix<double> x(1, 3), p(1, 3);
    x << sign * 1e8, sign * 1e8, sign * 1e8 - 1e8;
    p << 0.5, 0.5, 0;
    CHECK(max_difference(softmax_of(x), p) == 0);
    CHECK(max_difference(softmax_of(x, 0.25), p) == 0);  // what is taken away is scaled, too
  }
}

TEST_CASE_TEMPLATE("edges: hidden and hopeless scores weigh 0, not a denormal number", Real, float,
                   double) {
  // Eigen's own exp gives 5.6e-309 for -inf in double, and 2.9e-39 in float without AVX-512.
  for (const Real low : {-std::numeric_limits<Real>::infinity(), Real(-2000)}) {
    Matrix<Real> x = Matrix<Real>::Ones(1, 45);
    for (Index j = 0; j < 45; j += 3) x(0, j) = low;  // at every place of a vector register
    softmax<Real>(x);
    for (Index j = 0; j < 45; ++j) {
      if (j % 3 == 0)
        CHECK(x(0, j) == 0);
      else
        CHECK(std::abs(x(0, j) - Real(1) / 30) <= Real(1e-7));
    }
  }
}

TEST_CASE("edges: fully masked rows give zeros and finite gradients, NaN is not hidden") {
  Matrix<double> x = Matrix<double>::Zero(4, 5);
  x.row(1).setConstant(-kInfinity);
  x(2, 3) = std::numeric_limits<double>::quiet_NaN();
  x(3, 1) = kInfinity;
  const Matrix<double> p = softmax_of(x);
  CHECK(max_difference(p.row(0), Matrix<double>::Constant(1, 5, 0.2)) <= 1e-15);
  CHECK(p.row(1).isZero(0));
  CHECK(p.row(2).array().isNaN().all());
  CHECK(p.row(3).array().isNaN().all());
  CHECK(backward_of(p.row(1), Matrix<double>::Constant(1, 5, 3)).isZero(0));
  // Wherever it stands in a vector register, and in float too.
  for (Index at = 0; at < 37; ++at) {
    Matrix<float> row = Matrix<float>::Ones(1, 37);
    row(0, at) = std::numeric_limits<float>::quiet_NaN();
    softmax<float>(row);
    CHECK(row.array().isNaN().all());
  }
  // A masked row with a NaN beside its -inf is a NaN too.
  Matrix<double> hidden = Matrix<double>::Constant(1, 9, -kInfinity);
  hidden(0, 4) = std::numeric_limits<double>::quiet_NaN();
  CHECK(softmax_of(hidden).array().isNaN().all());
}

TEST_CASE("edges: no rows, no columns, one column") {
  CHECK(softmax_of(Matrix<double>(0, 3)).rows() == 0);
  CHECK(softmax_of(Matrix<double>(3, 0)).cols() == 0);
  CHECK(max_difference(softmax_of(Matrix<double>::Constant(2, 1, -7)),
                       Matrix<double>::Ones(2, 1)) == 0);
}

TEST_CASE("misuse: gradients of another shape") {
  CHECK_THROWS_WITH_AS(backward_of(Matrix<double>::Zero(2, 4), Matrix<double>::Zero(2, 3)),
                       "softmax: dp has shape [2, 3], expected [2, 4]", std::invalid_argument);
  const RowVector<double> p = RowVector<double>::Zero(4);
  RowVector<double> dp = RowVector<double>::Zero(3);
  CHECK_THROWS_WITH_AS(softmax_backward_row<double>(p, dp),
                       "softmax: dp has shape [1, 3], expected [1, 4]", std::invalid_argument);
}
