#include "limpid/tokenizer/pretokenizer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "limpid/tokenizer/utf8_stream.hpp"

#include "tokenizer/regex.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO accumulation: nothing accumulates
// NO misuse: every byte string has pieces

using namespace limpid;

namespace {

// The pieces of a text, with bars between them.
std::string cut(std::string_view text, Pattern pattern) {
  std::string shown;
  while (!text.empty()) {
    if (!shown.empty()) shown += '|';
    const std::size_t length = piece_length(text, pattern);
    shown += text.substr(0, length);
    text.remove_prefix(length);
  }
  return shown;
}

constexpr std::array kWithRegex = {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace,
                                   Pattern::words};

// The same by the pattern itself. REQUIRES text is UTF-8.
std::string cut(const std::string& text, const test::Regex& regex) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = regex.match_at(text, at);
    if (length == 0) return shown + "|no match";
    if (at > 0) shown += '|';
    shown += text.substr(at, length);
    at += length;
  }
  return shown;
}

// What patterns can stumble over, then characters from everywhere that both engines know.
std::string hard_text(Rng& rng) {
  static constexpr std::u32string_view kSigns =
      U" \t\n\r\v\u0085\u00A0\u2003\u2028\u3000''’.,!_-|\u200D\U0001F44D\u0301\u093F\u064B";
  static constexpr std::u32string_view kLetters = U"sdmtSDMTrevlREVLaſKßé世नم日ไ";
  static constexpr std::u32string_view kNumbers = U"0123456789१٣Ⅷ²½〇";
  const std::vector<char32_t>& all = test::comparable_code_points();
  std::u32string points;
  for (std::uint64_t size = 1 + rng.below(40); points.size() < size;) {
    switch (rng.below(9)) {
      case 0:  // a contraction or nearly one, in either case
        points += U'\'';
        for (const char32_t c : {U'l', U'l', U'r', U'e', U's'}) {
          if (rng.below(2) == 0) points += rng.below(2) == 0 ? c : c - U'a' + U'A';
        }
        break;
      case 1:  // a run of white space and line breaks
        for (std::uint64_t n = rng.below(5); n > 0; --n) points += U"  \n\r\t\u00A0"[rng.below(6)];
        break;
      case 2:
      case 3:
        points += kSigns[rng.below(kSigns.size())];
        break;
      case 4:  // numerals, more than three too
        for (std::uint64_t n = rng.below(6); n > 0; --n) {
          points += kNumbers[rng.below(kNumbers.size())];
        }
        break;
      case 5:
        points += all[rng.below(all.size())];
        break;
      case 6:  // scripts are denser among the first code points
        points += all[rng.below(0x2000)];
        break;
      default:
        points += kLetters[rng.below(kLetters.size())];
    }
  }
  std::string text;
  for (const char32_t c : points) append_utf8(text, c);
  return text;
}

bool comparable(std::string_view text) {
  const std::vector<char32_t>& all = test::comparable_code_points();
  for (; !text.empty(); text.remove_prefix(first_code_point(text).length)) {
    if (!std::binary_search(all.begin(), all.end(), first_code_point(text).value)) return false;
  }
  return true;
}

std::string gpt2(std::string_view text) {
  return cut(text, Pattern::gpt2);
}

}  // namespace

TEST_CASE("by hand: the header's examples") {
  CHECK(gpt2("Hello world") == "Hello| world");
  CHECK(gpt2("It's 2026,   isn't it") == "It|'s| 2026|,|  | isn|'t| it");
  CHECK(cut("It's 2026,   isn't it", Pattern::cl100k) == "It|'s| |202|6|,|  | isn|'t| it");
  CHECK(cut("It's 2026,   isn't it", Pattern::whitespace) == "It's| 2026,|  | isn't| it");
  CHECK(cut("It's 2026,   isn't it", Pattern::words) == "It's| 2026|,| | | isn't| it");
  CHECK(cut("It's 2026,   isn't it", Pattern::none) == "It's 2026,   isn't it");
}

TEST_CASE("by hand: contractions of GPT-2 are lower case and stand without a space") {
  CHECK(gpt2("I'd've they'll WE'RE") == "I|'d|'ve| they|'ll| WE|'|RE");
  CHECK(gpt2("'s 's ''s") == "'s| '|s| ''|s");
  CHECK(gpt2("don'tx") == "don|'t|x");
  CHECK(gpt2("'") == "'");
}

TEST_CASE(
    "by hand: the last of several spaces goes with what follows, other white space does not") {
  CHECK(gpt2("a  b") == "a| | b");
  CHECK(gpt2("a\n\nb") == "a|\n|\n|b");
  CHECK(gpt2("a\n b") == "a|\n| b");
  CHECK(gpt2("a \nb") == "a| |\n|b");
  CHECK(gpt2("a   ") == "a|   ");
  CHECK(gpt2("a\u3000b") == "a|\u3000|b");
  CHECK(gpt2("\u00A0\u00A0b") == "\u00A0|\u00A0|b");
}

