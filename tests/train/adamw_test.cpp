#include "limpid/train/adamw.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: an optimizer uses gradients and has none
// NO accumulation: the step adds to no gradient; it leaves them as they are ("property: ...")

namespace {

// One weight matrix that decays and one bias that does not.
template <class Real>
struct Tensors {
  Matrix<Real> weight, weight_grad;
  RowVector<Real> bias, bias_grad;

  Tensors(Index rows, Index cols, std::uint64_t seed) {
    Rng rng(seed);
    weight = random_matrix(rows, cols, rng).template cast<Real>();
    weight_grad = random_matrix(rows, cols, rng).template cast<Real>();
    bias = random_matrix(1, cols, rng).template cast<Real>();
    bias_grad = random_matrix(1, cols, rng).template cast<Real>();
  }
  Parameters<Real> parameters() {
    return {matrix_parameter("weight", weight, weight_grad),
            vector_parameter("bias", bias, bias_grad)};
  }
};

}  // namespace

TEST_CASE("by hand: the first step moves by the learning rate, whatever the gradient's size") {
  // t = 1: m = (1 - beta1) g and 1 - beta1^1 = 1 - beta1, so m_hat = g; likewise v_hat = g^2.
  // Without decay and with a tiny epsilon: w -= rate g / |g|.
  Tensors<double> tensors(1, 3, 1);
  tensors.weight << 1, 2, 3;
  tensors.weight_grad << 1000, -1, 0.001;
  AdamW<double> optimizer(tensors.parameters(),
                          {.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-16, .weight_decay = 0});
  optimizer.step(tensors.parameters(), 0.25);
  Matrix<double> expected(1, 3);
  expected << 0.75, 2.25, 2.75;
  CHECK(max_difference(tensors.weight, expected) <= 1e-12);
  CHECK(optimizer.steps() == 1);
}

TEST_CASE("by hand: two steps with beta1 = beta2 = 1/2, epsilon 1 and decay 1/2") {
  // w = 8, g = 4 then 0, rate 1/2.
  // t = 1: m = 2, v = 8; m_hat = 2 / (1/2) = 4, v_hat = 8 / (1/2) = 16.
  //        w = 8 - 1/2 (4 / (4 + 1) + 8/2) = 8 - 0.4 - 2 = 5.6
  // (With the weight after the step in the decay: 7.6 - 1.9 = 5.7.)
  // t = 2: m = 1, v = 4; m_hat = 1 / (3/4) = 4/3, v_hat = 4 / (3/4) = 16/3.
  //        w = 5.6 - 1/2 ((4/3) / (4/sqrt(3) + 1) + 5.6/2)
  Tensors<double> tensors(1, 1, 1);
  tensors.weight << 8;
  tensors.bias << 8;
  tensors.weight_grad << 4;
  tensors.bias_grad << 4;
  AdamW<double> optimizer(tensors.parameters(),
                          {.beta1 = 0.5, .beta2 = 0.5, .epsilon = 1, .weight_decay = 0.5});
  optimizer.step(tensors.parameters(), 0.5);
  CHECK(std::abs(tensors.weight(0) - 5.6) <= 1e-14);
  CHECK(std::abs(tensors.bias(0) - 7.6) <= 1e-14);  // the bias does not decay
  tensors.weight_grad << 0;
  tensors.bias_grad << 0;
  optimizer.step(tensors.parameters(), 0.5);
  const double adam = 0.5 * (4.0 / 3) / (4 / std::sqrt(3.0) + 1);
  CHECK(std::abs(tensors.weight(0) - (5.6 - adam - 1.4)) <= 1e-14);
  CHECK(std::abs(tensors.bias(0) - (7.6 - adam)) <= 1e-14);
  const auto moments = optimizer.moments();
  CHECK(moments[0].first[0] == 1);
  CHECK(moments[0].second[0] == 4);
}

