#include "limpid/nn/sinusoidal.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: nothing is learned, and dx is dy
// NO accumulation: no parameters

namespace {

Context sequences(Index batch, Index time, Index offset = 0) {
  Context context;
  context.batch = batch;
  context.time = time;
  context.offset = offset;
  return context;
}

}  // namespace

TEST_CASE("by hand: width 4, position 1 and position 100") {
  // The pairs turn by 10000^(-0/4) = 1 and 10000^(-2/4) = 1/100 radians per position. A cosine with
  // its own exponent, 10000^(-3/4) = 1/1000, would give cos(0.1) in the last place of position 100.
  const Sinusoidal<double> positions(101, 4);
  Matrix<double> first(1, 4), hundredth(1, 4);
  first << std::sin(1.0), std::cos(1.0), std::sin(0.01), std::cos(0.01);
  hundredth << std::sin(100.0), std::cos(100.0), std::sin(1.0), std::cos(1.0);
  CHECK(max_difference(positions.table.row(1), first) <= 1e-15);
  CHECK(max_difference(positions.table.row(100), hundredth) <= 1e-13);
}

TEST_CASE("property: position 0 is 0, 1, 0, 1, ...; every pair is a point on the unit circle") {
  const Sinusoidal<double> positions(50, 10);
  for (Index p = 0; p < 50; ++p) {
    for (Index pair = 0; pair < 5; ++pair) {
      CHECK(std::abs(positions.table.row(p).segment(2 * pair, 2).norm() - 1) <= 1e-14);
    }
  }
  for (Index c = 0; c < 10; ++c) CHECK(positions.table(0, c) == (c % 2 == 0 ? 0 : 1));
}

TEST_CASE("property: the product of two positions depends on their distance alone") {
  // sin a sin b + cos a cos b = cos(a - b): only true when the pair shares an exponent.
  const Sinusoidal<double> positions(64, 12);
  const double expected = positions.table.row(0).dot(positions.table.row(7));
  for (Index p = 0; p + 7 < 64; ++p) {
    CHECK(std::abs(positions.table.row(p).dot(positions.table.row(p + 7)) - expected) <= 1e-12);
  }
}

TEST_CASE("property: token by token with growing offsets equals all at once, in every sequence") {
  Rng rng(1);
  const Sinusoidal<double> positions(9, 5);
  const Matrix<double> x = random_matrix(14, 5, rng);
  const Matrix<double> whole = positions.forward(x, sequences(2, 7));
  for (Index i = 0; i < 14; ++i) {
    CHECK(max_difference(positions.forward(x.row(i), sequences(1, 1, i % 7)), whole.row(i)) == 0);
    CHECK(max_difference(whole.row(i), x.row(i) + positions.table.row(i % 7)) == 0);
  }
}

TEST_CASE("property: of many rows, each gets its own position once") {
  Rng rng(2);
  const Sinusoidal<double> positions(66, 65);
  const Matrix<double> x = random_matrix(9 * 64, 65, rng);  // several pieces for the threads
  const Matrix<double> y = positions.forward(x, sequences(9, 64, 2));
  for (Index i = 0; i < x.rows(); ++i) {
    REQUIRE(max_difference(y.row(i), x.row(i) + positions.table.row(2 + i % 64)) == 0);
  }
}

TEST_CASE("fixture: the table from PyTorch by exp and log, even and odd widths") {
  for (const char* name : {"even", "odd"}) {
    CAPTURE(name);
    const Matrix<double> table = Fixture("sinusoidal", name).matrix("table");
    const Sinusoidal<double> positions(table.rows(), table.cols());
    CHECK(max_difference(positions.table, table) <= 1e-10);
  }
}

TEST_CASE("edges: odd widths end with a sine; one channel; float; no rows") {
  const Sinusoidal<double> odd(30, 3);
  // Column 2 begins the second pair: 10000^(-2/3) radians per position.
  CHECK(std::abs(odd.table(29, 2) - std::sin(29 * std::pow(10000.0, -2.0 / 3))) <= 1e-14);
  const Sinusoidal<double> narrow(5, 1);
  CHECK(std::abs(narrow.table(4, 0) - std::sin(4.0)) <= 1e-15);
  CHECK(narrow.forward(Matrix<double>(0, 1), sequences(0, 3)).rows() == 0);
  // Computed in double and rounded once: far positions are right in float, too.
  const Sinusoidal<float> single(60001, 2);
  CHECK(std::abs(static_cast<double>(single.table(60000, 0)) - std::sin(60000.0)) <= 1e-7);
}

TEST_CASE("misuse: too long a sequence, another width") {
  const Sinusoidal<double> positions(8, 2);
  CHECK_THROWS_WITH_AS(positions.forward(Matrix<double>::Zero(3, 2), sequences(1, 3, 6)),
                       "sinusoidal: offset 6 + 3 tokens do not fit a table of 8 positions",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(positions.forward(Matrix<double>::Zero(3, 2), sequences(1, 3, -1)),
                       "sinusoidal: offset -1 + 3 tokens do not fit a table of 8 positions",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(positions.forward(Matrix<double>::Zero(3, 4), sequences(1, 3)),
                       "sinusoidal: x has shape [3, 4], expected [3, 2]", std::invalid_argument);
}
