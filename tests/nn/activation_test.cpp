#include "limpid/nn/activation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO accumulation: no parameters

namespace {

constexpr Activation kKinds[] = {Activation::relu, Activation::gelu_tanh, Activation::gelu_erf,
                                 Activation::silu};

std::string name(Activation kind) {
  switch (kind) {
    case Activation::relu:
      return "relu";
    case Activation::gelu_tanh:
      return "gelu_tanh";
    case Activation::gelu_erf:
      return "gelu_erf";
    case Activation::silu:
      return "silu";
  }
  return "";
}

template <class Real>
Matrix<Real> forward(Activation kind, const Matrix<Real>& x) {
  Matrix<Real> y(x.rows(), x.cols());
  activation_forward<Real>(kind, x, y);
  return y;
}

template <class Real>
Matrix<Real> backward(Activation kind, const Matrix<Real>& x, const Matrix<Real>& dy) {
  Matrix<Real> dx(x.rows(), x.cols());
  activation_backward<Real>(kind, x, dy, dx);
  return dx;
}

double at(Activation kind, double x) {
  return forward<double>(kind, Matrix<double>::Constant(1, 1, x))(0, 0);
}

}  // namespace

TEST_CASE("by hand: values at 1 and -1") {
  CHECK(at(Activation::relu, 1) == 1);
  CHECK(at(Activation::relu, -1) == 0);
  // Phi(1) = 0.8413447460685429, the share of a normal distribution below one deviation.
  CHECK(std::abs(at(Activation::gelu_erf, 1) - 0.8413447460685429) <= 1e-15);
  CHECK(std::abs(at(Activation::gelu_erf, -1) + 0.15865525393145707) <= 1e-15);
  // u = 0.7978845608 * 1.044715 = 0.8335619689;  tanh u = 0.6823839812;  (1 + tanh u) / 2
  CHECK(std::abs(at(Activation::gelu_tanh, 1) - 0.8411919906082768) <= 1e-15);
  CHECK(std::abs(at(Activation::gelu_tanh, -1) + 0.15880800939172324) <= 1e-15);
  // 1 / (1 + 1/e) = 0.7310585786300049
  CHECK(std::abs(at(Activation::silu, 1) - 0.7310585786300049) <= 1e-15);
  CHECK(std::abs(at(Activation::silu, -1) + 0.2689414213699951) <= 1e-15);
}

TEST_CASE("by hand: slopes at 0 are 0, 1/2, 1/2 and 1/2") {
  const Matrix<double> zero = Matrix<double>::Zero(1, 1), one = Matrix<double>::Ones(1, 1);
  CHECK(backward<double>(Activation::relu, zero, one)(0, 0) == 0);
  CHECK(backward<double>(Activation::gelu_tanh, zero, one)(0, 0) == 0.5);
  CHECK(backward<double>(Activation::gelu_erf, zero, one)(0, 0) == 0.5);
  CHECK(backward<double>(Activation::silu, zero, one)(0, 0) == 0.5);
}

TEST_CASE("property: the two GELUs differ by up to 5e-4, in both types") {
  const Index n = 8001;
  Matrix<double> x(1, n);
  for (Index i = 0; i < n; ++i) x(0, i) = static_cast<double>(i - 4000) / 1000;
  const double apart =
      max_difference(forward(Activation::gelu_tanh, x), forward(Activation::gelu_erf, x));
  CHECK(apart >= 4e-4);
  CHECK(apart <= 5e-4);
  const Matrix<float> single = x.cast<float>();
  for (const Activation kind : kKinds) {
    CAPTURE(name(kind));
    // 100 times finer than what separates the two.
    const Matrix<double> in_double = forward(kind, x);
    CHECK(max_difference(forward(kind, single).cast<double>(), in_double) <= 2e-6);
    const Matrix<double> ones = Matrix<double>::Ones(1, n);
    const Matrix<float> ones_single = ones.cast<float>();
    const Matrix<double> slopes = backward(kind, x, ones);
    CHECK(max_difference(backward(kind, single, ones_single).cast<double>(), slopes) <= 4e-6);
  }
}

TEST_CASE("property: f(x) - f(-x) = x, and the slopes at x and -x add up to 1") {
  // All four have the form x * g(x) with g(x) + g(-x) = 1.
  Rng rng(1);
  const Matrix<double> x = random_matrix(5, 13, rng, 3), ones = Matrix<double>::Ones(5, 13);
  const Matrix<double> minus = -x;
  for (const Activation kind : kKinds) {
    CAPTURE(name(kind));
    CHECK(max_difference(forward(kind, x) - forward(kind, minus), x) <= 1e-14);
    CHECK(max_difference(backward(kind, x, ones) + backward(kind, minus, ones), ones) <= 1e-14);
  }
}

