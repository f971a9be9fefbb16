#include "limpid/nn/dropout.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO accumulation: no parameters

namespace {

Context training(Rng& stream) {
  Context context;
  context.dropout = &stream;
  return context;
}

}  // namespace

TEST_CASE("by hand: number i is dropped when the stream's number i is below p") {
  Rng stream(1);
  Matrix<double> x(2, 3), expected(2, 3);
  x << 1, 2, 3, 4, 5, 6;
  Rng copy = stream;
  for (Index i = 0; i < 6; ++i) {
    // uniform() is the same number as a fraction; the kept ones count 1 / (1 - 0.6) = 2.5 times.
    expected.data()[i] = copy.uniform() < 0.6 ? 0 : x.data()[i] * 2.5;
  }
  const Dropout<double> dropout(0.6);
  CHECK(max_difference(dropout.forward(x, training(stream), nullptr), expected) <= 1e-14);
  CHECK(stream.state() == copy.state());  // moved by six numbers
}

TEST_CASE("property: the share p is dropped, the others are scaled so that the mean stays") {
  for (const double p : {0.1, 0.5, 0.9}) {
    CAPTURE(p);
    Rng stream(2);
    const Dropout<double> dropout(p);
    const Index n = 400;
    const Matrix<double> y = dropout.forward(Matrix<double>::Ones(n, n), training(stream), nullptr);
    const double zeros = static_cast<double>((y.array() == 0).count()) / (n * n);
    CHECK(std::abs(zeros - p) <= 5 * std::sqrt(p * (1 - p)) / n);
    CHECK(y.maxCoeff() == 1 / (1 - p));
    CHECK(std::abs(y.mean() - 1) <= 5 * std::sqrt(p / (1 - p)) / n);
    // No pattern along rows or columns: neighbours are dropped together with probability p * p.
    const double both =
        static_cast<double>((y.leftCols(n - 1).array() + y.rightCols(n - 1).array() == 0).count()) /
        (n * (n - 1));
    CHECK(std::abs(both - p * p) <= 0.01);
  }
}

TEST_CASE("property: in evaluation, and with probability 0, nothing happens") {
  Rng rng(3), stream(4);
  const std::uint64_t state = stream.state();
  const Matrix<double> x = random_matrix(5, 7, rng);
  Dropout<double>::Cache cache;
  CHECK(max_difference(Dropout<double>(0.5).forward(x, Context{}, &cache), x) == 0);
  CHECK(max_difference(Dropout<double>(0.5).backward(x, cache), x) == 0);
  CHECK(max_difference(Dropout<double>(0).forward(x, training(stream), &cache), x) == 0);
  CHECK(max_difference(Dropout<double>(0).backward(x, cache), x) == 0);
  CHECK(max_difference(Dropout<double>().forward(x, training(stream), nullptr), x) == 0);
  CHECK(stream.state() == state);
}

TEST_CASE(
    "property: two calls on one stream drop different numbers, the same state the same ones") {
  Rng stream(5);
  const Dropout<double> dropout(0.5);
  const Matrix<double> x = Matrix<double>::Ones(10, 10);
  const std::uint64_t state = stream.state();
  const Matrix<double> first = dropout.forward(x, training(stream), nullptr);
  const Matrix<double> second = dropout.forward(x, training(stream), nullptr);
  CHECK(max_difference(first, second) > 0);
  stream.set_state(state);
  CHECK(max_difference(dropout.forward(x, training(stream), nullptr), first) == 0);
}

TEST_CASE("property: backward drops the same numbers; the cache holds no mask") {
  Rng stream(6);
  const Dropout<double> dropout(0.3);
  const Matrix<double> ones = Matrix<double>::Ones(200, 33);
  Dropout<double>::Cache cache;
  const Matrix<double> y = dropout.forward(ones, training(stream), &cache);
  stream.skip(1000);  // what others draw meanwhile changes nothing
  CHECK(max_difference(dropout.backward(ones, cache), y) == 0);
  CHECK(cache.bytes() <= 64);
}

