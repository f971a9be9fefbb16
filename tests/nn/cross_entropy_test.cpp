#include "limpid/nn/cross_entropy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO accumulation: no parameters

using Targets = std::vector<std::int32_t>;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Matrix<double> row(std::initializer_list<double> numbers) {
  Matrix<double> m(1, static_cast<Index>(numbers.size()));
  std::copy(numbers.begin(), numbers.end(), m.data());
  return m;
}

}  // namespace

TEST_CASE("by hand: probabilities 1/8, 3/8, 4/8") {
  const Matrix<double> logits = row({std::log(1.0), std::log(3.0), std::log(4.0)});
  const auto result = cross_entropy<double>(logits, Targets{1});
  CHECK(std::abs(result.loss - std::log(8.0 / 3)) <= 1e-15);
  CHECK(result.count == 1);
  CHECK(max_difference(result.dlogits, row({1.0 / 8, 3.0 / 8 - 1, 4.0 / 8})) <= 1e-15);
  CHECK(std::abs(cross_entropy_loss<double>(logits, Targets{1}) - std::log(8.0 / 3)) <= 1e-15);
}

TEST_CASE("by hand: a row with kIgnore does not count, not even in the mean") {
  // Two rows of two equal logits: log 2 each; the mean over three rows would be 2/3 log 2.
  const Matrix<double> logits = Matrix<double>::Zero(3, 2);
  const auto result = cross_entropy<double>(logits, Targets{0, kIgnore, 1});
  CHECK(std::abs(result.loss - std::log(2.0)) <= 1e-15);
  CHECK(result.count == 2);
  Matrix<double> dlogits(3, 2);
  dlogits << -0.25, 0.25, 0, 0, 0.25, -0.25;
  CHECK(max_difference(result.dlogits, dlogits) <= 1e-16);
  CHECK(cross_entropy_per_token<double>(logits, Targets{0, kIgnore, 1})[1] == 0);
}

TEST_CASE("by hand: row i answers to target i; targets are not shifted again") {
  Matrix<double> logits = Matrix<double>::Zero(3, 3);
  logits(0, 2) = logits(1, 0) = logits(2, 1) = 50;  // sure of 2, then 0, then 1
  CHECK(cross_entropy_loss<double>(logits, Targets{2, 0, 1}) <= 1e-20);
  CHECK(cross_entropy<double>(logits, Targets{2, 0, 1}).loss <= 1e-20);
  CHECK(cross_entropy_loss<double>(logits, Targets{0, 1, 2}) >= 49);
}

TEST_CASE("property: equal logits cost log V, an added constant changes nothing") {
  Rng rng(1);
  for (const Index v : {1, 2, 65, 1000}) {
    CAPTURE(v);
    const auto result = cross_entropy<double>(Matrix<double>::Constant(2, v, 3), Targets{0, 0});
    CHECK(std::abs(result.loss - std::log(static_cast<double>(v))) <= 1e-13);
  }
  const Matrix<double> logits = random_matrix(5, 11, rng);
  const Targets targets{1, 10, 0, 5, 5};
  const auto before = cross_entropy<double>(logits, targets);
  const Matrix<double> moved = (logits.array() + 1000).matrix();
  const auto after = cross_entropy<double>(moved, targets);
  CHECK(std::abs(before.loss - after.loss) <= 1e-12);
  CHECK(max_difference(before.dlogits, after.dlogits) <= 1e-12);
}

TEST_CASE("property: every row's gradient sums to 0, and the logits' memory is used") {
  Rng rng(2);
  Matrix<double> logits = random_matrix(9, 301, rng, 3);
  Targets targets(9);
  for (std::int32_t& target : targets) target = static_cast<std::int32_t>(rng.below(301));
  const double* const memory = logits.data();
  const auto result = cross_entropy<double>(std::move(logits), targets);
  CHECK(result.dlogits.data() == memory);
  for (Index i = 0; i < 9; ++i) CHECK(std::abs(result.dlogits.row(i).sum()) <= 1e-15);
}

