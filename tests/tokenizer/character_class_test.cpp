#include "limpid/tokenizer/character_class.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tokenizer/regex.hpp"

// NO gradient check: characters have no gradient
// NO accumulation: nothing accumulates
// NO misuse: every number has a class, every byte string has characters

using namespace limpid;

TEST_CASE("by hand: one of each class") {
  CHECK(character_class('a') == CharacterClass::letter);
  CHECK(character_class(U'Ω') == CharacterClass::letter);
  CHECK(character_class(0x301) == CharacterClass::mark);
  CHECK(character_class(U'٣') == CharacterClass::number);
  CHECK(character_class(U'Ⅷ') == CharacterClass::number);
  CHECK(character_class(0x2003) == CharacterClass::space);
  CHECK(character_class('_') == CharacterClass::other);
}

TEST_CASE("by hand: white space, all of it or all but the last") {
  CHECK(space_length("  ") == 2);
  CHECK(space_length("  x") == 1);
  CHECK(space_length(" x") == 1);
  CHECK(space_length("\u3000\u3000x") == 3);
}

TEST_CASE("property: 25 characters are white space; ASCII's table says what utf8proc says") {
  int spaces = 0;
  for (char32_t c = 0; c < 0x110000; ++c) spaces += character_class(c) == CharacterClass::space;
  CHECK(spaces == 25);
  for (char32_t c = 0; c < 128; ++c) CHECK(kAsciiClasses[c] == character_class(c));
}

TEST_CASE("fixture: every code point that both know has PCRE2's class") {
  // In the order of CharacterClass.
  const std::array<test::Regex, 5> classes = {test::Regex(R"(\p{L})"), test::Regex(R"(\p{M})"),
                                              test::Regex(R"(\p{N})"), test::Regex(R"(\s)"),
                                              test::Regex(R"([^\p{L}\p{M}\p{N}\s])")};
  CHECK(test::comparable_code_points().size() > 140000);
  for (const char32_t c : test::comparable_code_points()) {
    const auto kind = static_cast<std::size_t>(character_class(c));
    CAPTURE(static_cast<unsigned>(c));
    REQUIRE(classes[kind].matches(test::as_utf8(c)));
  }
}

TEST_CASE("edges: bytes that are no UTF-8 are signs of their length") {
  const std::string text = "a\xE2\x82 \xFF";
  CHECK(character_at(text, 1).kind == CharacterClass::other);
  CHECK(character_at(text, 1).length == 2);
  CHECK(character_at(text, 4).kind == CharacterClass::other);
  CHECK(run_end(text, 1, [](CharacterClass kind) { return kind == CharacterClass::other; }) == 3);
  CHECK(run_end(text, 5, [](CharacterClass) { return true; }) == 5);
  CHECK(character_class(0xFFFFFFFF) == CharacterClass::other);  // no code point at all
}
