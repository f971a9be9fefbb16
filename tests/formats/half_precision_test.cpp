#include "limpid/formats/half_precision.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace limpid;

// NO gradient check: a number has no gradient
// NO fixture: safetensors_test reads a file with both formats, made by Python
// NO accumulation: nothing accumulates
// NO misuse: each of the 65536 patterns is a number or NaN

TEST_CASE("by hand: one, minus five, nearly two thirds, the largest and the smallest") {
  CHECK(float_from_half(0x3C00) == 1.F);             // exponent 15, fraction 0
  CHECK(float_from_half(0xC500) == -5.F);            // 1.25 * 2^2
  CHECK(float_from_half(0x3955) == 0.66650390625F);  // 2^-1 * (1 + 341/1024)
  CHECK(float_from_half(0x7BFF) == 65504.F);
  CHECK(float_from_half(0x0001) == 0x1p-24F);  // the smallest subnormal
  CHECK(float_from_half(0x0400) == 0x1p-14F);  // the smallest normal
  CHECK(float_from_bfloat16(0x3F80) == 1.F);
  CHECK(float_from_bfloat16(0xC0A0) == -5.F);
  CHECK(float_from_bfloat16(0x0001) == 0x1p-133F);  // 2^-126 / 128, subnormal in float too
}

TEST_CASE("property: all 65536 halves equal sign * fraction * 2^exponent") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const int fraction = static_cast<int>(bits & 1023);
    const double sign = (bits >> 15) != 0 ? -1 : 1;
    const float got = float_from_half(static_cast<std::uint16_t>(bits));
    if (exponent == 31) {
      const bool right =
          fraction != 0 ? std::isnan(got) : got == sign * std::numeric_limits<double>::infinity();
      wrong += !right;
    } else {
      const double expected =
          exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      wrong += got != sign * expected || std::signbit(got) != (sign < 0);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("by hand: floats between two BF16s go to the nearer, ties to the even one") {
  // Beside 1, BF16 has steps of 2^-7.
  CHECK(bfloat16_from_float(1.F) == 0x3F80);
  CHECK(bfloat16_from_float(1.F + 0x0.FFp-8F) == 0x3F80);  // less than half a step
  CHECK(bfloat16_from_float(1.F + 0x1p-8F) == 0x3F80);     // half a step: 0x3F80 is even
  CHECK(bfloat16_from_float(1.F + 0x1.01p-8F) == 0x3F81);  // more than half
  CHECK(bfloat16_from_float(1.F + 0x1.8p-7F) == 0x3F82);   // one and a half: 0x3F81 is odd
  CHECK(bfloat16_from_float(-1.F - 0x1.8p-7F) == 0xBF82);  // the sign takes no part
  CHECK(bfloat16_from_float(2.F - 0x1p-20F) == 0x4000);    // the carry reaches the exponent
  CHECK(bfloat16_from_float(0x1p-133F) == 0x0001);         // the smallest
  CHECK(bfloat16_from_float(0x1p-134F) == 0x0000);         // half of it, to even
  CHECK(bfloat16_from_float(0x1.8p-134F) == 0x0001);
}

TEST_CASE("property: every BF16 comes back, and no BF16 is nearer than the one chosen") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float number = float_from_bfloat16(static_cast<std::uint16_t>(bits));
    const std::uint16_t back = bfloat16_from_float(number);
    wrong += std::isnan(number) ? !std::isnan(float_from_bfloat16(back)) : back != bits;
    if (!std::isfinite(number)) continue;
    // A float some way above it, of the same sign: the neighbours on both sides are no nearer.
    const auto between = std::bit_cast<float>(bits << 16 | bits * 40503U % 65536U);
    const std::uint16_t chosen = bfloat16_from_float(between);
    const auto distance = [&](int step) {
      const double other = float_from_bfloat16(static_cast<std::uint16_t>(chosen + step));
      return std::isfinite(other) ? std::abs(other - double{between})
                                  : std::numeric_limits<double>::infinity();
    };
    if (std::isfinite(float_from_bfloat16(chosen)) && (chosen & 0x7FFF) != 0) {
      wrong += distance(0) > distance(1) || distance(0) > distance(-1);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("by hand: rounding to the nearest half, of two to the even one") {
  CHECK(half_from_float(1.F) == 0x3C00);
  CHECK(half_from_float(-5.F) == 0xC500);
  CHECK(half_from_float(2049.F) == 0x6800);  // between 2048 and 2050: 2048 has the even fraction
  CHECK(half_from_float(2051.F) == 0x6802);  // between 2050 and 2052: 2052
  CHECK(half_from_float(65519.F) == 0x7BFF);
  CHECK(half_from_float(65520.F) == 0x7C00);   // half way to 65536, which is infinity
  CHECK(half_from_float(0x1p-25F) == 0x0000);  // half of the smallest: to zero, which is even
  CHECK(half_from_float(0x1.8p-24F) == 0x0002);
  CHECK(half_from_float(-0x1p-24F) == 0x8001);
}

TEST_CASE("property: every half comes back from its float; halfway points go to the even one") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float number = float_from_half(half);
    if (std::isnan(number)) {
      wrong += !std::isnan(float_from_half(half_from_float(number)));
      continue;
    }
    wrong += half_from_float(number) != half;
    if ((bits & 0x7FFF) >= 0x7BFF) continue;  // the next is infinity
    const auto next = static_cast<std::uint16_t>(half + 1);
    const float middle = (number + float_from_half(next)) / 2;  // exact
    wrong += half_from_float(middle) != (half % 2 == 0 ? half : next);
    wrong += half_from_float(std::nextafter(middle, number)) != half;
    wrong += half_from_float(std::nextafter(middle, float_from_half(next))) != next;
  }
  CHECK(wrong == 0);
}

TEST_CASE("edges: zeros keep their sign, infinities and NaN pass") {
  CHECK(std::signbit(float_from_half(0x8000)));
  CHECK(float_from_half(0x8000) == 0.F);
  CHECK(std::signbit(float_from_bfloat16(0x8000)));
  CHECK(float_from_half(0x7C00) == std::numeric_limits<float>::infinity());
  CHECK(float_from_bfloat16(0xFF80) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(float_from_half(0x7E00)));
  CHECK(std::isnan(float_from_half(0xFC01)));
  CHECK(std::isnan(float_from_bfloat16(0x7FC0)));
  CHECK(bfloat16_from_float(-0.F) == 0x8000);
  CHECK(bfloat16_from_float(std::numeric_limits<float>::infinity()) == 0x7F80);
  CHECK(bfloat16_from_float(std::numeric_limits<float>::max()) == 0x7F80);  // beyond the largest
  CHECK(bfloat16_from_float(0x1.FEp127F) == 0x7F7F);                        // the largest
  // A NaN that is told from infinity by its lowest bit alone.
  CHECK(std::isnan(float_from_bfloat16(bfloat16_from_float(std::bit_cast<float>(0x7F800001U)))));
  CHECK(half_from_float(-0.F) == 0x8000);
  CHECK(half_from_float(std::numeric_limits<float>::denorm_min()) == 0x0000);
  CHECK(half_from_float(std::numeric_limits<float>::max()) == 0x7C00);
  CHECK(half_from_float(-std::numeric_limits<float>::infinity()) == 0xFC00);
}
