#include "limpid/tokenizer/cl100k_pattern.hpp"

#include <doctest/doctest.h>

#include <string>

// NO gradient check: text has no gradient
// NO fixture: compared with PCRE2 in pretokenizer_test.cpp, beside the other patterns
// NO accumulation: nothing accumulates
// NO misuse: every byte string has pieces

using namespace limpid;

namespace {

// The pieces of a text, with bars between them.
std::string cut(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    if (!shown.empty()) shown += '|';
    const std::size_t length = cl100k_length(text);
    shown += text.substr(0, length);
    text.remove_prefix(length);
  }
  return shown;
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  CHECK(cut("WE'RE 20260 times\n\n(so)") == "WE|'RE| |202|60| times|\n\n|(so|)");
}

TEST_CASE("by hand: contractions in either case, and what only looks like one") {
  CHECK(cut("I'd've THEY'LL He'S") == "I|'d|'ve| THEY|'LL| He|'S");
  CHECK(cut("it'\u017F") == "it|'\u017F");  // the long s folds to s
  CHECK(cut("'\u017Fo") == "'\u017F|o");
  CHECK(cut("'lo 'rv 'x") == "'lo| '|rv| '|x");  // a sign goes with the letters behind it
  CHECK(cut("don'tx") == "don|'t|x");
  CHECK(cut("DON'TX 'LLX 'VEX") == "DON|'T|X| '|LLX| '|VEX");
  CHECK(cut("'LLX") == "'LL|X");
}

TEST_CASE("by hand: words take one character along, but no line break and no numeral") {
  CHECK(cut("a\tb") == "a|\tb");
  CHECK(cut("(a) _b --c") == "(a|)| _|b| --|c");
  CHECK(cut("\u00A0\u00A0b") == "\u00A0|\u00A0b");
  CHECK(cut("\nb") == "\n|b");
  CHECK(cut("1b") == "1|b");
  CHECK(cut("a\u0301b") == "a|\u0301b");  // a mark is a sign here
}

TEST_CASE("by hand: numerals of any script in threes, with no space before them") {
  CHECK(cut("1234567") == "123|456|7");
  CHECK(cut(" 12") == " |12");
  CHECK(cut("२०२६Ⅷ") == "२०२|६Ⅷ");
}

TEST_CASE("by hand: line breaks end signs, and white space before them") {
  CHECK(cut("end.\r\n\n x") == "end|.\r\n\n| x");
  CHECK(cut("a  \n \n  b") == "a|  \n \n| | b");
  CHECK(cut("a   ") == "a|   ");
  CHECK(cut("a  1") == "a| | |1");
  CHECK(cut("a \u2028b") == "a| |\u2028b");  // a line break for Unicode, not for this pattern
}

TEST_CASE("property: a prefix that ends where a piece ends has the same pieces before its last") {
  const std::string text = "It's 12345 o'clock,\n\n  THEY'LL\tsay:\r\n (no) \u00A0 wait  ";
  const std::string whole = cut(text);
  for (std::size_t end = text.find(' '); end != std::string::npos; end = text.find(' ', end + 1)) {
    const std::string part = cut(text.substr(0, end));
    const std::string settled = part.substr(0, part.rfind('|') + 1);
    CHECK(whole.starts_with(settled));
  }
}

TEST_CASE("edges: one byte, bytes that are no UTF-8, a megabyte of one kind") {
  CHECK(cut("'") == "'");
  CHECK(cut("\r") == "\r");
  CHECK(cut("a\xFF\xFE") == "a|\xFF\xFE");
  CHECK(cut("\xFFx") == "\xFFx");  // one broken byte is a sign, and goes with the word
  for (const char* unit : {"a", " ", "\n", "é", "!"}) {
    std::string text;
    while (text.size() < (1 << 20)) text += unit;
    CHECK(cl100k_length(text) == text.size());
  }
}
