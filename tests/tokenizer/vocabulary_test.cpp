#include "limpid/tokenizer/vocabulary.hpp"

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <string>

#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO fixture: std::map is the other implementation
// NO accumulation: nothing accumulates

using namespace limpid;

TEST_CASE("by hand: the header's example") {
  Vocabulary vocabulary;
  CHECK(vocabulary.add("un") == 0);
  CHECK(vocabulary.add("happi") == 1);
  CHECK(vocabulary.add("ness") == 2);
  CHECK(vocabulary.add("un") == 0);
  CHECK(vocabulary.size() == 3);
  CHECK(vocabulary[1] == "happi");
  CHECK(vocabulary.find("ness") == 2);
  CHECK_FALSE(vocabulary.find("happy"));
}

TEST_CASE("by hand: in the vocabulary of bytes, token 97 is the letter a") {
  const Vocabulary bytes = Vocabulary::of_bytes();
  CHECK(bytes.size() == 256);
  CHECK(bytes[97] == "a");
  CHECK(bytes[0] == std::string_view("\0", 1));
  CHECK(bytes.find("\xFF") == 255);
}

TEST_CASE("property: agrees with std::map on random strings") {
  Rng rng(1);
  Vocabulary vocabulary;
  std::map<std::string, TokenId> expected;
  for (int i = 0; i < 20000; ++i) {
    const std::string bytes = test::random_bytes(rng, rng.below(4));
    const auto [entry, fresh] = expected.emplace(bytes, static_cast<TokenId>(expected.size()));
    REQUIRE(vocabulary.find(bytes).has_value() == !fresh);
    REQUIRE(vocabulary.add(bytes) == entry->second);
  }
  REQUIRE(vocabulary.size() == static_cast<TokenId>(expected.size()));
  for (const auto& [bytes, id] : expected) REQUIRE(vocabulary[id] == bytes);
}

TEST_CASE("edges: an empty vocabulary, the empty string, long strings") {
  Vocabulary vocabulary;
  CHECK_FALSE(vocabulary.find(""));
  CHECK(vocabulary.add("") == 0);
  CHECK(vocabulary[0].empty());
  const std::string large(1 << 20, 'a');
  CHECK(vocabulary.add(large) == 1);
  CHECK(vocabulary[1] == large);
  CHECK_FALSE(vocabulary.find(large + "a"));
}

TEST_CASE("misuse: ids out of range") {
  const Vocabulary bytes = Vocabulary::of_bytes();
  CHECK_THROWS_WITH_AS(bytes[256], "vocabulary: token id is 256, expected 0 to 255",
                       std::invalid_argument);
  CHECK_THROWS_AS(bytes[-1], std::invalid_argument);
}
