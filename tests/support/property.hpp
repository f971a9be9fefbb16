// Properties on random inputs. rapidcheck draws 100 of them; one that fails is shrunk to a small one that
// still fails, and printed with the names given here.
//
//   TEST_CASE("property: a sum does not depend on the order") {
//     for_all([] {
//       const Index size = pick("size", 0, 20);
//       ...
//       RC_ASSERT(error <= 1e-15);
//     });
//   }
//
// The seed is 1, unless the environment says otherwise: RC_PARAMS="seed=7 max_success=1000".
#pragma once

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"

namespace limpid::test {

// Checks that the property holds for everything it draws. What it draws, it must draw by the functions
// below, or a failure could neither be shrunk nor seen again.
template <class Property>
void for_all(Property property) {
  static const int unset = ::setenv("RC_PARAMS", "seed=1", 0);  // before rapidcheck looks
  REQUIRE(unset == 0);
  const bool holds =
      rc::check(doctest::getContextOptions()->currentTest->m_name, std::move(property));
  CHECK_MESSAGE(holds, "what it does not hold for stands above");
}

// A whole number from `low` to `high`, both included, each as likely as the others from the first input
// on (rapidcheck would begin with small ones). A failure shrinks towards `low`.
inline Index pick(const std::string& name, Index low, Index high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Index>(low, high + 1)).as(name);
}

// One of several things. A failure shrinks towards the first.
template <class T>
T pick_one(const std::string& name, const std::vector<T>& choices) {
  return choices[static_cast<std::size_t>(pick(name, 0, static_cast<Index>(choices.size()) - 1))];
}

inline bool pick_bool(const std::string& name) {
  return pick(name, 0, 1) == 1;
}

// Random numbers for matrices: no seed is smaller than another, so it is not shrunk.
inline Rng pick_rng() {
  return Rng(
      *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>()))
           .as("seed of the numbers"));
}

}  // namespace limpid::test