TEST_CASE("by hand: letters, numbers and signs of all scripts") {
  CHECK(gpt2("abc123!?") == "abc|123|!?");
  CHECK(gpt2("你好,世界") == "你好|,|世界");
  CHECK(gpt2("२०२६ Ⅷ²x") == "२०२६| Ⅷ²|x");  // digits, a letter number, other numbers
  CHECK(gpt2("नमस्ते") == "नमस|्|त|े");         // marks are no letters for GPT-2
  CHECK(gpt2("e\u0301a") == "e|\u0301|a");
  CHECK(gpt2("مرحبا بالعالم") == "مرحبا| بالعالم");
  CHECK(gpt2(" 👨‍👩‍👧 ok") == " 👨‍👩‍👧| ok");
  CHECK(cut("नमस्ते दुनिया", Pattern::words) == "नमस्ते| दुनिया");  // but they are part of a word
  CHECK(cut("l’été e\u0301", Pattern::words) == "l’été| e\u0301");
}

TEST_CASE("by hand: words keep apostrophes inside, not at their ends") {
  CHECK(cut("'tis rock'n'roll dogs' 'x'", Pattern::words) == "'|tis| rock'n'roll| dogs|'| '|x|'");
  CHECK(cut("a--b ...", Pattern::words) == "a|-|-|b| .|.|.");
}

TEST_CASE("fixture: the pieces are those of the pattern run by PCRE2") {
  for (const Pattern pattern : kWithRegex) {
    const test::Regex regex(pattern_regex(pattern));
    Rng rng(7);
    for (int i = 0; i < 30000; ++i) {
      const std::string text = hard_text(rng);
      REQUIRE(cut(text, pattern) == cut(text, regex));
    }
    for (const std::string& text : test::kScripts) CHECK(cut(text, pattern) == cut(text, regex));
  }
}

// Another spelling of the pattern, whose steps are never taken back: possessive runs, and one line
// break for the many that stand before it.
TEST_CASE("fixture: both spellings of GPT-4's pattern give the same pieces") {
  const test::Regex regex(
      R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*)"
      R"(|\s*[\r\n]|\s+(?!\S)|\s+)");
  Rng rng(8);
  for (int i = 0; i < 10000; ++i) {
    const std::string text = hard_text(rng);
    REQUIRE(cut(text, Pattern::cl100k) == cut(text, regex));
  }
}

// tiktoken's later spelling takes all white space at the very end as one piece, even behind a line
// break: only there the pieces differ, so these texts end in a letter.
TEST_CASE("fixture: tiktoken's later spelling of GPT-4's pattern differs at a text's end only") {
  const test::Regex regex(
      R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+)"
      R"(|\s++$|\s*[\r\n]|\s+(?!\S)|\s)");
  Rng rng(10);
  for (int i = 0; i < 10000; ++i) {
    const std::string text = hard_text(rng) + "x";
    REQUIRE(cut(text, Pattern::cl100k) == cut(text, regex));
  }
  CHECK(cut("a\n  ", Pattern::cl100k) == "a|\n|  ");
  CHECK(cut("a\n  ", regex) == "a|\n  ");
}

// PCRE2 takes valid UTF-8 only: each run of bytes that spells nothing is one sign, as the U+FFFD is
// that stands for it.
TEST_CASE("fixture: bytes that are no UTF-8 are cut as the U+FFFD in their place") {
  for (const Pattern pattern : kWithRegex) {
    const test::Regex regex(pattern_regex(pattern));
    Rng rng(9);
    for (int i = 0; i < 5000; ++i) {
      std::string text = hard_text(rng);
      for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
        text[rng.below(text.size())] = static_cast<char>(rng.below(256));
      }
      // Bytes may have become characters that only one of the two knows: those texts say nothing.
      const std::string repaired = to_valid_utf8(text);
      if (!comparable(repaired)) continue;
      REQUIRE(to_valid_utf8(cut(text, pattern)) == cut(repaired, regex));
    }
  }
}

TEST_CASE("property: all pieces together are the text, and none is empty") {
  Rng rng(1);
  for (const Pattern pattern :
       {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::words, Pattern::none}) {
    for (int i = 0; i < 500; ++i) {
      const std::string text = test::random_text(rng, 30) + test::random_bytes(rng, rng.below(8));
      std::string joined;
      for (std::string_view rest = text; !rest.empty();) {
        const std::size_t length = piece_length(rest, pattern);
        REQUIRE(length > 0);
        REQUIRE(length <= rest.size());
        joined += rest.substr(0, length);
        rest.remove_prefix(length);
      }
      REQUIRE(joined == text);
    }
  }
}

TEST_CASE("property: only `none` lacks a regular expression") {
  for (const Pattern pattern : kWithRegex) {
    CHECK_FALSE(pattern_regex(pattern).empty());
    CHECK_FALSE(pattern_name(pattern).empty());
  }
  CHECK(pattern_regex(Pattern::none).empty());
}

TEST_CASE("edges: one byte, bytes that are no UTF-8, a megabyte of one kind") {
  CHECK(gpt2(" ") == " ");
  CHECK(gpt2("\n") == "\n");
  CHECK(gpt2("a\xFF\xFE b") == "a|\xFF\xFE| b");  // broken bytes are signs
  CHECK(gpt2("é\xC3") == "é|\xC3");
  for (const char* unit : {"a", " ", "1", "é", "!"}) {
    std::string text;
    while (text.size() < (1 << 20)) text += unit;
    CHECK(piece_length(text, Pattern::gpt2) == text.size());
  }
}
