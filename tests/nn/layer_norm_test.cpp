#include "limpid/nn/layer_norm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("by hand: width 4") {
  // x = (1, 2, 3, 6): mean 3, deviations (-2, -1, 0, 3), variance (4 + 1 + 0 + 9) / 4 = 3.5.
  // Dividing by C - 1 would give 14/3; at width 4 the two are far apart.
  LayerNorm<double> layer(4, 0.0);
  layer.gain << 1, 1, 2, 1;
  layer.bias << 0, 0, 5, 1;
  Matrix<double> x(1, 4);
  x << 1, 2, 3, 6;
  const double s = std::sqrt(3.5);
  Matrix<double> expected(1, 4);
  expected << -2 / s, -1 / s, 5, 3 / s + 1;
  CHECK(max_difference(layer.forward(x, nullptr), expected) <= 1e-15);
}

TEST_CASE("by hand: eps stands inside the root") {
  // x = (-1, 1): variance 1. With eps = 3: 1 / sqrt(1 + 3) = 0.5; outside the root 1 / (1 + 3) =
  // 0.25.
  LayerNorm<double> layer(2, 3.0);
  Matrix<double> x(1, 2);
  x << -1, 1;
  Matrix<double> expected(1, 2);
  expected << -0.5, 0.5;
  CHECK(max_difference(layer.forward(x, nullptr), expected) <= 1e-15);
  // GPT-2's 1e-5 where none is given: of deviations of 0.001 it leaves 0.001 / sqrt(1.1e-5).
  const Matrix<double> small = 0.001 * x;
  CHECK(std::abs(LayerNorm<double>(2).forward(small, nullptr)(0, 1) - 0.001 / std::sqrt(1.1e-5)) <=
        1e-12);
}

TEST_CASE("property: rows have mean 0 and variance 1; shifting and scaling x changes nothing") {
  Rng rng(1);
  const LayerNorm<double> layer(33, 0.0);
  const Matrix<double> x = random_matrix(7, 33, rng);
  const Matrix<double> y = layer.forward(x, nullptr);
  for (Index i = 0; i < y.rows(); ++i) {
    CHECK(std::abs(y.row(i).mean()) <= 1e-14);
    CHECK(std::abs(y.row(i).array().square().mean() - 1) <= 1e-13);
  }
  const Matrix<double> moved = (x.array() * 5 + 100).matrix();
  CHECK(max_difference(layer.forward(moved, nullptr), y) <= 1e-11);
}

TEST_CASE("property: with and without a cache the output is the same") {
  Rng rng(2);
  LayerNorm<double> layer(9);
  randomize(layer.parameters(), rng);
  const Matrix<double> x = random_matrix(4, 9, rng);
  LayerNorm<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), layer.forward(x, nullptr)) <= 1e-15);
  CHECK(cache.bytes() == (4 * 9 + 4) * 8);
}

TEST_CASE("gradient check: x, gain and bias") {
  Rng rng(3);
  for (const Index width : {1, 2, 3, 17}) {
    LayerNorm<double> layer(width);
    randomize(layer.parameters(), rng);
    Matrix<double> x = random_matrix(5, width, rng);
    const Matrix<double> dy = random_matrix(5, width, rng);
    LayerNorm<double>::Cache cache;
    layer.forward(x, &cache);
    const Matrix<double> dx = layer.backward(dy, cache);

    std::vector<CheckedTensor> tensors = checked(layer.parameters());
    tensors.push_back(checked("x", x, dx));
    for (const GradientError& row :
         check_gradients(tensors, [&] { return weighted_sum(layer.forward(x, nullptr), dy); })) {
      CAPTURE(width);
      CAPTURE(row.name);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: PyTorch's LayerNorm in float64") {
  for (const char* name : {"wide", "narrow"}) {
    CAPTURE(name);
    const Fixture fixture("layer_norm", name);
    const Matrix<double> x = fixture.matrix("x");
    LayerNorm<double> layer(x.cols(), fixture.number("eps"));
    layer.gain = fixture.matrix("gain");
    layer.bias = fixture.matrix("bias");
    LayerNorm<double>::Cache cache;
    CHECK(max_difference(layer.forward(x, &cache), fixture.matrix("y")) <= 1e-10);
    const Matrix<double> dx = layer.backward(fixture.matrix("dy"), cache);
    CHECK(max_difference(dx, fixture.matrix("dx")) <= 1e-10);
    CHECK(max_difference(layer.gain_grad, fixture.matrix("dgain")) <= 1e-10);
    CHECK(max_difference(layer.bias_grad, fixture.matrix("dbias")) <= 1e-10);
  }
}

TEST_CASE("accumulation: two backwards double the parameter gradients, forward changes nothing") {
  Rng rng(4);
  LayerNorm<double> layer(6);
  randomize(layer.parameters(), rng);
  const Matrix<double> x = random_matrix(130, 6, rng);
  const Matrix<double> dy = random_matrix(130, 6, rng);
  LayerNorm<double>::Cache cache;
  layer.forward(x, &cache);
  const Matrix<double> dx = layer.backward(dy, cache);
  const RowVector<double> once_gain = layer.gain_grad, once_bias = layer.bias_grad;
  // 130 rows are summed in three pieces.
  CHECK(max_difference(once_gain, dy.cwiseProduct(cache.x_hat).colwise().sum()) <= 1e-12);
  CHECK(max_difference(once_bias, dy.colwise().sum()) <= 1e-12);
  layer.forward(x, &cache);
  CHECK(max_difference(layer.backward(dy, cache), dx) == 0);
  CHECK(max_difference(layer.gain_grad, 2 * once_gain) <= 1e-12);
  CHECK(max_difference(layer.bias_grad, 2 * once_bias) <= 1e-12);
}

TEST_CASE("edges: one row, a constant row, a large mean, no rows") {
  LayerNorm<double> layer(3);
  layer.bias << 1, 2, 3;
  // A constant row has variance 0: eps keeps it finite, and only the bias is left.
  CHECK(max_difference(layer.forward(Matrix<double>::Constant(1, 3, 7), nullptr), layer.bias) == 0);
  // A mean of 1e4 in float: x^2 - mean^2 would have lost the variance.
  LayerNorm<float> single(2);
  Matrix<float> x(1, 2);
  x << 10000.F, 10001.F;
  const Matrix<float> y = single.forward(x, nullptr);
  CHECK(std::abs(y(0, 1) - 1.F) <= 1e-4F);
  CHECK(layer.forward(Matrix<double>(0, 3), nullptr).rows() == 0);
}

TEST_CASE("misuse: another width is named with both shapes") {
  LayerNorm<double> layer(8);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(2, 4), nullptr),
                       "layer_norm: x has shape [2, 4], expected [*, 8]", std::invalid_argument);
  LayerNorm<double>::Cache cache;
  layer.forward(Matrix<double>::Zero(2, 8), &cache);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(3, 8), cache),
                       "layer_norm: dy has shape [3, 8], expected [2, 8]", std::invalid_argument);
}
