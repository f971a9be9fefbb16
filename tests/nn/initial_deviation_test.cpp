#include "limpid/nn/initial_deviation.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "limpid/nn/linear.hpp"

#include "support/random.hpp"

// NO gradient check: drawn once, never differentiated
// NO fixture: the paper's rule is one line, worked out by hand
// NO accumulation: nothing accumulates
// NO misuse: a width comes from a layer that exists

using namespace limpid;
using namespace limpid::test;

TEST_CASE("by hand: GPT-2's at its width, the header's table at others") {
  CHECK(initial_deviation(768) == 0.02);
  CHECK(std::abs(initial_deviation(192) - 0.04) <= 1e-15);
  CHECK(std::abs(initial_deviation(128) - 0.049) <= 5e-5);
  CHECK(std::abs(initial_deviation(1600) - 0.0139) <= 5e-5);
}

TEST_CASE("property: results deviate alike at every width") {
  Rng rng(1);
  for (const Index width : {16, 128, 768}) {
    CAPTURE(width);
    const Linear<double> layer(width, 300, false, rng);
    const Matrix<double> y = layer.forward(random_matrix(200, width, rng), nullptr);
    CHECK(std::abs(std::sqrt(y.array().square().mean()) - 0.554) <= 0.03);
  }
}

TEST_CASE("edges: width 1") {
  CHECK(std::abs(initial_deviation(1) - 0.02 * std::sqrt(768.0)) <= 1e-15);
}
