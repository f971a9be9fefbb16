#include "limpid/tokenizer/pretokenizer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO fixture: pieces below were compared by hand with the pattern run by a regex engine
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

std::string gpt2(std::string_view text) {
  return cut(text, Pattern::gpt2);
}

}  // namespace

TEST_CASE("by hand: the header's examples") {
  CHECK(gpt2("Hello world") == "Hello| world");
  CHECK(gpt2("It's 2026,   isn't it") == "It|'s| 2026|,|  | isn|'t| it");
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

TEST_CASE("by hand: classes of characters") {
  CHECK(character_class('a') == CharacterClass::letter);
  CHECK(character_class(U'Ω') == CharacterClass::letter);
  CHECK(character_class(0x301) == CharacterClass::mark);
  CHECK(character_class(U'٣') == CharacterClass::number);
  CHECK(character_class('_') == CharacterClass::other);
  int spaces = 0;  // White_Space has 25 characters
  for (char32_t c = 0; c < 0x110000; ++c) spaces += character_class(c) == CharacterClass::space;
  CHECK(spaces == 25);
}

TEST_CASE("property: all pieces together are the text, and none is empty") {
  Rng rng(1);
  for (const Pattern pattern :
       {Pattern::gpt2, Pattern::whitespace, Pattern::words, Pattern::none}) {
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
  for (const Pattern pattern : {Pattern::gpt2, Pattern::whitespace, Pattern::words}) {
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
