#include "limpid/core/rng.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "support/fixture.hpp"

using limpid::Rng;

// NO gradient check: random numbers have no gradient
// NO accumulation: nothing accumulates
// NO fixture: the pinned bits come from another implementation (tests/fixtures/rng.py)
// NO misuse: every seed is a good seed; below(0) is excluded by REQUIRES

TEST_CASE("by hand: the reference numbers of SplitMix64 with state 0") {
  Rng rng(1);
  rng.set_state(0);
  // Steele, Lea and Flood's generator from state 0; the numbers are in many test suites.
  CHECK(rng.bits() == 0xe220a8397b1dcdaf);
  CHECK(rng.bits() == 0x6e789e6aa1b965f4);
  CHECK(rng.bits() == 0x06c45d188009454f);
}

TEST_CASE("by hand: the same normal numbers on every platform") {
  // Bits, not decimals: a platform that rounds one operation differently, or fuses a * b + c, fails
  // here. The numbers were worked out by tests/fixtures/rng.py, in another language.
  Rng rng(42);
  CHECK(rng.normal() == 0x1.145b848e7d51fp+1);
  CHECK(rng.normal() == -0x1.4ece41458cfabp+0);
  CHECK(rng.normal() == 0x1.a2fd078357635p+0);
  CHECK(rng.normal() == -0x1.ccdbb94e27089p-2);
  CHECK(rng.normal() == 0x1.6af69d32a07c8p-2);
  CHECK(rng.normal() == 0x1.784e772004231p+0);
}

TEST_CASE(
    "fixture: Python's doubles to the bit, its 60 decimal digits to one unit in the last place") {
  for (const char* name : {"seed 42", "seed 7, stream 3"}) {
    CAPTURE(name);
    const limpid::test::Fixture fixture("rng", name);
    Rng rng(static_cast<std::uint64_t>(fixture.number("seed")),
            static_cast<std::uint64_t>(fixture.number("stream")));
    const limpid::Matrix<double> same = fixture.matrix("same"), exact = fixture.matrix("exact");
    REQUIRE(same.size() >= 100);
    for (limpid::Index i = 0; i < same.size(); ++i) {
      const double normal = rng.normal();
      CHECK(normal == same(0, i));
      const double step = std::nextafter(std::abs(normal), HUGE_VAL) - std::abs(normal);
      CHECK(std::abs(normal - exact(0, i)) <= step);
    }
  }
}

TEST_CASE("property: at() and skip() agree with drawing") {
  Rng rng(7, 3);
  Rng drawn = rng;
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(rng.at(i) == drawn.bits());
  rng.skip(10);
  CHECK(rng.state() == drawn.state());
}

TEST_CASE("property: uniform numbers fill [0, 1) evenly") {
  Rng rng(1);
  std::array<int, 10> bins{};
  for (int i = 0; i < 100000; ++i) {
    const double u = rng.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++bins[static_cast<std::size_t>(u * 10)];
  }
  for (const int count : bins) CHECK(std::abs(count - 10000) < 500);  // 5 deviations
}

TEST_CASE("property: normal numbers have mean 0, deviation 1 and the right tails") {
  Rng rng(2);
  const int n = 200000;
  double sum = 0, squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
    beyond_two += std::abs(x) > 2;
  }
  CHECK(std::abs(sum / n) < 0.012);
  CHECK(std::abs(squares / n - 1) < 0.02);
  CHECK(std::abs(static_cast<double>(beyond_two) / n - 0.0455) < 0.0025);
}

TEST_CASE("property: below(n) is even, and shuffles reach every order equally") {
  Rng rng(3);
  std::array<int, 6> orders{};
  for (int i = 0; i < 60000; ++i) {
    std::array<int, 3> items{0, 1, 2};
    rng.shuffle(std::span<int>(items));
    ++orders[static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2]))];
  }
  for (const int count : orders) CHECK(std::abs(count - 10000) < 500);
  // 2^64 holds 3 * 2^62 once and a third of it again: taken as they come, the first third would be as
  // frequent as the other two together.
  const std::uint64_t third = std::uint64_t{1} << 62;
  int first_third = 0;
  for (int i = 0; i < 6000; ++i) first_third += rng.below(3 * third) < third;
  CHECK(std::abs(first_third - 2000) < 200);
}

TEST_CASE("property: streams of one seed differ") {
  CHECK(Rng(5, 0).bits() != Rng(5, 1).bits());
  CHECK(Rng(5, 0).bits() != Rng(6, 0).bits());
}

TEST_CASE("edges: below(1) is 0, an empty shuffle does nothing") {
  Rng rng(4);
  CHECK(rng.below(1) == 0);
  std::vector<int> none;
  rng.shuffle(std::span<int>(none));
  CHECK(none.empty());
}
