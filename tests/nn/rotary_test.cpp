#include "limpid/nn/rotary.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/parallel.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO accumulation: rotary has no parameters, and it turns gradients in place

namespace {

constexpr RotaryLayout kBoth[] = {RotaryLayout::interleaved, RotaryLayout::split_halves};

Matrix<double> turned(const Rotary<double>& rotary, Matrix<double> x, const Context& context) {
  rotary.forward(x, context);
  return x;
}

Matrix<double> turned_back(const Rotary<double>& rotary, Matrix<double> dx,
                           const Context& context) {
  rotary.backward(dx, context);
  return dx;
}

}  // namespace

TEST_CASE("by hand: width 4, base 16, both layouts") {
  // Frequencies 16^0 = 1 and 16^(-2/4) = 1/4: at position 2 the pairs turn by 2 and by 1/2.
  const double c0 = std::cos(2.0), s0 = std::sin(2.0), c1 = std::cos(0.5), s1 = std::sin(0.5);
  Matrix<double> x(1, 4), interleaved(1, 4), split(1, 4);
  x << 1, 2, 3, 4;
  interleaved << 1 * c0 - 2 * s0, 1 * s0 + 2 * c0, 3 * c1 - 4 * s1, 3 * s1 + 4 * c1;
  split << 1 * c0 - 3 * s0, 2 * c1 - 4 * s1, 1 * s0 + 3 * c0, 2 * s1 + 4 * c1;
  const Context context{.offset = 2};
  const Rotary<double> a(4, {RotaryLayout::interleaved, 16, 3});
  const Rotary<double> b(4, {RotaryLayout::split_halves, 16, 3});
  CHECK(max_difference(turned(a, x, context), interleaved) <= 1e-15);
  CHECK(max_difference(turned(b, x, context), split) <= 1e-15);
  // Backward of y = R x is R^T dy: the same with the sines' signs changed.
  interleaved << 1 * c0 + 2 * s0, -1 * s0 + 2 * c0, 3 * c1 + 4 * s1, -3 * s1 + 4 * c1;
  CHECK(max_difference(turned_back(a, x, context), interleaved) <= 1e-15);
}

TEST_CASE("property: lengths stay, position 0 does not move, backward undoes forward") {
  Rng rng(1);
  for (const RotaryLayout layout : kBoth) {
    const Rotary<double> rotary(6, {layout, 100, 50});
    const Context context{.batch = 2, .time = 5, .offset = 0};
    const Matrix<double> x = random_matrix(10, 18, rng);
    const Matrix<double> y = turned(rotary, x, context);
    for (Index n = 0; n < 10; ++n) {
      for (Index head = 0; head < 3; ++head) {
        CHECK(std::abs(y.block(n, head * 6, 1, 6).norm() - x.block(n, head * 6, 1, 6).norm()) <=
              1e-14);
      }
    }
    CHECK(max_difference(y.row(0), x.row(0)) == 0);  // each sequence begins at position 0
    CHECK(max_difference(y.row(5), x.row(5)) == 0);
    CHECK(max_difference(y.row(1), x.row(1)) > 0.1);
    CHECK(max_difference(turned_back(rotary, y, context), x) <= 1e-14);
  }
}

TEST_CASE("property: a dot product knows only the distance") {
  Rng rng(2);
  for (const RotaryLayout layout : kBoth) {
    const Rotary<double> rotary(8, {layout, 10000, 3000});
    const Matrix<double> q = random_matrix(1, 8, rng), k = random_matrix(1, 8, rng);
    const auto meet = [&](Index query, Index key) {
      return turned(rotary, q, {.offset = query})
          .row(0)
          .dot(turned(rotary, k, {.offset = key}).row(0));
    };
    for (const Index distance : {0, 1, 7, 500}) {
      const double score = meet(distance, 0);
      for (const Index shift : {1, 10, 2000}) {
        CHECK(std::abs(meet(distance + shift, shift) - score) <= 1e-11);
      }
    }
    CHECK(std::abs(meet(1, 0) - meet(2, 0)) > 1e-3);
    CHECK(std::abs(meet(1, 0) - meet(0, 1)) > 1e-3);  // before and after are different
  }
}

