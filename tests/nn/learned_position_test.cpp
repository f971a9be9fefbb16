#include "limpid/nn/learned_position.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

Context sequences(Index batch, Index time, Index offset = 0) {
  Context context;
  context.batch = batch;
  context.time = time;
  context.offset = offset;
  return context;
}

}  // namespace

TEST_CASE("by hand: two sequences of two tokens share the table's rows") {
  Rng rng(1);
  LearnedPosition<double> positions(3, 1, rng);
  positions.weight << 10, 20, 30;
  Matrix<double> x(4, 1), y(4, 1), dy(4, 1), dweight(3, 1);
  x << 1, 2, 3, 4;
  y << 11, 22, 13, 24;
  CHECK(max_difference(positions.forward(x, sequences(2, 2)), y) == 0);
  dy << 1, 2, 4, 8;
  dweight << 1 + 4, 2 + 8, 0;
  CHECK(max_difference(positions.backward(dy, sequences(2, 2)), dy) == 0);
  CHECK(max_difference(positions.weight_grad, dweight) == 0);
  // With an offset of 1 the first token stands at position 1.
  y << 21, 32, 23, 34;
  CHECK(max_difference(positions.forward(x, sequences(2, 2, 1)), y) == 0);
}

TEST_CASE("property: token by token with growing offsets equals all at once") {
  Rng rng(2);
  const LearnedPosition<double> positions(9, 4, rng, 1.0);
  const Matrix<double> x = random_matrix(7, 4, rng);
  const Matrix<double> whole = positions.forward(x, sequences(1, 7));
  for (Index i = 0; i < 7; ++i) {
    CHECK(max_difference(positions.forward(x.row(i), sequences(1, 1, i)), whole.row(i)) == 0);
  }
}

TEST_CASE("property: x is changed in place, without another matrix") {
  Rng rng(3);
  const LearnedPosition<double> positions(4, 3, rng);
  Matrix<double> x = random_matrix(4, 3, rng);
  const double* const memory = x.data();
  const Matrix<double> y = positions.forward(std::move(x), sequences(1, 4));
  CHECK(y.data() == memory);
}

TEST_CASE("property: fresh weights have the asked deviation") {
  Rng rng(4);
  const LearnedPosition<double> positions(200, 300, rng, 0.02);
  CHECK(std::abs(std::sqrt(positions.weight.array().square().mean()) - 0.02) <= 2e-4);
  const LearnedPosition<double> usual(300, 192, rng);  // 0.02 sqrt(768 / 192)
  CHECK(std::abs(std::sqrt(usual.weight.array().square().mean()) - 0.04) <= 4e-4);
}

TEST_CASE("property: the gradient has the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng rng(5);
    LearnedPosition<float> positions(65, 129, rng);
    const Matrix<float> dy = random_matrix(11 * 63, 129, rng).cast<float>();
    positions.backward(dy, sequences(11, 63, 2));
    return std::vector<Matrix<float>>{positions.weight_grad,
                                      positions.forward(dy, sequences(11, 63, 2))};
  }));
}

TEST_CASE("property: of many rows, each takes and teaches its own position") {
  Rng rng(11);
  LearnedPosition<double> positions(65, 129, rng);
  const Index time = 63, offset = 2;
  const Matrix<double> x = random_matrix(11 * time, 129, rng);  // several pieces for the threads
  const Matrix<double> y = positions.forward(x, sequences(11, time, offset));
  positions.backward(x, sequences(11, time, offset));
  Matrix<double> dweight = Matrix<double>::Zero(65, 129);
  for (Index i = 0; i < x.rows(); ++i) {
    const Index position = offset + i % time;
    REQUIRE(max_difference(y.row(i), x.row(i) + positions.weight.row(position)) == 0);
    dweight.row(position) += x.row(i);
  }
  CHECK(max_difference(positions.weight_grad, dweight) <= 1e-13);
}

