#include "limpid/formats/token_table.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "support/scratch_directory.hpp"

// NO gradient check: a vocabulary has no gradient
// NO fixture: the readers that use it have theirs
// NO accumulation: nothing accumulates

using namespace limpid;
using limpid::test::failure;

TEST_CASE("by hand: tokens in any order") {
  TokenTable table(3);
  table.place("c", 2, "C");
  table.place("a", 0, "A");
  CHECK(table.size() == 3);
  CHECK(table.taken(2));
  CHECK_FALSE(table.taken(1));
  table.place("b", "1", 1, "B");
  const Vocabulary vocabulary = table.vocabulary();
  CHECK(vocabulary.size() == 3);
  CHECK(vocabulary[0] == "A");
  CHECK(vocabulary[1] == "B");
  CHECK(vocabulary[2] == "C");
}

TEST_CASE("property: a permutation gives every token its number") {
  TokenTable table(1000);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t id = i * 377 % 1000;  // 377 and 1000 have no common divisor
    table.place("x", id, "token " + std::to_string(id));
  }
  const Vocabulary vocabulary = table.vocabulary();
  for (TokenId id = 0; id < 1000; ++id) REQUIRE(vocabulary[id] == "token " + std::to_string(id));
}

TEST_CASE("edges: no tokens, an empty token") {
  CHECK(TokenTable(0).vocabulary().size() == 0);
  TokenTable table(1);
  table.place("", 0, "");
  CHECK(table.taken(0));
  CHECK(table.vocabulary()[0].empty());
}

TEST_CASE("misuse: the header's lines") {
  TokenTable table(5);
  table.place("a", 1, "A");
  table.place("b", 3, "B");
  CHECK(failure("", [&] { table.place("un", 9, "x"); }) ==
        "token \"un\" has id 9, expected 0 to 4: there are 5 tokens");
  CHECK(failure("", [&] { table.place("un", "1.5", std::nullopt, "x"); }) ==
        "token \"un\" has id 1.5, expected 0 to 4: there are 5 tokens");
  CHECK(failure("", [&] { table.place("un", 3, "x"); }) ==
        "token \"un\" has id 3, as another token has");
  table.place("c", 0, "C");
  CHECK(failure("", [&] { table.vocabulary(); }) == "no token has id 2, expected ids 0 to 4");
  table.place("d", 2, "D");
  table.place("e", 4, "A");
  CHECK(failure("", [&] { table.vocabulary(); }) ==
        "token 4 has the bytes of token 1, expected others");
  CHECK(failure("", [] { TokenTable(0).place("a", 0, ""); }) ==
        "token \"a\" has id 0, expected no token at all");
}
