#include "limpid/core/grouped.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "limpid/core/rng.hpp"

using namespace limpid;

// NO gradient check: a text has no gradient
// NO fixture: the examples say everything
// NO accumulation: nothing accumulates
// NO misuse: every number can be written

TEST_CASE("by hand: a comma before every third digit from the end") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(124439808) == "124,439,808");
}

TEST_CASE("property: without its commas it is the number") {
  Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    const auto number = static_cast<long>(rng.below(std::size_t{1} << (i % 50)));
    std::string text = grouped(static_cast<double>(number));
    text.erase(std::remove(text.begin(), text.end(), ','), text.end());
    CHECK(text == std::to_string(number));
  }
}

TEST_CASE("edges: below zero, and fractions are rounded") {
  CHECK(grouped(-123) == "-123");
  CHECK(grouped(-1234) == "-1,234");
  CHECK(grouped(999.6) == "1,000");
}
