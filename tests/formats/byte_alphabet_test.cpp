#include "limpid/formats/byte_alphabet.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "limpid/tokenizer/utf8.hpp"

// NO gradient check: text has no gradient
// NO fixture: the alphabet's published letters are worked out by hand
// NO accumulation: nothing accumulates

using namespace limpid;

TEST_CASE("by hand: letters as GPT-2's vocabulary shows them") {
  CHECK(to_byte_alphabet(" world\n") == "ĠworldĊ");
  CHECK(to_byte_alphabet("é") == "Ã©");
  CHECK(to_byte_alphabet(std::string_view("\0", 1)) == "Ā");
  CHECK(to_byte_alphabet("\x7F\x80\xA0\xAD") == "ġĢłŃ");
  CHECK(from_byte_alphabet("Ġthe") == " the");
}

TEST_CASE("property: each byte has a letter of its own, printable, and comes back") {
  std::set<char32_t> letters;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    const std::string text = to_byte_alphabet(bytes);
    const CodePoint letter = first_code_point(text);
    CHECK(letter.length == text.size());
    CHECK(letter.value > 32);
    letters.insert(letter.value);
    CHECK(from_byte_alphabet(text) == bytes);
  }
  CHECK(letters.size() == 256);
}

TEST_CASE("edges: no bytes, no letters") {
  CHECK(to_byte_alphabet("") == "");
  CHECK(from_byte_alphabet("") == "");
}

TEST_CASE("misuse: letters that no byte has") {
  CHECK_FALSE(from_byte_alphabet("a b"));  // a space is written Ġ
  CHECK_FALSE(from_byte_alphabet("世"));
  CHECK_FALSE(from_byte_alphabet("ń"));       // U+0144, the first behind the last letter
  CHECK_FALSE(from_byte_alphabet("\u00AD"));  // a soft hyphen is not printable
  CHECK_FALSE(from_byte_alphabet("a\xFF"));
}
