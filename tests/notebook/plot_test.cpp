#include "../../notebooks-cpp/support/plot.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

// NO gradient check: pictures have no gradient
// NO fixture: no other program draws these pictures
// NO accumulation: nothing is kept from picture to picture
// NO misuse: a picture is drawn of whatever there is; what is not finite is left out

using namespace nb;

namespace {

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

bool has(const std::string& text, const std::string& part) {
  return count(text, part) > 0;
}

}  // namespace

TEST_CASE("by hand: ticks are round numbers inside the axis") {
  CHECK(detail::Scale{0, 10, 0, 1}.ticks(5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(detail::Scale{-1.3, 2.1, 0, 1}.ticks(7) ==
        std::vector<double>{-1, -0.5, 0, 0.5, 1, 1.5, 2});
  detail::Scale log{0.02, 300, 0, 1, true};
  log.widen(5);
  CHECK(std::abs(log.low - 0.01) <= 1e-12);
  CHECK(std::abs(log.high - 1000) <= 1e-9);
  CHECK(log.ticks(5).size() == 6);                                  // five decades have six ends
  CHECK(detail::Scale{1e-12, 1, 0, 1, true}.ticks(5).size() == 7);  // every second one of 13
}

TEST_CASE("by hand: a scale maps its ends to its ends, and the middle to the middle") {
  const detail::Scale scale{2, 4, 100, 0};
  CHECK(scale(2) == 100);
  CHECK(scale(4) == 0);
  CHECK(scale(3) == 50);
  const detail::Scale log{1, 100, 0, 10, true};
  CHECK(std::abs(log(10) - 5) <= 1e-12);
}

TEST_CASE("by hand: numbers as text") {
  CHECK(detail::decimal(1.25, 1) == "1.2");
  CHECK(detail::decimal(3, 2) == "3");
  CHECK(detail::decimal(-0.01, 1) == "0");
  CHECK(detail::fixed(0.5, 2) == "0.50");
  CHECK(detail::power_text(1e-12) == "10\u207b\u00b9\u00b2");
  CHECK(detail::power_text(0.1) == "0.1");
}

TEST_CASE("by hand: a line goes where its numbers say") {
  // Frame: x from 62 to 640 - right, y from 264 (bottom) to 58 (top). Name of one letter: right is
  // 24 + 6.6.
  const std::string picture = lines({.title = "T"}, {{"a", {0, 1}, {0, 10}}});
  CHECK(has(picture, "points=\"62,264 609.4,58 \""));
}

TEST_CASE("by hand: on a logarithmic x axis the tenth part lies in the middle of 0.01 and 1") {
  // x from 62 to 609.4, as above: the middle is 335.7.
  const std::string picture =
      lines({.title = "T", .log_x = true}, {{"a", {0.01, 0.1, 1}, {0, 5, 10}}});
  CHECK(has(picture, "points=\"62,264 335.7,161 609.4,58 \""));
  CHECK(has(picture, ">10\u207b\u00b2<"));
}

TEST_CASE("by hand: a heat map has its strongest colours at the largest numbers") {
  limpid::Matrix<double> m(1, 3);
  m << -2, 0, 1;
  const std::string picture = heat_map({.title = "T"}, m, {.digits = 1});
  CHECK(has(picture, "rgb(33,96,168)"));
  CHECK(has(picture, "rgb(250,250,248)"));
  CHECK(!has(picture, "rgb(214,96,16)"));  // 1 is only half of the largest
  CHECK(has(picture, ">-2.0<"));
}

TEST_CASE("property: one curve, bar or square for every number, one name for every series") {
  const std::vector<Series> two = {{"first", {}, {1, 2, 3}}, {"second", {}, {3, 2, 1}}};
  CHECK(count(lines({}, two), "<polyline") == 2);
  // The page, two squares of the legend, six bars.
  CHECK(count(bars({}, {"a", "b", "c"}, two), "<rect") == 9);
  CHECK(count(heat_map({}, limpid::Matrix<double>::Ones(4, 5)), "<rect") == 21);
  for (const std::string& picture : {lines({}, two), bars({}, {"a", "b", "c"}, two)}) {
    CHECK(count(picture, ">first<") == 1);
    CHECK(count(picture, ">second<") == 1);
  }
  // Five numbers in two ranges: [0, 1) has three, [1, 2] two, as bars of different height.
  CHECK(count(histogram({}, {{"n", {}, {0, 0.2, 0.4, 1.5, 2}}}, 2), "nb-see\"") == 2);
}

TEST_CASE("property: names that would lie on each other are moved apart") {
  const std::string picture =
      lines({}, {{"first", {}, {0, 5}}, {"second", {}, {1, 5}}, {"third", {}, {2, 5}}});
  // All end at y = 58, the top; their texts are 15 apart.
  for (const char* y : {"y=\"62\"", "y=\"77\"", "y=\"92\""}) CHECK(has(picture, y));
  // The order is that of the series, whatever the last digits say.
  const std::string close = lines({}, {{"first", {}, {0, 5}}, {"second", {}, {1, 5 + 1e-12}}});
  CHECK(close.find(">first<") < close.find(">second<"));
}

TEST_CASE("edges: equal numbers, numbers that are not finite, signs of markup") {
  CHECK(!has(lines({}, {{"flat", {}, {2, 2, 2}}}), "nan"));
  const std::string holes = lines({}, {{"h", {}, {1, NAN, INFINITY, 2}}});
  CHECK(!has(holes, "nan"));
  CHECK(!has(holes, "inf"));
  CHECK(has(lines({.title = "a < b & c"}, {{"s", {}, {1, 2}}}), "a &lt; b &amp; c"));
  CHECK(!has(heat_map({}, limpid::Matrix<double>::Zero(2, 2)), "nan"));
}
