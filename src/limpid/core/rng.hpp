/// Random numbers that are the same on every platform.
///
/// SplitMix64: a counter that grows by an odd constant, and a mixing function that scrambles it.
///
///   state += golden;   output = mix(state)
///
/// Number i of a stream depends on the seed and on i alone, so a stream can be saved as one
/// integer, moved ahead without drawing (`skip`), and read out of order by several threads (`at`).
/// The standard library's distributions differ between implementations; these use only + - * / and
/// square roots, each rounded once, so equal seeds give equal bits everywhere.
///
/// SOURCE  Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators", section 4
/// USES    nothing
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "limpid/core/export.hpp"

namespace limpid {

class LIMPID_API Rng {
 public:
  /// Streams of one seed are independent: data order, dropout and sampling each take their own.
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0);

  /// 64 random bits; the counter moves by one.
  std::uint64_t bits();
  /// A number in [0, 1), a multiple of 2^-53; the counter moves by one.
  double uniform();
  /// An integer in [0, n), every one equally likely. REQUIRES n > 0. Draws until unbiased.
  std::uint64_t below(std::uint64_t n);
  /// A normal number with mean 0 and deviation 1 (Marsaglia's polar method).
  double normal();

  /// The number that `bits()` would return after `index` more draws. Moves nothing.
  std::uint64_t at(std::uint64_t index) const;
  /// Moves the counter as `count` calls of `bits()` would.
  void skip(std::uint64_t count);

  /// A permutation in place, every one equally likely (Fisher and Yates).
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  /// The whole state: restoring it continues the stream.
  std::uint64_t state() const { return state_; }
  void set_state(std::uint64_t state) { state_ = state; }

 private:
  std::uint64_t state_;
};

}  // namespace limpid
