#include "limpid/nn/feed_forward.hpp"

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

namespace {

FeedForward<double> random_layer(Index width, Index hidden, Activation kind, bool bias, Rng& rng) {
  FeedForward<double> layer(width, hidden, kind, bias, rng);
  randomize(layer.parameters(), rng);
  return layer;
}

}  // namespace

TEST_CASE("by hand: absolute value out of two ReLUs") {
  // |x| = relu(x) + relu(-x): up = (1, -1), down = (1, 1).
  Rng rng(1);
  FeedForward<double> layer(1, 2, Activation::relu, true, rng);
  layer.up.weight << 1, -1;
  layer.down.weight << 1, 1;
  layer.down.bias << 100;
  Matrix<double> x(3, 1), y(3, 1);
  x << 2, -3, 0.5;
  y << 102, 103, 100.5;
  FeedForward<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), y) == 0);
  // The slope of |x| is the sign of x.
  Matrix<double> dx(3, 1);
  dx << 1, -1, 1;
  CHECK(max_difference(layer.backward(Matrix<double>::Ones(3, 1), cache), dx) == 0);
}

TEST_CASE("property: rows do not see each other") {
  Rng rng(2);
  const FeedForward<double> layer = random_layer(6, 9, Activation::gelu_tanh, true, rng);
  const Matrix<double> x = random_matrix(5, 6, rng);
  const Matrix<double> y = layer.forward(x, nullptr);
  for (Index i = 0; i < 5; ++i) {
    CHECK(max_difference(layer.forward(x.row(i), nullptr), y.row(i)) <= 1e-13);
  }
}

TEST_CASE("property: with and without a cache the output is the same; the cache is counted") {
  Rng rng(3);
  const FeedForward<double> layer = random_layer(5, 7, Activation::silu, true, rng);
  const Matrix<double> x = random_matrix(4, 5, rng);
  FeedForward<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), layer.forward(x, nullptr)) <= 1e-15);
  CHECK(cache.bytes() == (4 * 5 + 2 * 4 * 7) * 8);
}

TEST_CASE(
    "property: fresh weights deviate as the width says, the second product by the asked factor, "
    "names are those of files") {
  Rng rng(4);
  FeedForward<double> layer(100, 400, Activation::gelu_tanh, true, rng, 0.25);
  const auto deviation = [](const Matrix<double>& m) {
    return std::sqrt(m.array().square().mean());
  };
  CHECK(std::abs(deviation(layer.up.weight) / initial_deviation(100) - 1) <= 0.02);
  CHECK(std::abs(deviation(layer.down.weight) / initial_deviation(100) - 0.25) <= 0.005);
  std::vector<std::string> names;
  for (const Parameter<double>& parameter : layer.parameters()) names.push_back(parameter.name);
  CHECK(names == std::vector<std::string>{"up.weight", "up.bias", "down.weight", "down.bias"});
  const Parameters<double> bare =
      FeedForward<double>(4, 8, Activation::relu, false, rng).parameters();
  REQUIRE(bare.size() == 2);
  CHECK(bare[0].name == "up.weight");
  CHECK(bare[0].shape == std::vector<Index>{8, 4});
  CHECK(bare[1].name == "down.weight");
  CHECK(bare[1].shape == std::vector<Index>{4, 8});
}

TEST_CASE("property: the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng rng(5);
    FeedForward<float> layer(67, 131, Activation::gelu_tanh, true, rng);
    const Matrix<float> x = random_matrix(301, 67, rng).cast<float>();
    FeedForward<float>::Cache cache;
    const Matrix<float> y = layer.forward(x, &cache);
    const Matrix<float> dx = layer.backward(x, cache);
    return std::vector<Matrix<float>>{y,
                                      dx,
                                      layer.up.weight_grad,
                                      layer.down.weight_grad,
                                      layer.up.bias_grad,
                                      layer.down.bias_grad};
  }));
}