TEST_CASE("property: the layouts are one function behind a permutation") {
  Rng rng(3);
  const auto to_split =
      rotary_permutation(6, RotaryLayout::interleaved, RotaryLayout::split_halves);
  CHECK(to_split == std::vector<Index>{0, 2, 4, 1, 3, 5});
  const auto to_interleaved =
      rotary_permutation(6, RotaryLayout::split_halves, RotaryLayout::interleaved);
  CHECK(to_interleaved == std::vector<Index>{0, 3, 1, 4, 2, 5});
  CHECK(rotary_permutation(4, RotaryLayout::interleaved, RotaryLayout::interleaved) ==
        std::vector<Index>{0, 1, 2, 3});

  // Permuting the rows of a weight permutes the channels of x W^T: 2 heads of width 6.
  const Matrix<double> weight = random_matrix(12, 5, rng), x = random_matrix(4, 5, rng);
  const Matrix<double> other =
      permute_rotary_rows<double>(weight, 6, RotaryLayout::interleaved, RotaryLayout::split_halves);
  const Context context{.time = 4, .offset = 3};
  const Matrix<double> a =
      turned(Rotary<double>(6, {RotaryLayout::interleaved}), x * weight.transpose(), context);
  const Matrix<double> b =
      turned(Rotary<double>(6, {RotaryLayout::split_halves}), x * other.transpose(), context);
  CHECK(max_difference(a, b) > 0.1);
  for (const Index head : {0, 6}) {
    for (Index c = 0; c < 6; ++c) {
      CHECK(max_difference(b.col(head + c), a.col(head + to_split[static_cast<std::size_t>(c)])) <=
            1e-14);
    }
  }
  // There and back again.
  CHECK(max_difference(permute_rotary_rows<double>(other, 6, RotaryLayout::split_halves,
                                                   RotaryLayout::interleaved),
                       weight) == 0);
}

TEST_CASE("property: the layers of a model share one table, and others have their own") {
  const RotaryOptions options{RotaryLayout::split_halves, 100, 50};
  const Rotary<double> rotary(6, options), same(6, {RotaryLayout::interleaved, 100, 50});
  CHECK(rotary.table == same.table);
  CHECK(rotary.table->cosines.rows() == 50);
  CHECK(Rotary<double>(4, options).table->cosines.cols() == 2);
  CHECK(Rotary<double>(6, {options.layout, 101, 50}).table != rotary.table);
  CHECK(Rotary<double>(6, {options.layout, 100, 51}).table != rotary.table);
}

TEST_CASE("property: only the given block is turned, an offset is a later row") {
  Rng rng(4);
  const Rotary<double> rotary(4, {RotaryLayout::split_halves, 10000, 20});
  const Matrix<double> whole = random_matrix(10, 11, rng);
  Matrix<double> rows = whole;
  rotary.forward(rows.block(1, 2, 8, 8), {.batch = 1, .time = 8});
  Matrix<double> expected = whole;
  expected.block(1, 2, 8, 8) = turned(rotary, whole.block(1, 2, 8, 8), {.batch = 1, .time = 8});
  CHECK(max_difference(rows, expected) == 0);
  // Rows 3 .. 7 alone, told where they stand.
  CHECK(max_difference(turned(rotary, whole.block(4, 2, 5, 8), {.time = 5, .offset = 3}),
                       expected.block(4, 2, 5, 8)) == 0);
}

TEST_CASE("property: the same bits with any number of threads") {
  const int before = threads();
  Rng rng(5);
  const Matrix<float> x = random_matrix(600, 96, rng).cast<float>();
  Matrix<float> first;
  for (const int count : {1, 2, 3, 8}) {
    set_threads(count);
    Matrix<float> y = x;
    Rotary<float>(32, {RotaryLayout::split_halves, 10000, 600}).forward(y, {.time = 600});
    if (count == 1) first = y;
    CHECK((y.array() == first.array()).all());
  }
  set_threads(before);
}

TEST_CASE("property: of many rows, each is turned once, to its own position") {
  Rng rng(7);
  const Rotary<double> rotary(32, {RotaryLayout::split_halves, 10000, 302});
  const Matrix<double> x = random_matrix(600, 96, rng);  // several pieces for the threads
  const Matrix<double> y = turned(rotary, x, {.batch = 2, .time = 300, .offset = 2});
  for (Index i = 0; i < x.rows(); ++i) {
    REQUIRE(max_difference(y.row(i), turned(rotary, x.row(i), {.offset = 2 + i % 300})) == 0);
  }
}

