/// Short vectors of numbers, as wide as the machine's registers, with + - * that work lane by lane.
///
/// They are the compiler's own (GCC's and Clang's `vector_size`): the same source becomes AVX-512,
/// AVX2, NEON or WebAssembly instructions. In the library only the products of core/ compute with them.
///
/// USES    nothing
#pragma once

#include <cstring>
#include <utility>

namespace limpid {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64, kVectorRegisters = 32;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32, kVectorRegisters = 16;
#elif defined(__aarch64__)
inline constexpr int kVectorBytes = 16, kVectorRegisters = 32;
#else
inline constexpr int kVectorBytes = 16, kVectorRegisters = 16;
#endif

template <class Real>
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(Real));

template <class Real>
struct VectorOf {
  typedef Real Type __attribute__((vector_size(kVectorBytes)));  // `using` cannot carry it in GCC
};
template <class Real>
using Vector = typename VectorOf<Real>::Type;

/// From and to any address.
template <class Real>
inline Vector<Real> load(const Real* from) {
  Vector<Real> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class Real>
inline void store(Real* to, Vector<Real> v) {
  std::memcpy(to, &v, sizeof v);
}

namespace detail {

// Rows a (whose number has the bit Step clear) and b (set) of a square exchange the blocks that a transpose
// moves.
template <int Step, class Vec, int... Lane>
inline void exchange(Vec& a, Vec& b, std::integer_sequence<int, Lane...>) {
  constexpr int lanes = sizeof...(Lane);
  const Vec low = __builtin_shufflevector(a, b, ((Lane & Step) ? Lane - Step + lanes : Lane)...);
  b = __builtin_shufflevector(a, b, ((Lane & Step) ? Lane + lanes : Lane + Step)...);
  a = low;
}

// Lane i becomes lane i + Step.
template <int Step, class Vec, int... Lane>
inline Vec shifted(Vec v, std::integer_sequence<int, Lane...>) {
  constexpr int lanes = sizeof...(Lane);
  return __builtin_shufflevector(v, v, ((Lane + Step) % lanes)...);
}

}  // namespace detail

/// The sum of all lanes: halves are added to each other until one number is left.
template <class Real, int Half = kLanes<Real> / 2>
inline Real sum_of_lanes(Vector<Real> v) {
  if constexpr (Half == 0) {
    return v[0];
  } else {
    v += detail::shifted<Half>(v, std::make_integer_sequence<int, kLanes<Real>>());
    return sum_of_lanes<Real, Half / 2>(v);
  }
}

/// Transposes a square of kLanes vectors in registers: first single lanes off the diagonal change
/// places, then pairs, then fours, until halves have.
template <class Real, int Step = 1>
inline void transpose(Vector<Real> (&square)[kLanes<Real>]) {
  if constexpr (Step < kLanes<Real>) {
    for (int i = 0; i < kLanes<Real>; ++i) {
      if ((i & Step) == 0) {
        detail::exchange<Step>(square[i], square[i + Step],
                               std::make_integer_sequence<int, kLanes<Real>>());
      }
    }
    transpose<Real, Step * 2>(square);
  }
}

}  // namespace limpid
