#include "limpid/formats/half_precision.hpp"

#include <bit>
#include <cmath>

namespace limpid {

float float_from_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {
    // Zero and the subnormals: fraction * 2^-24, exact in float.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  if (exponent == 31) {
    // Infinity and NaN: all exponent bits are set in float too.
    return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  }
  // The exponent's bias is 15 there and 127 here.
  return std::bit_cast<float>(sign | ((exponent + 127 - 15) << 23) | (fraction << 13));
}

std::uint16_t half_from_float(float number) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(number);
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  const auto half = [sign](std::uint32_t rest) { return static_cast<std::uint16_t>(sign | rest); };
  if (magnitude > 0x7F800000U) return half(0x7E00U);   // NaN
  if (magnitude >= 0x47800000U) return half(0x7C00U);  // 65536 and more: infinity
  if (magnitude < 0x38800000U) {
    // Below 2^-14, halves are multiples of 2^-24, and so are the floats from 0.5 to 1: the sum is
    // rounded to one of them.
    const float sum = std::bit_cast<float>(magnitude) + 0.5F;
    return half(std::bit_cast<std::uint32_t>(sum) - std::bit_cast<std::uint32_t>(0.5F));
  }
  // The 13 bits that fall away decide; a carry runs into the exponent, as it should.
  magnitude += 0xFFFU + (magnitude >> 13 & 1U);
  return half((magnitude - (112U << 23)) >> 13);
}

float float_from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t bfloat16_from_float(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  // A NaN whose set bits are all in the lower half would be cut to infinity: one of the upper is set.
  if (std::isnan(number)) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  // Half of the last place that stays, less one, plus the last bit that stays: a tie carries into it only
  // when it is 1. The carry may run into the exponent, which is then the next power of two, or infinity.
  const std::uint32_t last = bits >> 16 & 1U;
  return static_cast<std::uint16_t>((bits + 0x7FFFU + last) >> 16);
}

}  // namespace limpid