TEST_CASE("fixture: seven steps of PyTorch's AdamW in float64, two decay groups") {
  const Fixture fixture("adamw", "two_groups");
  Tensors<double> tensors(3, 5, 1);
  tensors.bias.resize(7);
  tensors.bias_grad.resize(7);
  const Parameters<double> parameters = tensors.parameters();
  fixture.load(parameters[0], "weight0");
  fixture.load(parameters[1], "bias0");
  AdamW<double> optimizer(parameters, {.beta1 = fixture.number("beta1"),
                                       .beta2 = fixture.number("beta2"),
                                       .epsilon = fixture.number("epsilon"),
                                       .weight_decay = fixture.number("weight_decay")});
  for (int step = 1; step <= static_cast<int>(fixture.number("steps")); ++step) {
    CAPTURE(step);
    const std::string t = std::to_string(step);
    tensors.weight_grad = fixture.matrix("dweight" + t);
    tensors.bias_grad = fixture.matrix("dbias" + t);
    optimizer.step(tensors.parameters(), fixture.number("rate" + t));
    CHECK(max_difference(tensors.weight, fixture.matrix("weight" + t)) <= 1e-12);
    CHECK(max_difference(tensors.bias, fixture.matrix("bias" + t)) <= 1e-12);
    for (const auto& moment : optimizer.moments()) {
      const auto as_matrix = [](std::span<double> numbers, const Matrix<double>& like) {
        return Matrix<double>(Eigen::Map<Matrix<double>>(numbers.data(), like.rows(), like.cols()));
      };
      const Matrix<double> first = fixture.matrix(moment.name + "_first" + t);
      const Matrix<double> second = fixture.matrix(moment.name + "_second" + t);
      CHECK(max_difference(as_matrix(moment.first, first), first) <= 1e-12);
      CHECK(max_difference(as_matrix(moment.second, second), second) <= 1e-12);
    }
  }
}

TEST_CASE("property: a quadratic is minimised, and gradients are left as they are") {
  Tensors<double> tensors(2, 4, 3);
  AdamW<double> optimizer(tensors.parameters(), {.weight_decay = 0});
  for (int step = 0; step < 2000; ++step) {
    tensors.weight_grad = tensors.weight.array() - 0.5;
    tensors.bias_grad = tensors.bias.array() + 0.25;
    const Matrix<double> before = tensors.weight_grad;
    optimizer.step(tensors.parameters(), 0.05 * (1 - step / 2000.0));
    REQUIRE(max_difference(tensors.weight_grad, before) == 0);
  }
  CHECK(max_difference(tensors.weight, Matrix<double>::Constant(2, 4, 0.5)) <= 1e-3);
  CHECK(max_difference(tensors.bias, Matrix<double>::Constant(1, 4, -0.25)) <= 1e-3);
}

TEST_CASE("property: weights decay without gradients, biases do not") {
  Tensors<double> tensors(3, 3, 4);
  const Matrix<double> weight = tensors.weight;
  const RowVector<double> bias = tensors.bias;
  zero_gradients(tensors.parameters());
  AdamW<double> optimizer(tensors.parameters(), {.weight_decay = 0.5});
  optimizer.step(tensors.parameters(), 0.1);
  CHECK(max_difference(tensors.weight, 0.95 * weight) <= 1e-15);
  CHECK(max_difference(tensors.bias, bias) == 0);
}

TEST_CASE("property: the same bits with 1, 2, 3 and 8 threads") {
  // 331 * 307 numbers: several pieces, the last one odd.
  CHECK(same_bits_with_all_threads([] {
    Tensors<float> tensors(331, 307, 5);
    AdamW<float> optimizer(tensors.parameters());
    for (int step = 0; step < 5; ++step) optimizer.step(tensors.parameters(), 0.01);
    return std::vector<Matrix<float>>{tensors.weight, tensors.bias};
  }));
}

