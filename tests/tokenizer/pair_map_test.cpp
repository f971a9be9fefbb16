#include "limpid/tokenizer/pair_map.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <utility>

#include "limpid/core/rng.hpp"

// NO gradient check: a table has no gradient
// NO fixture: std::map is the other implementation
// NO accumulation: nothing accumulates
// NO misuse: every pair of tokens has an answer

using namespace limpid;

TEST_CASE("by hand: a pair has a direction") {
  PairMap map;
  CHECK(map.insert(1, 2, 7) == std::pair{7, true});
  CHECK(map.insert(1, 2, 8) == std::pair{7, false});
  CHECK(map.find(1, 2) == 7);
  CHECK(map.find(2, 1) == -1);
}

TEST_CASE("property: agrees with std::map") {
  Rng rng(1);
  PairMap map;
  std::map<std::pair<TokenId, TokenId>, std::int32_t> expected;
  for (std::int32_t i = 0; i < 50000; ++i) {
    const auto left = static_cast<TokenId>(rng.below(200));
    const auto right = static_cast<TokenId>(rng.below(200));
    const auto [entry, fresh] = expected.insert({{left, right}, i});
    REQUIRE(map.find(left, right) == (fresh ? -1 : entry->second));
    REQUIRE(map.insert(left, right, i) == std::pair{entry->second, fresh});
  }
  for (const auto& [pair, value] : expected) REQUIRE(map.find(pair.first, pair.second) == value);
}

TEST_CASE("edges: an empty map, the smallest and the largest tokens") {
  constexpr TokenId kLargest = std::numeric_limits<TokenId>::max();
  PairMap map;
  CHECK(map.find(0, 0) == -1);
  CHECK(map.insert(0, 0, 0) == std::pair{0, true});
  CHECK(map.insert(kLargest, kLargest, 1) == std::pair{1, true});
  CHECK(map.find(0, 0) == 0);
  CHECK(map.find(kLargest, kLargest) == 1);
  CHECK(map.find(0, kLargest) == -1);
}
