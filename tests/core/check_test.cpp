#include "limpid/core/check.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace limpid;

// NO property: each message is checked word by word
// NO gradient check: a check has no gradient
// NO fixture: the words are our own
// NO accumulation: nothing accumulates

TEST_CASE("by hand: what fits passes") {
  const Matrix<double> x = Matrix<double>::Zero(12, 64);
  CHECK_NOTHROW(check_shape("layer_norm", "x", x, 12, 64));
  CHECK_NOTHROW(check_shape("layer_norm", "x", x, kAny, 64));
  CHECK_NOTHROW(check_shape("layer_norm", "x", x, 12, kAny));
  CHECK_NOTHROW(check_shape("layer_norm", "x", x, kAny, kAny));
  CHECK_NOTHROW(require(true, "layer_norm", "never said"));
}

TEST_CASE("edges: blocks, rows, floats and matrices without numbers have shapes too") {
  const Matrix<float> x = Matrix<float>::Zero(4, 6);
  CHECK_NOTHROW(check_shape("m", "x", x.block(1, 1, 2, 3), 2, 3));
  CHECK_NOTHROW(check_shape("m", "x", x.transpose(), 6, 4));
  CHECK_NOTHROW(check_shape("m", "x", Matrix<double>(0, 3), 0, 3));
  CHECK_THROWS_WITH_AS(check_shape("m", "x", RowVector<float>(5), 1, 6),
                       "m: x has shape [1, 5], expected [1, 6]", std::invalid_argument);
  CHECK_THROWS_WITH_AS(check_shape("m", "x", Matrix<double>(0, 3), 1, 3),
                       "m: x has shape [0, 3], expected [1, 3]", std::invalid_argument);
}

TEST_CASE("misuse: the message names module, matrix, both shapes; a star stands for any size") {
  const Matrix<double> x = Matrix<double>::Zero(12, 64);
  CHECK_THROWS_WITH_AS(check_shape("layer_norm", "x", x, kAny, 128),
                       "layer_norm: x has shape [12, 64], expected [*, 128]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(check_shape("layer_norm", "dy", x, 13, 64),
                       "layer_norm: dy has shape [12, 64], expected [13, 64]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(check_shape("layer_norm", "dy", x, 13, kAny),
                       "layer_norm: dy has shape [12, 64], expected [13, *]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(fail("dropout", "something"), "dropout: something", std::invalid_argument);
  CHECK_THROWS_WITH_AS(require(false, "dropout", "something"), "dropout: something",
                       std::invalid_argument);
}

TEST_CASE("by hand: what a message quotes is short, and no character is cut in two") {
  CHECK(shortened("four", 4) == "four");
  CHECK(shortened("fives", 4) == "five...");
  CHECK(shortened("caf\xC3\xA9s", 4) == "caf...");
  CHECK(shortened("caf\xC3\xA9s", 5) == "caf\xC3\xA9...");
  CHECK(shortened("\xF0\x9F\xA6\x8A!", 3) == "...");
  CHECK(shortened(std::string(9, '\x80'), 8) == std::string(4, '\x80') + "...");  // no UTF-8
}

TEST_CASE("misuse: a value out of its range is told with both ends") {
  CHECK_NOTHROW(check_range("config", "heads", 1, 1, 4));
  CHECK_NOTHROW(check_range("config", "heads", 4, 1, 4));
  CHECK_THROWS_WITH_AS(check_range("config", "heads", 0, 1, 4),
                       "config: heads is 0, expected 1 to 4", std::invalid_argument);
  CHECK_THROWS_WITH_AS(check_range("config", "heads", 5, 1, 4),
                       "config: heads is 5, expected 1 to 4", std::invalid_argument);
}
