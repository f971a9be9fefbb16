#include "limpid/tokenizer/hash.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <set>
#include <string>

#include "tokenizer/texts.hpp"

// NO gradient check: bytes have no gradient
// NO fixture: the hash is our own
// NO accumulation: nothing accumulates
// NO misuse: every byte string has a hash

using namespace limpid;

TEST_CASE("by hand: the same numbers on every machine, since they stand in files") {
  CHECK(hash_word(0, 0) == 0);
  // 1 * 9e3779b97f4a7c15; its upper half folded in gives 9e3779b9e17d05ac; and so on.
  std::uint64_t hash = 0x9e3779b97f4a7c15;
  hash = 0x9e3779b9e17d05ac * 0xd6e8feb86659fd93;
  CHECK(hash_word(0, 1) == (hash ^ (hash >> 32)));
  CHECK(hash_bytes(std::string_view("\1\0\0\0\0\0\0\0", 8)) == hash_word(hash_word(0, 8), 1));
}

TEST_CASE("property: one flipped bit changes about half of the hash") {
  Rng rng(1);
  double flipped = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = test::random_bytes(rng, 1 + rng.below(30));
    const std::uint64_t before = hash_bytes(bytes);
    bytes[rng.below(bytes.size())] ^= static_cast<char>(1 << rng.below(8));
    flipped += std::popcount(before ^ hash_bytes(bytes));
  }
  CHECK(flipped / 2000 > 31);
  CHECK(flipped / 2000 < 33);
}

TEST_CASE("property: hashes differ for different bytes, lengths and seeds") {
  std::set<std::uint64_t> seen;
  for (std::size_t length = 0; length < 100; ++length)
    seen.insert(hash_bytes(std::string(length, '\0')));
  for (std::uint64_t seed = 1; seed < 100; ++seed) seen.insert(hash_bytes("seed", seed));
  for (int i = 0; i < 10000; ++i) seen.insert(hash_bytes("word" + std::to_string(i)));
  CHECK(seen.size() == 100 + 99 + 10000);
}

TEST_CASE("edges: no bytes") {
  CHECK(hash_bytes("") == hash_word(0, 0));
}