TEST_CASE("property: loss alone, loss per token and loss with gradient agree") {
  Rng rng(3);
  const Matrix<double> logits = random_matrix(40, 300, rng, 2);
  Targets targets(40);
  for (std::int32_t& target : targets) target = static_cast<std::int32_t>(rng.below(301)) - 1;
  targets[3] = kIgnore;
  const CrossEntropyOptions options{.vocabulary = 300, .divisor = 50};
  const double loss = cross_entropy<double>(logits, targets, options).loss;
  CHECK(std::abs(cross_entropy_loss<double>(logits, targets, options) - loss) <= 1e-14);
  double sum = 0;
  for (const double token : cross_entropy_per_token<double>(logits, targets)) sum += token;
  CHECK(std::abs(sum / 50 - loss) <= 1e-14);
}

TEST_CASE("property: of many rows, each counts once") {
  Rng rng(9);
  const Matrix<double> logits = random_matrix(701, 97, rng, 2);  // several pieces for the threads
  Targets targets(701);
  for (std::int32_t& target : targets) target = static_cast<std::int32_t>(rng.below(98)) - 1;
  const auto result = cross_entropy<double>(logits, targets);
  double sum = 0;
  for (Index i = 0; i < logits.rows(); ++i) {
    const Targets target{targets[static_cast<std::size_t>(i)]};
    const auto row = cross_entropy<double>(logits.row(i), target,
                                           {.divisor = static_cast<double>(result.count)});
    REQUIRE(max_difference(result.dlogits.row(i), row.dlogits) <= 1e-17);
    sum += row.loss;
  }
  CHECK(std::abs(result.loss - sum) <= 1e-12);
  CHECK(std::abs(cross_entropy_loss<double>(logits, targets) - sum) <= 1e-12);
}

TEST_CASE("property: padding columns steal no mass and get no gradient") {
  Rng rng(4);
  const Matrix<double> logits = random_matrix(4, 5, rng);
  Matrix<double> padded = Matrix<double>::Constant(4, 8, 30);  // large: they would take nearly all
  padded.leftCols(5) = logits;
  const Targets targets{4, 0, kIgnore, 2};
  const CrossEntropyOptions options{.vocabulary = 5};
  const auto plain = cross_entropy<double>(logits, targets);
  const auto result = cross_entropy<double>(padded, targets, options);
  CHECK(std::abs(result.loss - plain.loss) <= 1e-15);
  CHECK(max_difference(result.dlogits.leftCols(5), plain.dlogits) <= 1e-16);
  CHECK(result.dlogits.rightCols(3).isZero(0));
  CHECK(std::abs(cross_entropy_loss<double>(padded, targets, options) - plain.loss) <= 1e-15);
}

TEST_CASE("property: small batches with the step's divisor add up to one large batch") {
  Rng rng(5);
  const Matrix<double> logits = random_matrix(7, 6, rng);
  const Targets targets{0, 1, kIgnore, 3, 4, 5, 5};
  const auto whole = cross_entropy<double>(logits, targets);
  REQUIRE(whole.count == 6);
  const CrossEntropyOptions options{.divisor = 6};
  // The parts hold 2 and 4 targets that count: a mean of their means would weigh them equally.
  const auto first = cross_entropy<double>(logits.topRows(3), Targets{0, 1, kIgnore}, options);
  const auto second = cross_entropy<double>(logits.bottomRows(4), Targets{3, 4, 5, 5}, options);
  CHECK(first.count + second.count == 6);
  CHECK(std::abs(first.loss + second.loss - whole.loss) <= 1e-15);
  CHECK(max_difference(first.dlogits, whole.dlogits.topRows(3)) <= 1e-16);
  CHECK(max_difference(second.dlogits, whole.dlogits.bottomRows(4)) <= 1e-16);
}