TEST_CASE("gradient check: x and weight") {
  Rng rng(6);
  for (const Index offset : {0, 2}) {
    LearnedPosition<double> positions(5, 3, rng, 1.0);
    const Context context = sequences(2, 3, offset);
    Matrix<double> x = random_matrix(6, 3, rng);
    const Matrix<double> dy = random_matrix(6, 3, rng);
    const Matrix<double> dx = positions.backward(dy, context);
    std::vector<CheckedTensor> tensors = checked(positions.parameters());
    tensors.push_back(checked("x", x, dx));
    for (const GradientError& row : check_gradients(
             tensors, [&] { return weighted_sum(positions.forward(x, context), dy); })) {
      CAPTURE(row.name);
      CHECK(row.largest > 0);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: a PyTorch Embedding of positions, added") {
  for (const char* name : {"start", "offset"}) {
    CAPTURE(name);
    const Fixture fixture("learned_position", name);
    const Matrix<double> weight = fixture.matrix("weight");
    const auto integer = [&](const char* key) { return static_cast<Index>(fixture.number(key)); };
    const Context context = sequences(integer("batch"), integer("time"), integer("offset"));
    Rng rng(7);
    LearnedPosition<double> positions(weight.rows(), weight.cols(), rng);
    REQUIRE(positions.parameters().front().name == "weight");
    fixture.load(positions.parameters().front(), "weight");
    CHECK(max_difference(positions.forward(fixture.matrix("x"), context), fixture.matrix("y")) <=
          1e-10);
    CHECK(max_difference(positions.backward(fixture.matrix("dy"), context), fixture.matrix("dx")) <=
          1e-10);
    CHECK(max_difference(positions.weight_grad, fixture.matrix("dweight")) <= 1e-10);
  }
}

TEST_CASE("accumulation: two backwards double the gradient, forward changes nothing") {
  Rng rng(8);
  LearnedPosition<double> positions(6, 4, rng);
  const Context context = sequences(3, 5, 1);
  const Matrix<double> dy = random_matrix(15, 4, rng);
  positions.backward(dy, context);
  const Matrix<double> once = positions.weight_grad;
  positions.forward(dy, context);
  CHECK(max_difference(positions.weight_grad, once) == 0);
  positions.backward(dy, context);
  CHECK(max_difference(positions.weight_grad, 2 * once) <= 1e-13);
}

TEST_CASE("edges: one position, a sequence that just fits, no rows") {
  Rng rng(9);
  LearnedPosition<double> positions(1, 1, rng);
  const Matrix<double> x = Matrix<double>::Constant(1, 1, 2);
  CHECK(positions.forward(x, sequences(1, 1))(0, 0) == 2 + positions.weight(0, 0));
  CHECK(positions.forward(Matrix<double>(0, 1), sequences(0, 1)).rows() == 0);
  CHECK(positions.forward(Matrix<double>(0, 1), sequences(2, 0)).rows() == 0);
  const LearnedPosition<double> longer(5, 2, rng);
  CHECK(longer.forward(Matrix<double>::Zero(3, 2), sequences(1, 3, 2)) ==
        longer.weight.bottomRows(3));
}

TEST_CASE("misuse: too long a sequence, rows that the context does not know") {
  Rng rng(10);
  LearnedPosition<double> positions(8, 2, rng);
  CHECK_THROWS_WITH_AS(positions.forward(Matrix<double>::Zero(9, 2), sequences(1, 9)),
                       "learned_position: offset 0 + 9 tokens do not fit a table of 8 positions",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(positions.backward(Matrix<double>::Zero(3, 2), sequences(1, 3, 6)),
                       "learned_position: offset 6 + 3 tokens do not fit a table of 8 positions",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(positions.forward(Matrix<double>::Zero(3, 2), sequences(1, 3, -1)),
                       "learned_position: offset -1 + 3 tokens do not fit a table of 8 positions",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(positions.forward(Matrix<double>::Zero(5, 2), sequences(2, 3)),
                       "learned_position: x has shape [5, 2], expected [6, 2]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(positions.backward(Matrix<double>::Zero(6, 3), sequences(2, 3)),
                       "learned_position: dy has shape [6, 3], expected [6, 2]",
                       std::invalid_argument);
}