TEST_CASE("gradient check: x and all parameters") {
  Rng rng(6);
  for (const Activation kind : {Activation::gelu_tanh, Activation::gelu_erf, Activation::silu}) {
    for (const bool bias : {true, false}) {
      FeedForward<double> layer = random_layer(3, 5, kind, bias, rng);
      Matrix<double> x = random_matrix(4, 3, rng);
      const Matrix<double> dy = random_matrix(4, 3, rng);
      FeedForward<double>::Cache cache;
      layer.forward(x, &cache);
      const Matrix<double> dx = layer.backward(dy, cache);
      std::vector<CheckedTensor> tensors = checked(layer.parameters());
      CHECK(tensors.size() == (bias ? 4 : 2));
      tensors.push_back(checked("x", x, dx));
      for (const GradientError& row :
           check_gradients(tensors, [&] { return weighted_sum(layer.forward(x, nullptr), dy); })) {
        CAPTURE(row.name);
        CHECK(row.largest > 0);
        CHECK(row.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("fixture: two Linears and an activation of PyTorch in float64") {
  for (const char* name : {"gelu", "relu"}) {
    CAPTURE(name);
    const Fixture fixture("feed_forward", name);
    const bool bias = fixture.has("up.bias");
    Rng rng(7);
    FeedForward<double> layer(fixture.matrix("up.weight").cols(),
                              fixture.matrix("up.weight").rows(),
                              bias ? Activation::gelu_tanh : Activation::relu, bias, rng);
    for (const Parameter<double>& parameter : layer.parameters()) {
      fixture.load(parameter, parameter.name);
    }
    FeedForward<double>::Cache cache;
    CHECK(max_difference(layer.forward(fixture.matrix("x"), &cache), fixture.matrix("y")) <= 1e-10);
    CHECK(max_difference(layer.backward(fixture.matrix("dy"), cache), fixture.matrix("dx")) <=
          1e-10);
    CHECK(max_difference(layer.up.weight_grad, fixture.matrix("dup.weight")) <= 1e-10);
    CHECK(max_difference(layer.down.weight_grad, fixture.matrix("ddown.weight")) <= 1e-10);
    if (!bias) continue;
    CHECK(max_difference(layer.up.bias_grad, fixture.matrix("dup.bias")) <= 1e-10);
    CHECK(max_difference(layer.down.bias_grad, fixture.matrix("ddown.bias")) <= 1e-10);
  }
}

TEST_CASE("accumulation: two backwards double all gradients, forward changes nothing") {
  Rng rng(8);
  FeedForward<double> layer = random_layer(4, 6, Activation::gelu_tanh, true, rng);
  const Matrix<double> x = random_matrix(9, 4, rng), dy = random_matrix(9, 4, rng);
  FeedForward<double>::Cache cache;
  layer.forward(x, &cache);
  const Matrix<double> dx = layer.backward(dy, cache);
  std::vector<std::vector<double>> once;
  for (const Parameter<double>& p : layer.parameters())
    once.emplace_back(p.grad.begin(), p.grad.end());
  layer.forward(x, &cache);
  CHECK(max_difference(layer.backward(dy, cache), dx) == 0);
  for (std::size_t i = 0; i < once.size(); ++i) {
    const Parameter<double> parameter = layer.parameters()[i];
    CAPTURE(parameter.name);
    for (std::size_t j = 0; j < once[i].size(); ++j) {
      CHECK(std::abs(parameter.grad[j] - 2 * once[i][j]) <= 1e-12);
    }
  }
}

TEST_CASE("edges: one channel, one hidden, one row; no rows; large inputs stay finite") {
  Rng rng(9);
  FeedForward<double> layer = random_layer(1, 1, Activation::gelu_tanh, true, rng);
  FeedForward<double>::Cache cache;
  CHECK(layer.forward(Matrix<double>::Constant(1, 1, 1e8), &cache).allFinite());
  CHECK(layer.backward(Matrix<double>::Ones(1, 1), cache).allFinite());
  CHECK(layer.forward(Matrix<double>(0, 1), &cache).rows() == 0);
  CHECK(layer.backward(Matrix<double>(0, 1), cache).rows() == 0);
}

TEST_CASE("misuse: another width is named with both shapes") {
  Rng rng(10);
  FeedForward<double> layer(4, 8, Activation::relu, true, rng);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(2, 5), nullptr),
                       "feed_forward: x has shape [2, 5], expected [*, 4]", std::invalid_argument);
  FeedForward<double>::Cache cache;
  layer.forward(Matrix<double>::Zero(2, 4), &cache);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(3, 4), cache),
                       "feed_forward: dy has shape [3, 4], expected [2, 4]", std::invalid_argument);
}