TEST_CASE("property: the same bits for any number of threads") {
  CHECK(same_bits_with_all_threads([] {
    Rng rng(6);
    const Matrix<float> logits = random_matrix(701, 97, rng, 3).cast<float>();
    Targets targets(701);
    for (std::int32_t& target : targets) target = static_cast<std::int32_t>(rng.below(98)) - 1;
    const auto result = cross_entropy<float>(logits, targets);
    // The losses in double, as two floats' worth of bits each.
    Matrix<float> losses(1, 4);
    const double pair[] = {result.loss, cross_entropy_loss<float>(logits, targets)};
    std::memcpy(losses.data(), pair, sizeof pair);
    return std::vector<Matrix<float>>{result.dlogits, losses};
  }));
}

TEST_CASE("property: float agrees with double, over a large vocabulary too") {
  Rng rng(7);
  const Matrix<float> single = random_matrix(2, 50257, rng, 2).cast<float>();
  const Matrix<double> logits = single.cast<double>();
  const Targets targets{50256, 7};
  const auto exact = cross_entropy<double>(logits, targets);
  const auto result = cross_entropy<float>(single, targets);
  CHECK(std::abs(result.loss - exact.loss) <= 1e-6);
  CHECK(max_difference(result.dlogits.cast<double>(), exact.dlogits) <= 1e-7);
}

