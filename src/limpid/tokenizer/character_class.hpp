/// What the patterns of a pre-tokenizer can see of a character: a letter, a mark that joins a
/// letter, a numeral, white space, or something else.
///
///   a Ω 你 ي  letter     the accent of é, the vowel of कि   mark      7 ٣ Ⅷ ²  number
///   U+0020 U+00A0 U+2003 and line breaks   space             ! _ 👍 €  other
///
/// The classes are those of Unicode: \p{L}, \p{M}, \p{N} and White_Space (25 characters). Bytes
/// that are not UTF-8 are `other`, as the U+FFFD is that others put in their place.
///
/// SOURCE  The Unicode Standard 15, section 4.5 (General_Category) and PropList.txt (White_Space)
/// USES    core, tokenizer/utf8
/// COST    a table lookup for a character of ASCII, utf8proc's two for each other one
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

enum class CharacterClass : std::uint8_t { letter, mark, number, space, other };

LIMPID_API CharacterClass character_class(char32_t code_point);

/// The classes of ASCII, where most of any text is looked up.
inline constexpr std::array<CharacterClass, 128> kAsciiClasses = [] {
  std::array<CharacterClass, 128> classes{};
  classes.fill(CharacterClass::other);
  for (std::size_t c = 'a'; c <= 'z'; ++c) classes[c] = CharacterClass::letter;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) classes[c] = CharacterClass::letter;
  for (std::size_t c = '0'; c <= '9'; ++c) classes[c] = CharacterClass::number;
  for (std::size_t c = 0x09; c <= 0x0D; ++c) classes[c] = CharacterClass::space;
  classes[' '] = CharacterClass::space;
  return classes;
}();

struct ClassedCharacter {
  CharacterClass kind;
  std::size_t length;  ///< in bytes
};

/// The character that begins at a byte. REQUIRES at < text.size().
inline ClassedCharacter character_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<std::uint8_t>(text[at]);
  if (byte < 0x80) return {kAsciiClasses[byte], 1};
  const CodePoint point = first_code_point(text.substr(at));
  return {point.valid ? character_class(point.value) : CharacterClass::other, point.length};
}

/// Where a run of characters whose class `belongs` accepts ends; `at` if none stands there.
template <class Belongs>
std::size_t run_end(std::string_view text, std::size_t at, Belongs belongs) {
  while (at < text.size()) {
    const ClassedCharacter next = character_at(text, at);
    if (!belongs(next.kind)) break;
    at += next.length;
  }
  return at;
}

/// \s+(?!\S)|\s+   All white space if it ends the text, else all but its last character, unless
/// that is its only one. REQUIRES text begins with white space.
inline std::size_t space_length(std::string_view text) {
  std::size_t end = 0, last = 0;
  while (end < text.size()) {
    const ClassedCharacter next = character_at(text, end);
    if (next.kind != CharacterClass::space) return last == 0 ? end : last;
    last = end;
    end += next.length;
  }
  return end;
}

}  // namespace limpid
