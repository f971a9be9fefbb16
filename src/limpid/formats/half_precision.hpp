/// Numbers of 16 bits, as many model files store them, widened to float. No value changes: float
/// has every number that the two formats have. The other way a float is rounded to the nearest, of two
/// equally near ones to that with an even fraction; from 65520 on, half a step beyond the largest half,
/// a half is infinite.
///
///               sign  exponent  fraction
///   float          1         8        23
///   F16 (half)     1         5        10     fine steps, but nothing beyond 65504
///   BF16           1         8         7     a float that lost its lower half: coarse steps, all
///                                            of its range
///
/// SOURCE  IEEE 754-2008, section 3.6 (F16); Kalamkar et al. 2019, arXiv:1905.12322 (BF16)
/// USES    core
#pragma once

#include <cstdint>

#include "limpid/core/export.hpp"

namespace limpid {

LIMPID_API float float_from_half(std::uint16_t bits);
LIMPID_API std::uint16_t half_from_float(float number);
LIMPID_API float float_from_bfloat16(std::uint16_t bits);

/// The nearest BF16; of two that are equally near, the one whose last bit is 0. What is beyond the
/// largest becomes infinite, and NaN stays NaN.
LIMPID_API std::uint16_t bfloat16_from_float(float number);

}  // namespace limpid