TEST_CASE("gradient check: logits, with ignored rows, padding and a divisor") {
  Rng rng(8);
  for (const double divisor : {0.0, 9.0}) {
    for (const Index vocabulary : {0, 5}) {
      Matrix<double> logits = random_matrix(4, 7, rng);
      const Targets targets{4, kIgnore, 0, 2};
      const CrossEntropyOptions options{.vocabulary = vocabulary, .divisor = divisor};
      const Matrix<double> dlogits = cross_entropy<double>(logits, targets, options).dlogits;
      for (const GradientError& result : check_gradients({checked("logits", logits, dlogits)}, [&] {
             return cross_entropy<double>(logits, targets, options).loss;
           })) {
        CHECK(result.largest > 0);
        CHECK(result.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("fixture: PyTorch's cross_entropy in float64") {
  for (const char* name : {"plain", "padded", "divided", "large"}) {
    CAPTURE(name);
    const Fixture fixture("cross_entropy", name);
    const std::vector<Index> integers = fixture.integers("targets");
    const Targets targets(integers.begin(), integers.end());
    const Matrix<double> logits = fixture.matrix("logits");
    const CrossEntropyOptions options{
        .vocabulary = static_cast<Index>(fixture.number("vocabulary")),
        .divisor = fixture.number("divisor")};
    const double expected = fixture.number("loss");
    const auto result = cross_entropy<double>(logits, targets, options);
    CHECK(std::abs(result.loss - expected) <= 1e-10 * std::max(1.0, expected));
    CHECK(result.count == static_cast<Index>(fixture.number("count")));
    CHECK(max_difference(result.dlogits, fixture.matrix("dlogits")) <= 1e-10);
    const std::vector<double> losses =
        cross_entropy_per_token<double>(logits, targets, options.vocabulary);
    const Matrix<double> per_token = fixture.matrix("per_token");
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const double token = per_token(0, static_cast<Index>(i));
      CHECK(std::abs(losses[i] - token) <= 1e-10 * std::max(1.0, token));
    }
  }
}

TEST_CASE("edges: logits of 1e8, in float too") {
  Matrix<float> logits(2, 3);
  logits << 1e8F, -1e8F, 0, 1e8F, -1e8F, 0;
  const auto result = cross_entropy<float>(logits, Targets{0, 1});
  CHECK(result.loss == 1e8);  // (0 + 2e8) / 2
  Matrix<float> dlogits(2, 3);
  dlogits << 0, 0, 0, 0.5F, -0.5F, 0;
  CHECK(result.dlogits == dlogits);
}

TEST_CASE("edges: logits of minus infinity forbid tokens") {
  // Two tokens allowed: log 2, half each; the forbidden one gets no gradient.
  const auto allowed = cross_entropy<double>(row({0, -kInfinity, 0}), Targets{0});
  CHECK(std::abs(allowed.loss - std::log(2.0)) <= 1e-15);
  CHECK(max_difference(allowed.dlogits, row({-0.5, 0, 0.5})) <= 1e-15);
  CHECK(allowed.dlogits(0, 1) == 0);  // and not a denormal number, which would slow every product
  // A forbidden target is infinitely surprising, and still has a finite gradient.
  const auto forbidden = cross_entropy<double>(row({0, -kInfinity, 0}), Targets{1});
  CHECK(forbidden.loss == kInfinity);
  CHECK(max_difference(forbidden.dlogits, row({0.5, -1, 0.5})) <= 1e-15);
  // Everything forbidden: no distribution at all. No gradient, rather than NaN.
  const Matrix<double> none = row({-kInfinity, -kInfinity});
  const auto nothing = cross_entropy<double>(none, Targets{1});
  CHECK(nothing.loss == kInfinity);
  CHECK(nothing.dlogits.isZero(0));
  CHECK(cross_entropy_per_token<double>(none, Targets{0})[0] == kInfinity);
  CHECK(cross_entropy<double>(none, Targets{kIgnore}).loss == 0);
}

TEST_CASE("edges: NaN is not hidden") {
  const double nan = std::nan("");
  for (const Matrix<double>& logits : {row({nan, 0, 1}), row({0, nan, 1}), row({0, 1, nan})}) {
    CHECK(std::isnan(cross_entropy<double>(logits, Targets{0}).loss));
    CHECK(std::isnan(cross_entropy_loss<double>(logits, Targets{1})));
  }
}

TEST_CASE("edges: all ignored, no rows, one token in the vocabulary, a row longer than a run") {
  const auto ignored = cross_entropy<double>(Matrix<double>::Ones(2, 3), Targets{kIgnore, kIgnore});
  CHECK(ignored.loss == 0);
  CHECK(ignored.count == 0);
  CHECK(ignored.dlogits.isZero(0));
  CHECK(cross_entropy_loss<double>(Matrix<double>::Ones(1, 3), Targets{kIgnore}) == 0);
  const auto empty = cross_entropy<double>(Matrix<double>(0, 3), Targets{});
  CHECK(empty.loss == 0);
  CHECK(empty.dlogits.rows() == 0);
  const auto certain = cross_entropy<double>(row({5}), Targets{0});
  CHECK(certain.loss == 0);
  CHECK(certain.dlogits(0, 0) == 0);
  for (const Index v : {255, 256, 257, 513}) {
    Matrix<double> logits = Matrix<double>::Zero(1, v);
    logits(0, v - 1) = std::log(static_cast<double>(v));  // p = v / (2 v - 1)
    const auto result = cross_entropy<double>(logits, Targets{static_cast<std::int32_t>(v - 1)});
    const double n = static_cast<double>(v);
    CHECK(std::abs(result.loss - std::log((2 * n - 1) / n)) <= 1e-14);
  }
}

TEST_CASE("misuse: targets outside the vocabulary, wrong counts, impossible options") {
  const Matrix<double> logits = Matrix<double>::Zero(2, 65);
  CHECK_THROWS_WITH_AS(cross_entropy<double>(logits, Targets{0, 70}),
                       "cross_entropy: target 70 in row 1 is outside the vocabulary of 65",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(cross_entropy_loss<double>(logits, Targets{-2, 0}),
                       "cross_entropy: target -2 in row 0 is outside the vocabulary of 65",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(cross_entropy_per_token<double>(logits, Targets{0, 60}, 60),
                       "cross_entropy: target 60 in row 1 is outside the vocabulary of 60",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(cross_entropy<double>(logits, Targets{0}),
                       "cross_entropy: 1 targets for 2 rows of logits", std::invalid_argument);
  CHECK_THROWS_WITH_AS(cross_entropy<double>(logits, Targets{0, 0}, {.vocabulary = 66}),
                       "cross_entropy: a vocabulary of 66 does not fit 65 columns",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(cross_entropy<double>(logits, Targets{0, 0}, {.vocabulary = -1}),
                       "cross_entropy: a vocabulary of -1 does not fit 65 columns",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(cross_entropy<double>(logits, Targets{0, 0}, {.divisor = -1}),
                       "cross_entropy: divisor is -1, expected 0 or more", std::invalid_argument);
}