TEST_CASE("gradient check: x") {
  Rng rng(6);
  for (const RotaryLayout layout : kBoth) {
    for (const Index width : {2, 6}) {
      const Rotary<double> rotary(width, {layout, 30, 40});
      const Context context{.batch = 2, .time = 3, .offset = 5};
      Matrix<double> x = random_matrix(6, 2 * width, rng);
      const Matrix<double> dy = random_matrix(6, 2 * width, rng);
      const Matrix<double> dx = turned_back(rotary, dy, context);
      for (const GradientError& row : check_gradients({checked("x", x, dx)}, [&] {
             return weighted_sum(turned(rotary, x, context), dy);
           })) {
        CHECK(row.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("fixture: complex numbers (Llama) and rotate_half (Hugging Face) in float64") {
  for (const std::string name :
       {"interleaved", "interleaved_offset", "split_halves", "split_halves_offset"}) {
    CAPTURE(name);
    const Fixture fixture("rotary", name);
    const RotaryLayout layout =
        name.starts_with("inter") ? RotaryLayout::interleaved : RotaryLayout::split_halves;
    const Rotary<double> rotary(static_cast<Index>(fixture.number("head_width")),
                                {layout, fixture.number("base"), 16});
    const Matrix<double> x = fixture.matrix("x");
    const Context context{.time = x.rows(), .offset = static_cast<Index>(fixture.number("offset"))};
    CHECK(max_difference(turned(rotary, x, context), fixture.matrix("y")) <= 1e-10);
    CHECK(max_difference(turned_back(rotary, fixture.matrix("dy"), context),
                         fixture.matrix("dx")) <= 1e-10);
  }
}

TEST_CASE("edges: one pair, one row, no rows, the last position of the table") {
  const Rotary<double> rotary(2, {RotaryLayout::split_halves, 10000, 4});
  Matrix<double> x(1, 2), y(1, 2);
  x << 1, 0;
  y << std::cos(3.0), std::sin(3.0);
  CHECK(max_difference(turned(rotary, x, {.offset = 3}), y) <= 1e-15);
  CHECK(turned(rotary, Matrix<double>(0, 2), {.batch = 0, .time = 3}).rows() == 0);
}

TEST_CASE("edges: position 100,000 in float is as exact as float can say") {
  // An angle of 100,000 held in float is off by up to 0.004; the table is made in double.
  const Rotary<float> rotary(64, {RotaryLayout::split_halves, 10000, 100001});
  Matrix<float> x = Matrix<float>::Zero(1, 64);
  x.leftCols(32).setOnes();
  rotary.forward(x, {.offset = 100000});
  CHECK(x.allFinite());  // std::max would pass over a NaN
  double error = 0;
  for (Index i = 0; i < 32; ++i) {
    const long double angle =
        100000.0L * std::pow(10000.0L, -2.0L * static_cast<long double>(i) / 64.0L);
    error = std::max(error, std::abs(static_cast<double>(std::cos(angle) - x(0, i))));
    error = std::max(error, std::abs(static_cast<double>(std::sin(angle) - x(0, i + 32))));
  }
  CHECK(error <= 1e-7);
}

TEST_CASE("misuse: odd widths, positions beyond the table, columns that are no heads") {
  CHECK_THROWS_WITH_AS(Rotary<double>(7, {}),
                       "rotary: head width is 7, expected an even number above 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Rotary<double>(4, {.base = 0}), "rotary: base must be positive",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Rotary<double>(4, {.positions = 0}), "rotary: positions must be positive",
                       std::invalid_argument);
  const Rotary<double> rotary(4, {.positions = 8});
  CHECK_THROWS_WITH_AS(turned(rotary, Matrix<double>::Zero(3, 4), {.time = 3, .offset = 6}),
                       "rotary: positions 6 to 8 are asked for, expected 0 to 7",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(turned(rotary, Matrix<double>::Zero(3, 6), {.time = 3}),
                       "rotary: x has 6 columns, expected a multiple of the head width 4",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(turned(rotary, Matrix<double>::Zero(3, 4), {.time = 2}),
                       "rotary: x has shape [3, 4], expected [2, *]", std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      permute_rotary_rows<double>(Matrix<double>::Zero(6, 2), 4, kBoth[0], kBoth[1]),
      "rotary: weight has 6 rows, expected a multiple of the head width 4", std::invalid_argument);
}
