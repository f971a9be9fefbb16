#include "limpid/train/muon.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include <Eigen/SVD>

#include "limpid/core/parallel.hpp"

#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: an optimizer uses gradients and has none
// NO fixture: PyTorch 1.13 has no Muon; the singular value decomposition is the other implementation

namespace {

struct Weights {
  Matrix<double> value, grad;
  Parameters<double> parameters() { return {matrix_parameter("w", value, grad)}; }
};

double polynomial(double s) {
  for (int i = 0; i < 5; ++i) s = 3.4445 * s - 4.7750 * s * s * s + 2.0315 * std::pow(s, 5);
  return s;
}

}  // namespace

TEST_CASE("by hand: a diagonal matrix stays diagonal, each number goes through the polynomial") {
  // |m| = 5, so the singular values 3 and 4 become 0.6 and 0.8 before the five steps.
  Matrix<double> m = Matrix<double>::Zero(2, 2);
  m(0, 0) = 3;
  m(1, 1) = -4;
  Matrix<double> expected = Matrix<double>::Zero(2, 2);
  expected(0, 0) = polynomial(0.6);
  expected(1, 1) = -polynomial(0.8);
  CHECK(max_difference(orthogonalized<double>(m), expected) <= 1e-6);
}

TEST_CASE("by hand: one step of one number") {
  // m = g; u = g + 0.5 g = 1.5 g; its sign, with the polynomial's size at 1; factor 0.2 sqrt(1).
  Weights w{Matrix<double>::Constant(1, 1, 2), Matrix<double>::Constant(1, 1, -7)};
  Muon<double> muon(w.parameters(), {.momentum = 0.5, .weight_decay = 0.1});
  muon.step(w.parameters(), 0.25);
  const double expected = 2 - 0.25 * (0.2 * -polynomial(1.0) + 0.1 * 2);
  CHECK(std::abs(w.value(0, 0) - expected) <= 1e-6);
}

TEST_CASE("by hand: two steps of two numbers, along what the momentum will be") {
  // Of a row only the length is changed: to the polynomial's size at 1. The factor is 0.2 sqrt(2).
  // g = (1, 0): m = (1, 0), u = g + m / 2 = (1.5, 0). Then g = (0, 1): m = (0.5, 1), u = (0.25, 1.5).
  // (Along m itself the second step would be (0.5, 1) long, along g alone (0, 1).)
  Weights w{Matrix<double>::Zero(1, 2), Matrix<double>(1, 2)};
  Muon<double> muon(w.parameters(), {.momentum = 0.5, .weight_decay = 0});
  w.grad << 1, 0;
  muon.step(w.parameters(), 0.25);
  w.grad << 0, 1;
  muon.step(w.parameters(), 0.25);
  const double length = 0.25 * 0.2 * std::sqrt(2.0) * polynomial(1.0);
  const double norm = std::sqrt(0.25 * 0.25 + 1.5 * 1.5);
  Matrix<double> expected(1, 2);
  expected << -length * (1 + 0.25 / norm), -length * 1.5 / norm;
  CHECK(max_difference(w.value, expected) <= 1e-6);
}

TEST_CASE("property: every matrix has its own gradient, momentum and size") {
  Rng rng(5);
  Weights a{random_matrix(3, 4, rng), random_matrix(3, 4, rng)};
  Weights b{random_matrix(4, 3, rng), random_matrix(4, 3, rng)};
  Weights a_alone = a, b_alone = b;
  Parameters<double> both = a.parameters();
  both.push_back(matrix_parameter("v", b.value, b.grad));
  Muon<double> together(both), first(a_alone.parameters()), second(b_alone.parameters());
  for (int step = 0; step < 2; ++step) {
    together.step(both, 0.1);
    first.step(a_alone.parameters(), 0.1);
    second.step(b_alone.parameters(), 0.1);
    a.grad = a_alone.grad = random_matrix(3, 4, rng);
    b.grad = b_alone.grad = random_matrix(4, 3, rng);
  }
  CHECK(max_difference(a.value, a_alone.value) == 0);
  CHECK(max_difference(b.value, b_alone.value) == 0);
  const auto momenta = together.momenta();
  REQUIRE(momenta.size() == 2);
  CHECK(momenta[1].name == "v");
  CHECK(std::equal(momenta[1].values.begin(), momenta[1].values.end(),
                   second.momenta()[0].values.begin(), second.momenta()[0].values.end()));
}