TEST_CASE("property: blocks of larger matrices, and writing over the input") {
  Rng rng(2);
  const Matrix<double> x = random_matrix(37, 600, rng), dy = random_matrix(37, 600, rng);
  for (const Activation kind : kKinds) {
    CAPTURE(name(kind));
    const Matrix<double> y = forward(kind, x), dx = backward(kind, x, dy);
    Matrix<double> wide = Matrix<double>::Constant(37, 1300, 7);
    wide.middleCols(3, 600) = x;
    activation_forward<double>(kind, wide.middleCols(3, 600), wide.middleCols(650, 600));
    CHECK(max_difference(wide.middleCols(650, 600), y) <= 1e-15);
    CHECK((wide.middleCols(603, 47).array() == 7).all());  // nothing beside the block
    CHECK((wide.rightCols(50).array() == 7).all());
    wide.middleCols(650, 600) = dy;
    activation_backward<double>(kind, wide.middleCols(3, 600), wide.middleCols(650, 600),
                                wide.middleCols(650, 600));
    CHECK(max_difference(wide.middleCols(650, 600), dx) <= 1e-15);
    Matrix<double> over = x;
    activation_forward<double>(kind, over, over);
    CHECK(max_difference(over, y) == 0);
    over = dy;
    activation_backward<double>(kind, x, over, over);
    CHECK(max_difference(over, dx) == 0);
  }
}

TEST_CASE("property: the same bits for any number of threads") {
  for (const Activation kind : kKinds) {
    CAPTURE(name(kind));
    CHECK(same_bits_with_all_threads([kind] {
      Rng rng(3);
      const Matrix<float> x = random_matrix(301, 333, rng).cast<float>();
      return std::vector<Matrix<float>>{forward(kind, x), backward(kind, x, x)};
    }));
  }
}

TEST_CASE("gradient check: x, for all kinds") {
  Rng rng(4);
  Matrix<double> x = random_matrix(3, 19, rng, 2);
  // ReLU has no slope at 0: keep away from it by more than the checker's step.
  for (double& number : x.reshaped()) {
    if (std::abs(number) < 1e-3) number = 0.1;
  }
  const Matrix<double> dy = random_matrix(3, 19, rng);
  for (const Activation kind : kKinds) {
    const Matrix<double> dx = backward(kind, x, dy);
    for (const GradientError& row : check_gradients(
             {checked("x", x, dx)}, [&] { return weighted_sum(forward(kind, x), dy); })) {
      CAPTURE(name(kind));
      CHECK(row.largest > 0);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: PyTorch's activations in float64") {
  for (const Activation kind : kKinds) {
    CAPTURE(name(kind));
    const Fixture fixture("activation", name(kind));
    const Matrix<double> x = fixture.matrix("x");
    CHECK(max_difference(forward(kind, x), fixture.matrix("y")) <= 1e-10);
    CHECK(max_difference(backward(kind, x, fixture.matrix("dy")), fixture.matrix("dx")) <= 1e-10);
  }
}

TEST_CASE("edges: one number, no numbers, numbers of 1e8 and 1e38, NaN stays NaN") {
  for (const Activation kind : kKinds) {
    CAPTURE(name(kind));
    CHECK(forward<float>(kind, Matrix<float>(0, 5)).rows() == 0);
    CHECK(forward<double>(kind, Matrix<double>(5, 0)).cols() == 0);
    Matrix<float> x(1, 2);
    x << 1e8F, -1e8F;
    const Matrix<float> y = forward<float>(kind, x);
    CHECK(y(0, 0) == 1e8F);
    CHECK(std::abs(y(0, 1)) <= 1e-20F);
    const Matrix<float> dx = backward<float>(kind, x, Matrix<float>::Ones(1, 2));
    CHECK(dx(0, 0) == 1);
    CHECK(std::abs(dx(0, 1)) <= 1e-20F);
    x << 1e38F, -1e38F;  // whose squares are infinite
    const Matrix<float> far = backward<float>(kind, x, Matrix<float>::Ones(1, 2));
    CHECK(far(0, 0) == 1);
    CHECK(std::abs(far(0, 1)) <= 1e-20F);
    CHECK(std::isnan(backward<float>(kind, x * std::nanf(""), Matrix<float>::Ones(1, 2))(0, 0)) ==
          (kind != Activation::relu));
    CHECK(std::isnan(at(kind, std::nan(""))));
  }
}

TEST_CASE("misuse: shapes that differ") {
  Matrix<double> x = Matrix<double>::Zero(2, 3), y(3, 2);
  CHECK_THROWS_WITH_AS(activation_forward<double>(Activation::silu, x, y),
                       "activation: y has shape [3, 2], expected [2, 3]", std::invalid_argument);
  CHECK_THROWS_WITH_AS(activation_backward<double>(Activation::silu, x, y, x),
                       "activation: dy has shape [3, 2], expected [2, 3]", std::invalid_argument);
  CHECK_THROWS_WITH_AS(activation_backward<double>(Activation::silu, x, x, y),
                       "activation: dx has shape [3, 2], expected [2, 3]", std::invalid_argument);
}