TEST_CASE("property: equal numbers with equal gradients stay equal, over the borders of pieces") {
  Tensors<double> tensors(300, 200, 5);  // 60,000 numbers: four pieces
  tensors.weight.setConstant(1);
  tensors.weight_grad.setConstant(0.5);
  AdamW<double> optimizer(tensors.parameters());
  for (int step = 0; step < 3; ++step) {
    optimizer.step(tensors.parameters(), 0.01);
    CHECK(tensors.weight.minCoeff() == tensors.weight.maxCoeff());
  }
  // And each follows its own gradient: first steps go one learning rate up or down.
  Tensors<double> other(300, 200, 6);
  const Matrix<double> before = other.weight;
  AdamW<double> fresh(other.parameters(), {.epsilon = 1e-16, .weight_decay = 0});
  fresh.step(other.parameters(), 0.01);
  CHECK(max_difference(other.weight,
                       before - 0.01 * Matrix<double>(other.weight_grad.cwiseSign())) <= 1e-9);
}

TEST_CASE("property: the same bits wherever the numbers lie in memory") {
  // A vectorised loop treats the numbers at its ends one by one; they must come out the same.
  const std::size_t size = 61;
  std::vector<std::vector<float>> results;
  for (std::size_t offset = 0; offset < 17; ++offset) {
    Rng rng(6);
    std::vector<float> value(size + 17), grad(size + 17);
    for (std::size_t i = 0; i < size; ++i) {
      value[offset + i] = static_cast<float>(rng.normal());
      grad[offset + i] = static_cast<float>(rng.normal());
    }
    const Parameters<float> parameters{{"weight",
                                        {static_cast<Index>(size)},
                                        std::span<float>(value).subspan(offset, size),
                                        std::span<float>(grad).subspan(offset, size),
                                        true}};
    AdamW<float> optimizer(parameters);
    for (int step = 0; step < 3; ++step) optimizer.step(parameters, 0.1);
    results.emplace_back(parameters[0].value.begin(), parameters[0].value.end());
  }
  for (const std::vector<float>& result : results) CHECK(result == results[0]);
}

TEST_CASE("property: moments and step count restored, the next steps are the same") {
  Tensors<float> tensors(5, 9, 7);
  AdamW<float> optimizer(tensors.parameters());
  for (int step = 0; step < 3; ++step) optimizer.step(tensors.parameters(), 0.1);

  Tensors<float> copy = tensors;
  AdamW<float> restored(copy.parameters());
  const auto from = optimizer.moments();
  const auto to = restored.moments();
  REQUIRE(from.size() == 2);
  CHECK(from[0].name == "weight");
  CHECK(from[1].name == "bias");
  for (std::size_t p = 0; p < from.size(); ++p) {
    REQUIRE(to[p].first.size() == from[p].first.size());
    std::copy(from[p].first.begin(), from[p].first.end(), to[p].first.begin());
    std::copy(from[p].second.begin(), from[p].second.end(), to[p].second.begin());
  }
  restored.set_steps(optimizer.steps());
  for (int step = 0; step < 3; ++step) {
    optimizer.step(tensors.parameters(), 0.1);
    restored.step(copy.parameters(), 0.1);
  }
  CHECK(tensors.weight == copy.weight);
  CHECK(tensors.bias == copy.bias);
}

TEST_CASE("edges: moments fade to zero and never become denormal") {
  Tensors<float> tensors(4, 40, 8);
  AdamW<float> optimizer(tensors.parameters(), {.beta1 = 0.5, .beta2 = 0.5});
  optimizer.step(tensors.parameters(), 0.1);
  zero_gradients(tensors.parameters());
  for (int step = 0; step < 300; ++step) {
    optimizer.step(tensors.parameters(), 0.1);
    for (const auto& moment : optimizer.moments()) {
      for (const std::span<float> numbers : {moment.first, moment.second}) {
        for (const float x : numbers) {
          REQUIRE((x == 0 || std::abs(x) >= std::numeric_limits<float>::min()));
        }
      }
    }
  }
  const std::span<float> faded = optimizer.moments()[0].first;
  for (const float x : faded) CHECK(x == 0);
  CHECK(tensors.weight.array().isFinite().all());
}

