#include "limpid/nn/gated_feed_forward.hpp"

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

GatedFeedForward<double> random_layer(Index width, Index hidden, Rng& rng) {
  GatedFeedForward<double> layer(width, hidden, rng);
  randomize(layer.parameters(), rng);
  return layer;
}

}  // namespace

TEST_CASE("by hand: one channel, one hidden; the gate is the first row") {
  // gate = 2 * 1 = 2, up = 2 * 5 = 10: silu(2) * 10 * 3. The other way round it would be
  // silu(10) * 2 * 3.
  Rng rng(1);
  GatedFeedForward<double> layer(1, 1, rng);
  layer.gate_up.weight << 1, 5;
  layer.down.weight << 3;
  const double expected = 2 / (1 + std::exp(-2.0)) * 10 * 3;
  const Matrix<double> y = layer.forward(Matrix<double>::Constant(1, 1, 2), nullptr);
  CHECK(std::abs(y(0, 0) - expected) <= 1e-13);
}

TEST_CASE("property: a gate of 0 closes, whatever up says; doubling up doubles y") {
  Rng rng(2);
  GatedFeedForward<double> layer = random_layer(5, 8, rng);
  const Matrix<double> x = random_matrix(3, 5, rng);
  const Matrix<double> y = layer.forward(x, nullptr);
  layer.gate_up.weight.bottomRows(8) *= 2;
  CHECK(max_difference(layer.forward(x, nullptr), 2 * y) <= 1e-13);
  layer.gate_up.weight.topRows(8).setZero();
  CHECK(layer.forward(x, nullptr).isZero(0));
}

TEST_CASE("property: with and without a cache the output is the same; the cache is counted") {
  Rng rng(3);
  const GatedFeedForward<double> layer = random_layer(5, 7, rng);
  const Matrix<double> x = random_matrix(4, 5, rng);
  GatedFeedForward<double>::Cache cache;
  CHECK(max_difference(layer.forward(x, &cache), layer.forward(x, nullptr)) <= 1e-15);
  CHECK(cache.bytes() == (4 * 5 + 3 * 4 * 7) * 8);
}

TEST_CASE(
    "property: fresh weights deviate as the width says, the second product by the asked factor, "
    "names are those of files") {
  Rng rng(4);
  GatedFeedForward<double> layer(100, 400, rng, 0.25);
  const auto deviation = [](const Matrix<double>& m) {
    return std::sqrt(m.array().square().mean());
  };
  CHECK(std::abs(deviation(layer.gate_up.weight) / initial_deviation(100) - 1) <= 0.02);
  CHECK(std::abs(deviation(layer.down.weight) / initial_deviation(100) - 0.25) <= 0.005);
  const Parameters<double> parameters = layer.parameters();
  REQUIRE(parameters.size() == 2);
  CHECK(parameters[0].name == "gate_up.weight");
  CHECK(parameters[0].shape == std::vector<Index>{800, 100});
  CHECK(parameters[1].name == "down.weight");
  CHECK(parameters[1].shape == std::vector<Index>{100, 400});
}

TEST_CASE("property: the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng rng(5);
    GatedFeedForward<float> layer(67, 131, rng);
    const Matrix<float> x = random_matrix(301, 67, rng).cast<float>();
    GatedFeedForward<float>::Cache cache;
    const Matrix<float> y = layer.forward(x, &cache);
    const Matrix<float> dx = layer.backward(x, cache);
    return std::vector<Matrix<float>>{y, dx, layer.gate_up.weight_grad, layer.down.weight_grad};
  }));
}

TEST_CASE("gradient check: x and all parameters") {
  Rng rng(6);
  for (const Index hidden : {1, 5, 8}) {
    GatedFeedForward<double> layer = random_layer(3, hidden, rng);
    Matrix<double> x = random_matrix(4, 3, rng);
    const Matrix<double> dy = random_matrix(4, 3, rng);
    GatedFeedForward<double>::Cache cache;
    layer.forward(x, &cache);
    const Matrix<double> dx = layer.backward(dy, cache);
    std::vector<CheckedTensor> tensors = checked(layer.parameters());
    tensors.push_back(checked("x", x, dx));
    for (const GradientError& row :
         check_gradients(tensors, [&] { return weighted_sum(layer.forward(x, nullptr), dy); })) {
      CAPTURE(row.name);
      CHECK(row.largest > 0);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: SwiGLU in PyTorch with gate and up apart, float64") {
  const Fixture fixture("gated_feed_forward", "swiglu");
  Rng rng(7);
  GatedFeedForward<double> layer(fixture.matrix("down.weight").rows(),
                                 fixture.matrix("down.weight").cols(), rng);
  for (const Parameter<double>& parameter : layer.parameters()) {
    fixture.load(parameter, parameter.name);
  }
  GatedFeedForward<double>::Cache cache;
  CHECK(max_difference(layer.forward(fixture.matrix("x"), &cache), fixture.matrix("y")) <= 1e-10);
  CHECK(max_difference(layer.backward(fixture.matrix("dy"), cache), fixture.matrix("dx")) <= 1e-10);
  CHECK(max_difference(layer.gate_up.weight_grad, fixture.matrix("dgate_up.weight")) <= 1e-10);
  CHECK(max_difference(layer.down.weight_grad, fixture.matrix("ddown.weight")) <= 1e-10);
}

TEST_CASE("accumulation: two backwards double all gradients, forward changes nothing") {
  Rng rng(8);
  GatedFeedForward<double> layer = random_layer(4, 6, rng);
  const Matrix<double> x = random_matrix(9, 4, rng), dy = random_matrix(9, 4, rng);
  GatedFeedForward<double>::Cache cache;
  layer.forward(x, &cache);
  const Matrix<double> dx = layer.backward(dy, cache);
  const Matrix<double> gate_up = layer.gate_up.weight_grad, down = layer.down.weight_grad;
  layer.forward(x, &cache);
  CHECK(max_difference(layer.gate_up.weight_grad, gate_up) == 0);
  CHECK(max_difference(layer.backward(dy, cache), dx) == 0);
  CHECK(max_difference(layer.gate_up.weight_grad, 2 * gate_up) <= 1e-12);
  CHECK(max_difference(layer.down.weight_grad, 2 * down) <= 1e-12);
}

TEST_CASE("edges: no rows; large inputs stay finite") {
  Rng rng(9);
  GatedFeedForward<double> layer = random_layer(2, 3, rng);
  GatedFeedForward<double>::Cache cache;
  CHECK(layer.forward(Matrix<double>::Constant(1, 2, -1e8), &cache).allFinite());
  CHECK(layer.backward(Matrix<double>::Ones(1, 2), cache).allFinite());
  CHECK(layer.forward(Matrix<double>(0, 2), &cache).rows() == 0);
  CHECK(layer.backward(Matrix<double>(0, 2), cache).rows() == 0);
}

TEST_CASE("misuse: another width is named with both shapes") {
  Rng rng(10);
  GatedFeedForward<double> layer(4, 8, rng);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(2, 5), nullptr),
                       "gated_feed_forward: x has shape [2, 5], expected [*, 4]",
                       std::invalid_argument);
  GatedFeedForward<double>::Cache cache;
  layer.forward(Matrix<double>::Zero(2, 4), &cache);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(3, 4), cache),
                       "gated_feed_forward: dy has shape [3, 4], expected [2, 4]",
                       std::invalid_argument);
}