TEST_CASE("property: the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng stream(7);
    const Dropout<float> dropout(0.2);
    Dropout<float>::Cache cache;
    const Matrix<float> ones = Matrix<float>::Ones(333, 301);
    const Matrix<float> y = dropout.forward(ones, training(stream), &cache);
    return std::vector<Matrix<float>>{y, dropout.backward(ones, cache)};
  }));
}

TEST_CASE("gradient check: x") {
  Rng rng(8), stream(9);
  const Dropout<double> dropout(0.4);
  const std::uint64_t state = stream.state();
  Matrix<double> x = random_matrix(6, 7, rng);
  const Matrix<double> dy = random_matrix(6, 7, rng);
  Dropout<double>::Cache cache;
  dropout.forward(x, training(stream), &cache);
  const Matrix<double> dx = dropout.backward(dy, cache);
  const auto loss = [&] {
    stream.set_state(state);  // the same mask every time
    return weighted_sum(dropout.forward(x, training(stream), nullptr), dy);
  };
  for (const GradientError& row : check_gradients({checked("x", x, dx)}, loss)) {
    CHECK(row.largest > 0);
    CHECK(row.error <= 1e-7);
  }
}

TEST_CASE("fixture: the mask from the same random numbers in Python, the rest by PyTorch") {
  for (const char* name : {"third", "most"}) {
    CAPTURE(name);
    const Fixture fixture("dropout", name);
    Rng stream(static_cast<std::uint64_t>(fixture.number("seed")));
    const Dropout<double> dropout(fixture.number("probability"));
    Dropout<double>::Cache cache;
    const Matrix<double> y = dropout.forward(fixture.matrix("x"), training(stream), &cache);
    CHECK(max_difference(y, fixture.matrix("y")) <= 1e-12);
    CHECK(max_difference(dropout.backward(fixture.matrix("dy"), cache), fixture.matrix("dx")) <=
          1e-12);
  }
}

TEST_CASE("edges: one number, no rows, almost everything dropped") {
  Rng stream(10);
  const Dropout<double> dropout(0.5);
  Dropout<double>::Cache cache;
  const double one = dropout.forward(Matrix<double>::Ones(1, 1), training(stream), &cache)(0, 0);
  CHECK((one == 0 || one == 2));
  CHECK(dropout.forward(Matrix<double>(0, 3), training(stream), &cache).rows() == 0);
  const Dropout<double> harsh(0.999999999);
  const Matrix<double> y = harsh.forward(Matrix<double>::Ones(10, 10), training(stream), nullptr);
  CHECK(y.allFinite());
  // A dropped number is 0 even when it was infinite: 0 * infinity would be NaN.
  const Matrix<double> infinite = Matrix<double>::Constant(4, 4, HUGE_VAL);
  const Matrix<double> dropped = dropout.forward(infinite, training(stream), nullptr);
  CHECK((dropped.array() == 0).any());
  CHECK((dropped.array() == 0 || dropped.array() == HUGE_VAL).all());
}

TEST_CASE("misuse: an impossible probability, a gradient of another shape") {
  CHECK_THROWS_WITH_AS(Dropout<double>(1),
                       "dropout: probability is 1, expected 0 or more and less than 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Dropout<double>(-0.5),
                       "dropout: probability is -0.5, expected 0 or more and less than 1",
                       std::invalid_argument);
  CHECK_THROWS_AS(Dropout<double>(std::nan("")), std::invalid_argument);
  Rng stream(11);
  const Dropout<double> dropout(0.5);
  Dropout<double>::Cache cache;
  dropout.forward(Matrix<double>::Ones(2, 3), training(stream), &cache);
  CHECK_THROWS_WITH_AS(dropout.backward(Matrix<double>::Ones(3, 2), cache),
                       "dropout: dy has shape [3, 2], expected [2, 3]", std::invalid_argument);
}
