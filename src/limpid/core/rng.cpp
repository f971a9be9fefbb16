#include "limpid/core/rng.hpp"

#include <cmath>

namespace limpid {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, made odd

// Scramble a counter: every bit of the input moves about half of the bits of the output.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// The natural logarithm from + - * / alone, for 0 < x <= 1. The C library's differs by platform.
//   x = m * 2^e with m near 1;   log x = e log 2 + 2 (z + z^3/3 + z^5/5 + ...),  z = (m-1)/(m+1)
double portable_log(double x) {
  constexpr double kLog2 = 0.6931471805599453;
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // exact: only the exponent field is read
  if (m < 0.7071067811865476) {
    m *= 2;
    --exponent;
  }
  const double z = (m - 1) / (m + 1);  // |z| < 0.172: eleven terms reach double precision
  const double z2 = z * z;
  double series = 0;
  for (int k = 21; k >= 1; k -= 2) series = series * z2 + 1.0 / k;
  return exponent * kLog2 + 2 * z * series;
}

}  // namespace

Rng::Rng(std::uint64_t seed, std::uint64_t stream) : state_(mix(mix(seed) + stream * kGolden)) {}

std::uint64_t Rng::bits() {
  state_ += kGolden;
  return mix(state_);
}

double Rng::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

std::uint64_t Rng::below(std::uint64_t n) {
  // 2^64 is seldom a multiple of n. Without the first 2^64 mod n numbers it is: draw again when one comes.
  const std::uint64_t unbiased_from = (0 - n) % n;  // 2^64 mod n
  std::uint64_t draw = bits();
  while (draw < unbiased_from) draw = bits();
  return draw % n;
}

double Rng::normal() {
  // A point in the unit disc has a uniform direction, and its squared radius s is uniform in (0,
  // 1); sqrt(-2 log s) is the length of a two-dimensional normal vector with that direction.
  for (;;) {
    const double u = 2 * uniform() - 1;
    const double v = 2 * uniform() - 1;
    const double s = u * u + v * v;
    if (s < 1 && s > 0) return u * std::sqrt(-2 * portable_log(s) / s);
  }
}

std::uint64_t Rng::at(std::uint64_t index) const {
  return mix(state_ + (index + 1) * kGolden);
}

void Rng::skip(std::uint64_t count) {
  state_ += count * kGolden;
}

}  // namespace limpid
