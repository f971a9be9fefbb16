#include "limpid/nn/rms_norm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("by hand: width 2") {
  // x = (1, 7): mean square (1 + 49) / 2 = 25, root 5. The mean is not taken away.
  RmsNorm<double> layer(2, 0.0);
  layer.gain << 1, 10;
  Matrix<double> x(1, 2), expected(1, 2);
  x << 1, 7;
  expected << 0.2, 14;
  CHECK(max_difference(layer.forward(x, nullptr), expected) <= 1e-14);
}

TEST_CASE("by hand: eps stands inside the root") {
  // Mean square 1, eps 3: 1 / sqrt(1 + 3) = 1/2; outside the root 1 / (1 + 3) = 1/4.
  const RmsNorm<double> layer(2, 3.0);
  Matrix<double> x(1, 2), expected(1, 2);
  x << -1, 1;
  expected << -0.5, 0.5;
  CHECK(max_difference(layer.forward(x, nullptr), expected) <= 1e-15);
  // 1e-5 where none is given: of a root of 0.001 it leaves 0.001 / sqrt(1.1e-5).
  const Matrix<double> small = 0.001 * x;
  CHECK(std::abs(RmsNorm<double>(2).forward(small, nullptr)(0, 1) - 0.001 / std::sqrt(1.1e-5)) <=
        1e-12);
}

TEST_CASE("property: rows have mean square 1; scaling x changes nothing, shifting it does") {
  Rng rng(1);
  const RmsNorm<double> layer(33, 0.0);
  const Matrix<double> x = random_matrix(7, 33, rng);
  const Matrix<double> y = layer.forward(x, nullptr);
  for (Index i = 0; i < y.rows(); ++i) {
    CHECK(std::abs(y.row(i).array().square().mean() - 1) <= 1e-13);
  }
  CHECK(max_difference(layer.forward(5 * x, nullptr), y) <= 1e-13);
  CHECK(max_difference(layer.forward((x.array() + 1).matrix(), nullptr), y) >= 0.1);
}

TEST_CASE("property: with and without a cache the output is the same") {
  Rng rng(2);
  RmsNorm<double> layer(9);
  randomize(layer.parameters(), rng);
  const Matrix<double> x = random_matrix(4, 9, rng);
  RmsNorm<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), layer.forward(x, nullptr)) <= 1e-15);
  CHECK(cache.bytes() == (4 * 9 + 4) * 8);
}

TEST_CASE("property: the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng rng(3);
    RmsNorm<float> layer(67);
    const Matrix<float> x = random_matrix(701, 67, rng).cast<float>();
    const Matrix<float> dy = random_matrix(701, 67, rng).cast<float>();
    RmsNorm<float>::Cache cache;
    const Matrix<float> y = layer.forward(x, &cache);
    const Matrix<float> dx = layer.backward(dy, cache);
    return std::vector<Matrix<float>>{y, dx, layer.gain_grad};
  }));
}

TEST_CASE("gradient check: x and gain") {
  Rng rng(4);
  for (const Index width : {1, 2, 3, 17}) {
    // At width 1 the output is the sign of x but for eps: take an eps that can be seen.
    RmsNorm<double> layer(width, width == 1 ? 0.5 : 1e-5);
    randomize(layer.parameters(), rng);
    Matrix<double> x = random_matrix(5, width, rng);
    const Matrix<double> dy = random_matrix(5, width, rng);
    RmsNorm<double>::Cache cache;
    layer.forward(x, &cache);
    const Matrix<double> dx = layer.backward(dy, cache);
    std::vector<CheckedTensor> tensors = checked(layer.parameters());
    tensors.push_back(checked("x", x, dx));
    for (const GradientError& row :
         check_gradients(tensors, [&] { return weighted_sum(layer.forward(x, nullptr), dy); })) {
      CAPTURE(width);
      CAPTURE(row.name);
      CHECK(row.largest > 0);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: RMSNorm by hand in PyTorch, gradients by autograd, float64") {
  for (const char* name : {"wide", "narrow"}) {
    CAPTURE(name);
    const Fixture fixture("rms_norm", name);
    const Matrix<double> x = fixture.matrix("x");
    RmsNorm<double> layer(x.cols(), fixture.number("eps"));
    REQUIRE(layer.parameters().front().name == "gain");
    fixture.load(layer.parameters().front(), "gain");
    RmsNorm<double>::Cache cache;
    CHECK(max_difference(layer.forward(x, &cache), fixture.matrix("y")) <= 1e-10);
    CHECK(max_difference(layer.backward(fixture.matrix("dy"), cache), fixture.matrix("dx")) <=
          1e-10);
    CHECK(max_difference(layer.gain_grad, fixture.matrix("dgain")) <= 1e-10);
  }
}

TEST_CASE("accumulation: two backwards double the gradient, forward changes nothing") {
  Rng rng(5);
  RmsNorm<double> layer(6);
  randomize(layer.parameters(), rng);
  const Matrix<double> x = random_matrix(130, 6, rng), dy = random_matrix(130, 6, rng);
  RmsNorm<double>::Cache cache;
  layer.forward(x, &cache);
  const Matrix<double> dx = layer.backward(dy, cache);
  const RowVector<double> once = layer.gain_grad;
  // 130 rows are summed in three pieces.
  CHECK(max_difference(once, dy.cwiseProduct(cache.x_hat).colwise().sum()) <= 1e-12);
  layer.forward(x, &cache);
  CHECK(max_difference(layer.gain_grad, once) == 0);
  CHECK(max_difference(layer.backward(dy, cache), dx) == 0);
  CHECK(max_difference(layer.gain_grad, 2 * once) <= 1e-12);
}

TEST_CASE("edges: a row of zeros, large numbers, no rows") {
  const RmsNorm<double> layer(3);
  CHECK(layer.forward(Matrix<double>::Zero(1, 3), nullptr).isZero(0));
  const RmsNorm<float> single(2);
  Matrix<float> x(1, 2);
  x << 3e8F, 4e8F;  // mean square 12.5e16, root 3.5355e8
  CHECK(std::abs(single.forward(x, nullptr)(0, 1) - 1.1313708F) <= 1e-6F);
  CHECK(layer.forward(Matrix<double>(0, 3), nullptr).rows() == 0);
}

TEST_CASE("misuse: another width is named with both shapes") {
  RmsNorm<double> layer(8);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(2, 4), nullptr),
                       "rms_norm: x has shape [2, 4], expected [*, 8]", std::invalid_argument);
  RmsNorm<double>::Cache cache;
  layer.forward(Matrix<double>::Zero(2, 8), &cache);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(3, 8), cache),
                       "rms_norm: dy has shape [3, 8], expected [2, 8]", std::invalid_argument);
}
