#include "limpid/nn/linear.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

Linear<double> random_linear(Index in, Index out, bool bias, Rng& rng) {
  Linear<double> layer(in, out, bias, rng);
  randomize(layer.parameters(), rng);
  return layer;
}

}  // namespace

TEST_CASE("by hand: 2 inputs, 3 outputs") {
  Rng rng(1);
  Linear<double> layer(2, 3, true, rng);
  layer.weight << 1, 2,  //
      3, 4,              //
      5, 6;
  layer.bias << 10, 20, 30;
  Matrix<double> x(1, 2);
  x << 1, -1;
  // (1 - 2 + 10, 3 - 4 + 20, 5 - 6 + 30)
  Matrix<double> expected(1, 3);
  expected << 9, 19, 29;
  Linear<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), expected) == 0);

  Matrix<double> dy(1, 3), dx(1, 2), dw(3, 2);
  dy << 1, 0, 2;
  dx << 1 + 2 * 5, 2 + 2 * 6;  // dy W
  dw << 1, -1, 0, 0, 2, -2;    // dy^T x
  CHECK(max_difference(layer.backward(dy, cache), dx) == 0);
  CHECK(max_difference(layer.weight_grad, dw) == 0);
  CHECK(max_difference(layer.bias_grad, dy) == 0);
}

TEST_CASE("property: without bias the layer is linear") {
  Rng rng(2);
  const Linear<double> layer = random_linear(7, 5, false, rng);
  const Matrix<double> a = random_matrix(3, 7, rng), b = random_matrix(3, 7, rng);
  const Matrix<double> sum = layer.forward(a, nullptr) + layer.forward(b, nullptr);
  CHECK(max_difference(layer.forward(a + b, nullptr), sum) <= 1e-13);
}

TEST_CASE("property: fresh weights have the asked deviation, biases are zero") {
  Rng rng(3);
  const Linear<double> layer(200, 300, true, rng, 0.02);
  CHECK(std::abs(std::sqrt(layer.weight.array().square().mean()) - 0.02) <= 2e-4);
  CHECK(layer.bias.isZero(0));
  const Linear<double> usual(192, 300, true, rng);  // 0.02 sqrt(768 / 192)
  CHECK(std::abs(std::sqrt(usual.weight.array().square().mean()) - 0.04) <= 4e-4);
}

TEST_CASE("property: the weight decays and the bias does not; names and shapes are a file's") {
  Rng rng(10);
  Linear<double> layer(4, 3, true, rng);
  const Parameters<double> parameters = layer.parameters();
  REQUIRE(parameters.size() == 2);
  CHECK(parameters[0].name == "weight");
  CHECK(parameters[0].shape == std::vector<Index>{3, 4});
  CHECK(parameters[0].decay);
  CHECK(parameters[1].name == "bias");
  CHECK(parameters[1].shape == std::vector<Index>{3});
  CHECK_FALSE(parameters[1].decay);
}

TEST_CASE("property: of many rows, each has its own output and its share in the gradients") {
  // 3000 rows: several pieces for the threads, the last one short.
  Rng rng(9);
  Linear<double> layer = random_linear(5, 7, true, rng);
  const Matrix<double> x = random_matrix(3000, 5, rng), dy = random_matrix(3000, 7, rng);
  Matrix<double> y = x * layer.weight.transpose();
  y.rowwise() += layer.bias;
  Linear<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), y) <= 1e-13);
  CHECK(max_difference(layer.backward(dy, cache), dy * layer.weight) <= 1e-13);
  CHECK(max_difference(layer.weight_grad, dy.transpose() * x) <= 1e-11);
  CHECK(max_difference(layer.bias_grad, dy.colwise().sum()) <= 1e-11);
}

TEST_CASE("gradient check: x, weight and bias") {
  Rng rng(4);
  for (const bool bias : {true, false}) {
    Linear<double> layer = random_linear(5, 3, bias, rng);
    Matrix<double> x = random_matrix(4, 5, rng);
    const Matrix<double> dy = random_matrix(4, 3, rng);
    Linear<double>::Cache cache;
    layer.forward(x, &cache);
    const Matrix<double> dx = layer.backward(dy, cache);
    std::vector<CheckedTensor> tensors = checked(layer.parameters());
    CHECK(tensors.size() == (bias ? 2 : 1));
    tensors.push_back(checked("x", x, dx));
    for (const GradientError& row :
         check_gradients(tensors, [&] { return weighted_sum(layer.forward(x, nullptr), dy); })) {
      CAPTURE(row.name);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: PyTorch's Linear in float64") {
  const Fixture fixture("linear", "bias");
  Rng rng(5);
  const Matrix<double> x = fixture.matrix("x");
  Linear<double> layer(x.cols(), fixture.matrix("weight").rows(), true, rng);
  layer.weight = fixture.matrix("weight");
  layer.bias = fixture.matrix("bias");
  Linear<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), fixture.matrix("y")) <= 1e-10);
  CHECK(max_difference(layer.backward(fixture.matrix("dy"), cache), fixture.matrix("dx")) <= 1e-10);
  CHECK(max_difference(layer.weight_grad, fixture.matrix("dweight")) <= 1e-10);
  CHECK(max_difference(layer.bias_grad, fixture.matrix("dbias")) <= 1e-10);
}

TEST_CASE("accumulation: two backwards double the parameter gradients, forward changes nothing") {
  Rng rng(6);
  Linear<double> layer = random_linear(4, 6, true, rng);
  const Matrix<double> x = random_matrix(130, 4, rng), dy = random_matrix(130, 6, rng);
  Linear<double>::Cache cache;
  layer.forward(x, &cache);
  const Matrix<double> dx = layer.backward(dy, cache);
  const Matrix<double> dw = layer.weight_grad;
  const RowVector<double> db = layer.bias_grad;
  layer.forward(x, &cache);
  CHECK(max_difference(layer.backward(dy, cache), dx) == 0);
  CHECK(max_difference(layer.weight_grad, 2 * dw) <= 1e-12);
  CHECK(max_difference(layer.bias_grad, 2 * db) <= 1e-12);
}

TEST_CASE("edges: one input, one output, one row; no rows") {
  Rng rng(7);
  const Linear<double> layer = random_linear(1, 1, true, rng);
  const double w = layer.weight(0, 0), b = layer.bias[0];
  const Matrix<double> y = layer.forward(Matrix<double>::Constant(1, 1, 3), nullptr);
  CHECK(std::abs(y(0, 0) - (b + w * 3)) <= 1e-15);
  CHECK(layer.forward(Matrix<double>(0, 1), nullptr).rows() == 0);
}

TEST_CASE("misuse: another width is named with both shapes") {
  Rng rng(8);
  Linear<double> layer(4, 3, true, rng);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(2, 5), nullptr),
                       "linear: x has shape [2, 5], expected [*, 4]", std::invalid_argument);
  Linear<double>::Cache cache;
  layer.forward(Matrix<double>::Zero(2, 4), &cache);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(2, 4), cache),
                       "linear: dy has shape [2, 4], expected [2, 3]", std::invalid_argument);
}
