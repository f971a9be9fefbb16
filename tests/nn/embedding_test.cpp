#include "limpid/nn/embedding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/matmul.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

using Ids = std::vector<std::int32_t>;

TEST_CASE("by hand: rows are looked up, a token that occurs twice receives both gradients") {
  Rng rng(1);
  Embedding<double> table(3, 2, rng);
  table.weight << 1, 2,  //
      3, 4,              //
      5, 6;
  const Ids ids{2, 0, 2};
  Matrix<double> y(3, 2), dy(3, 2), dweight(3, 2);
  y << 5, 6, 1, 2, 5, 6;
  CHECK(max_difference(table.forward(ids), y) == 0);
  dy << 10, 20, 30, 40, 1, 2;
  dweight << 30, 40, 0, 0, 10 + 1, 20 + 2;
  table.backward(dy, ids);
  CHECK(max_difference(table.weight_grad, dweight) == 0);
}

TEST_CASE("property: looking up is a product with a one-hot matrix") {
  Rng rng(2);
  const Embedding<double> table(11, 5, rng, 1.0);
  const Ids ids{10, 3, 3, 0};
  Matrix<double> one_hot = Matrix<double>::Zero(4, 11);
  for (Index i = 0; i < 4; ++i) one_hot(i, ids[static_cast<std::size_t>(i)]) = 1;
  CHECK(max_difference(table.forward(ids), matmul<double>(one_hot, table.weight)) <= 1e-15);
}

TEST_CASE("property: fresh weights have the asked deviation") {
  Rng rng(3);
  const Embedding<double> table(200, 300, rng, 0.02);
  CHECK(std::abs(std::sqrt(table.weight.array().square().mean()) - 0.02) <= 2e-4);
  const Embedding<double> usual(300, 192, rng);  // 0.02 sqrt(768 / 192)
  CHECK(std::abs(std::sqrt(usual.weight.array().square().mean()) - 0.04) <= 4e-4);
}

TEST_CASE("property: the gradient has the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng rng(4);
    Embedding<float> table(10, 333, rng);
    Ids ids(500);
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(10));
    table.backward(random_matrix(500, 333, rng).cast<float>(), ids);
    return std::vector<Matrix<float>>{table.forward(ids), table.weight_grad};
  }));
}

TEST_CASE("gradient check: weight") {
  // The ids are not checked: they are not numbers that could move a little.
  Rng rng(5);
  for (const Index width : {1, 3, 70}) {
    Embedding<double> table(4, width, rng, 1.0);
    const Ids ids{1, 3, 3, 0, 3};
    const Matrix<double> dy = random_matrix(5, width, rng);
    table.backward(dy, ids);
    for (const GradientError& row : check_gradients(
             checked(table.parameters()), [&] { return weighted_sum(table.forward(ids), dy); })) {
      CAPTURE(row.name);
      CHECK(row.largest > 0);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("gradient check: a table that is also the output head has two sources of gradient") {
  Rng rng(6);
  Embedding<double> table(5, 3, rng, 1.0);
  const Ids ids{4, 0, 4};
  const Matrix<double> dlogits = random_matrix(3, 5, rng);
  const auto loss = [&] {
    return weighted_sum(matmul<double>(table.forward(ids), t(table.weight)), dlogits);
  };
  matmul_add<double>(table.weight_grad, t(dlogits), table.forward(ids));
  table.backward(matmul<double>(dlogits, table.weight), ids);
  for (const GradientError& row : check_gradients(checked(table.parameters()), loss)) {
    CHECK(row.error <= 1e-7);
  }
}

TEST_CASE("fixture: PyTorch's Embedding in float64") {
  const Fixture fixture("embedding", "repeated");
  Rng rng(7);
  const Matrix<double> weight = fixture.matrix("weight");
  Embedding<double> table(weight.rows(), weight.cols(), rng);
  REQUIRE(table.parameters().front().name == "weight");
  fixture.load(table.parameters().front(), "weight");
  const std::vector<Index> integers = fixture.integers("ids");
  const Ids ids(integers.begin(), integers.end());
  CHECK(max_difference(table.forward(ids), fixture.matrix("y")) <= 1e-10);
  table.backward(fixture.matrix("dy"), ids);
  CHECK(max_difference(table.weight_grad, fixture.matrix("dweight")) <= 1e-10);
}

TEST_CASE("accumulation: two backwards double the gradient, forward changes nothing") {
  Rng rng(8);
  Embedding<double> table(6, 4, rng);
  const Ids ids{5, 5, 0, 2};
  const Matrix<double> dy = random_matrix(4, 4, rng);
  const Matrix<double> y = table.forward(ids);
  table.backward(dy, ids);
  const Matrix<double> once = table.weight_grad;
  CHECK(max_difference(table.forward(ids), y) == 0);
  CHECK(max_difference(table.weight_grad, once) == 0);
  table.backward(dy, ids);
  CHECK(max_difference(table.weight_grad, 2 * once) <= 1e-13);
}

TEST_CASE("edges: one token in the vocabulary, one channel, no ids") {
  Rng rng(9);
  Embedding<double> table(1, 1, rng);
  CHECK(table.forward(Ids{0, 0})(1, 0) == table.weight(0, 0));
  CHECK(table.forward(Ids{}).rows() == 0);
  CHECK(table.forward(Ids{}).cols() == 1);
  table.backward(Matrix<double>(0, 1), Ids{});
  CHECK(table.weight_grad(0, 0) == 0);
}

TEST_CASE("misuse: an id outside the vocabulary, a gradient of another shape") {
  Rng rng(10);
  Embedding<double> table(65, 4, rng);
  CHECK_THROWS_WITH_AS(table.forward(Ids{1, 65}),
                       "embedding: id 65 in row 1 is outside the vocabulary of 65",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(table.forward(Ids{-1}),
                       "embedding: id -1 in row 0 is outside the vocabulary of 65",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(table.backward(Matrix<double>::Ones(2, 4), Ids{0, 65}),
                       "embedding: id 65 in row 1 is outside the vocabulary of 65",
                       std::invalid_argument);
  CHECK(table.weight_grad.isZero(0));
  CHECK_THROWS_WITH_AS(table.backward(Matrix<double>::Ones(2, 3), Ids{0, 1}),
                       "embedding: dy has shape [2, 3], expected [2, 4]", std::invalid_argument);
}