TEST_CASE("by hand: what does not decay does not") {
  Weights w{Matrix<double>::Constant(2, 3, 1), Matrix<double>::Zero(2, 3)};
  Parameters<double> parameters = w.parameters();
  parameters[0].decay = false;
  Muon<double> muon(parameters, {.weight_decay = 0.5});
  muon.step(parameters, 0.1);
  CHECK(max_difference(w.value, Matrix<double>::Constant(2, 3, 1)) == 0);
}

TEST_CASE("property: the singular directions stay, every singular value comes near 1") {
  Rng rng(1);
  for (const auto& [rows, cols] : {std::pair<Index, Index>{8, 8}, {5, 40}, {40, 5}, {1, 9}}) {
    const Matrix<double> m = random_matrix(rows, cols, rng);
    const Matrix<double> o = orthogonalized<double>(m);
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const Eigen::MatrixXd core = svd.matrixU().transpose() * o * svd.matrixV();
    for (Index i = 0; i < core.rows(); ++i) {
      for (Index j = 0; j < core.cols(); ++j) {
        if (i == j) {
          CHECK(core(i, j) >= 0.6);
          CHECK(core(i, j) <= 1.25);
        } else {
          CHECK(std::abs(core(i, j)) <= 1e-9);
        }
      }
    }
  }
}

TEST_CASE("property: the size of the gradient does not matter, its direction does") {
  Rng rng(2);
  const Matrix<double> m = random_matrix(6, 9, rng);
  CHECK(max_difference(orthogonalized<double>(m), orthogonalized<double>(1000 * m)) <= 1e-5);
  CHECK(max_difference(orthogonalized<double>(m), -orthogonalized<double>(-m)) <= 1e-12);
}

TEST_CASE("property: the same bits with 1, 2, 3 and 8 threads") {
  Rng rng(3);
  const Matrix<float> m = random_matrix(130, 350, rng).cast<float>();
  set_threads(1);
  const Matrix<float> one = orthogonalized<float>(m);
  for (const int count : {2, 3, 8}) {
    set_threads(count);
    CHECK(orthogonalized<float>(m) == one);
  }
  set_threads(physical_cores());
}

TEST_CASE("accumulation: the running mean adds up over steps and can be restored") {
  Rng rng(4);
  const Matrix<double> g1 = random_matrix(3, 4, rng), g2 = random_matrix(3, 4, rng);
  Weights w{random_matrix(3, 4, rng), g1};
  Muon<double> muon(w.parameters(), {.momentum = 0.9});
  muon.step(w.parameters(), 0.1);
  const std::vector<double> saved(muon.momenta()[0].values.begin(), muon.momenta()[0].values.end());
  Weights other = w;
  w.grad = other.grad = g2;
  muon.step(w.parameters(), 0.1);
  const Eigen::Map<const Matrix<double>> m(muon.momenta()[0].values.data(), 3, 4);
  CHECK(max_difference(m, 0.9 * g1 + g2) <= 1e-14);

  Muon<double> restored(other.parameters(), {.momentum = 0.9});
  std::copy(saved.begin(), saved.end(), restored.momenta()[0].values.begin());
  restored.step(other.parameters(), 0.1);
  CHECK(max_difference(other.value, w.value) == 0);
}

TEST_CASE("edges: a gradient of zeros moves nothing but the decay") {
  Weights w{Matrix<double>::Constant(2, 3, 1), Matrix<double>::Zero(2, 3)};
  Muon<double> muon(w.parameters(), {.weight_decay = 0.5});
  muon.step(w.parameters(), 0.1);
  CHECK(max_difference(w.value, Matrix<double>::Constant(2, 3, 0.95)) <= 1e-15);
}

TEST_CASE("misuse: a vector, another parameter") {
  RowVector<double> value = RowVector<double>::Zero(4), grad = value;
  CHECK_THROWS_WITH_AS(Muon<double>({vector_parameter("gain", value, grad)}),
                       "muon: gain has 1 dimensions, expected a matrix", std::invalid_argument);
  Weights w{Matrix<double>::Zero(2, 2), Matrix<double>::Zero(2, 2)};
  Muon<double> muon(w.parameters());
  Parameters<double> renamed = w.parameters();
  renamed[0].name = "v";
  CHECK_THROWS_WITH_AS(muon.step(renamed, 0.1), "muon: parameter 0 is 'v', expected 'w'",
                       std::invalid_argument);
  Weights larger{Matrix<double>::Zero(2, 3), Matrix<double>::Zero(2, 3)};
  CHECK_THROWS_AS(muon.step(larger.parameters(), 0.1), std::invalid_argument);
  CHECK_THROWS_WITH_AS(muon.step({}, 0.1), "muon: expected the parameters of the constructor",
                       std::invalid_argument);
}