TEST_CASE("edges: gradients of 1e-6 in float are small, not nothing") {
  Tensors<float> tensors(1, 2, 9);
  tensors.weight << 1, 1;
  tensors.weight_grad << 1e-6F, -1e-5F;  // their moments are 1e-7, 1e-6 and 1e-14, 1e-12
  AdamW<float> optimizer(tensors.parameters(), {.epsilon = 1e-16, .weight_decay = 0});
  optimizer.step(tensors.parameters(), 0.5);
  CHECK(std::abs(tensors.weight(0) - 0.5F) <= 1e-5F);
  CHECK(std::abs(tensors.weight(1) - 1.5F) <= 1e-5F);
}

TEST_CASE("edges: huge and tiny gradients, learning rate 0, no parameters") {
  Tensors<float> tensors(1, 4, 9);
  tensors.weight << 1, 1, 1, 1;
  tensors.weight_grad << 1e18F, 1e-18F, -1e-30F, 0;
  AdamW<float> optimizer(tensors.parameters(), {.weight_decay = 0});
  optimizer.step(tensors.parameters(), 0.5);
  CHECK(std::abs(tensors.weight(0) - 0.5F) <= 1e-6F);
  CHECK(std::abs(tensors.weight(1) - 1.0F) <= 1e-6F);  // far below epsilon: no direction to follow
  CHECK(tensors.weight(2) == 1);
  CHECK(tensors.weight(3) == 1);
  const Matrix<float> before = tensors.weight;
  optimizer.step(tensors.parameters(), 0);
  CHECK(tensors.weight == before);
  CHECK(optimizer.steps() == 2);
  AdamW<float> none{Parameters<float>{}};
  none.step({}, 0.1);
  CHECK(none.moments().empty());
}

TEST_CASE("misuse: options out of range are named") {
  Tensors<double> tensors(1, 2, 1);
  const auto make = [&](const AdamWOptions& options) {
    AdamW<double>(tensors.parameters(), options);
  };
  CHECK_THROWS_WITH_AS(make({.beta1 = 1}), "adamw: beta1 is 1, expected at least 0 and below 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.beta2 = -0.5}),
                       "adamw: beta2 is -0.5, expected at least 0 and below 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.epsilon = 0}),
                       "adamw: epsilon is 0, expected at least 1e-16 and below inf",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.weight_decay = std::nan("")}),
                       "adamw: weight_decay is nan, expected at least 0 and below inf",
                       std::invalid_argument);
  AdamW<double> optimizer(tensors.parameters());
  CHECK_THROWS_WITH_AS(optimizer.step(tensors.parameters(), -1),
                       "adamw: learning_rate is -1, expected at least 0 and below inf",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(optimizer.set_steps(-1), "adamw: steps is -1, expected 0 or more",
                       std::invalid_argument);
}

TEST_CASE("misuse: other parameters than those of the constructor") {
  Tensors<double> tensors(2, 3, 1);
  AdamW<double> optimizer(tensors.parameters());
  Parameters<double> fewer = tensors.parameters();
  fewer.pop_back();
  CHECK_THROWS_WITH_AS(optimizer.step(fewer, 0.1), "adamw: 1 parameters, expected 2",
                       std::invalid_argument);
  Tensors<double> larger(4, 3, 1);
  CHECK_THROWS_WITH_AS(
      optimizer.step(larger.parameters(), 0.1),
      "adamw: parameter 0 is weight with 12 numbers and 12 gradients, expected weight with 6",
      std::invalid_argument);
  Parameters<double> renamed = tensors.parameters();
  renamed[1].name = "gain";
  CHECK_THROWS_WITH_AS(optimizer.step(renamed, 0.1),
                       "adamw: parameter 1 is gain with 3 numbers and 3 gradients, expected bias "
                       "with 3",
                       std::invalid_argument);
  Parameters<double> without_gradient = tensors.parameters();
  without_gradient[1].grad = {};
  CHECK_THROWS_WITH_AS(optimizer.step(without_gradient, 0.1),
                       "adamw: parameter 1 is bias with 3 numbers and 0 gradients, expected bias "
                       "with 3",
                       std::invalid_argument);
  CHECK(optimizer.steps() == 0);
}
