#include "limpid/tokenizer/utf8.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO fixture: the Unicode Standard's own tables are the cases by hand
// NO accumulation: nothing accumulates
// NO misuse: every byte string has an answer

using namespace limpid;

namespace {

// The lengths of the runs that a text falls into, and whether each spells a character.
std::string runs(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (!point.valid) shown += 'x';
    shown += std::to_string(point.length);
    text.remove_prefix(point.length);
  }
  return shown;
}

}  // namespace

TEST_CASE("by hand: the four lengths") {
  CHECK(first_code_point("A").value == 0x41);
  CHECK(first_code_point("\xC3\xA9").value == 0xE9);
  CHECK(first_code_point("\xE0\xA4\xA8").value == 0x928);
  CHECK(first_code_point("\xF0\x9F\x98\x80").value == 0x1F600);
  CHECK(runs("A\xC3\xA9\xE0\xA4\xA8\xF0\x9F\x98\x80") == "1234");
}

TEST_CASE("by hand: maximal subparts, the Unicode Standard's tables 3-8 to 3-11") {
  CHECK(runs("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") == "1x3x2x11x11x1x11");
  CHECK(runs("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == "x1x1x1x1x1x1x1x11");  // overlong
  CHECK(runs("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == "x1x1x1x1x1x1x1x11");  // surrogates
  CHECK(runs("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == "x1x1x1x1x11x1x11");   // too large
  CHECK(runs("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "x2x1x3x21");          // cut short
}

TEST_CASE("property: every code point comes back from its bytes, and no surrogate does") {
  for (char32_t value = 0; value < 0x110000; ++value) {
    std::string bytes;
    append_utf8(bytes, value);
    const CodePoint point = first_code_point(bytes);
    const bool surrogate = value >= 0xD800 && value < 0xE000;
    REQUIRE(point.valid == !surrogate);
    if (surrogate) continue;
    REQUIRE(point.value == value);
    REQUIRE(point.length == bytes.size());
  }
}

TEST_CASE("property: the first invalid byte is found wherever it stands") {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string text = std::string(before, 'a') + "\xFF" + std::string(20, 'b');
    CHECK(find_invalid_utf8(text) == before);
  }
  CHECK(find_invalid_utf8("caf\xC3") == 3);
  for (const std::string& text : test::kScripts) CHECK_FALSE(find_invalid_utf8(text));
}

TEST_CASE("property: an incomplete character is one that more bytes could complete") {
  const std::string smile = "\xF0\x9F\x98\x80";
  for (std::size_t length = 1; length < 4; ++length) {
    const CodePoint point = first_code_point(smile.substr(0, length));
    CHECK(point.incomplete);
    CHECK_FALSE(point.valid);
    CHECK(point.length == length);
  }
  CHECK_FALSE(first_code_point("\xF0\x9F\x41").incomplete);
  CHECK_FALSE(first_code_point("\xF5").incomplete);
}

TEST_CASE("edges: no text, the zero byte, the first and the last of each length") {
  CHECK_FALSE(find_invalid_utf8(""));
  CHECK(first_code_point(std::string_view("\0", 1)).valid);
  CHECK(runs("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") ==
        "1223344");
}
