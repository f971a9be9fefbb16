#include "limpid/tokenizer/bert_words.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: each rule is worked out by hand; trying Hugging Face's library: see the header
// NO accumulation: nothing accumulates
// NO misuse: every byte string has an answer

using namespace limpid;
using Words = std::vector<std::string>;

TEST_CASE("by hand: the header's example") {
  const std::string text = "Où est l'Œuvre, 世界?";
  CHECK(bert_words(text, true) == Words{"ou", "est", "l", "'", "œuvre", ",", "世", "界", "?"});
  CHECK(bert_words(text, false) == Words{"Où", "est", "l", "'", "Œuvre", ",", "世", "界", "?"});
}

TEST_CASE("by hand: every sign of ASCII is a word, and all punctuation of Unicode") {
  CHECK(bert_words("$5+x^2~`|", false) == Words{"$", "5", "+", "x", "^", "2", "~", "`", "|"});
  CHECK(bert_words("don't...[UNK]", false) ==
        Words{"don", "'", "t", ".", ".", ".", "[", "UNK", "]"});
  CHECK(bert_words("«a»—b…¿c", false) == Words{"«", "a", "»", "—", "b", "…", "¿", "c"});
  CHECK(bert_words("5€ ©x", false) == Words{"5€", "©x"});  // symbols are no punctuation
}

TEST_CASE("by hand: accents and capitals, composed or not, in several scripts") {
  CHECK(bert_words("É E\u0301 Å ñ İ ß", true) == Words{"e", "e", "a", "n", "i", "ß"});
  CHECK(bert_words("É E\u0301", false) == Words{"É", "E\u0301"});  // nothing is composed either
  CHECK(bert_words("ЙОД ΆΣ", true) == Words{"иод", "ασ"});
  CHECK(bert_words("नमस्ते", true) == Words{"नमसत"});
  // Hangul syllables come apart into their letters: 각 is U+1100 U+1161 U+11A8.
  CHECK(bert_words("각", true) == Words{"\u1100\u1161\u11A8"});
  CHECK(bert_words("각", false) == Words{"각"});
}

TEST_CASE("by hand: Chinese characters stand alone, kana do not") {
  CHECK(bert_words("a世b界", false) == Words{"a", "世", "b", "界"});
  CHECK(bert_words("こんにちは世界カタ", false) == Words{"こんにちは", "世", "界", "カタ"});
  CHECK(bert_words("㐀𠀀豈𪜀", false) == Words{"㐀", "𠀀", "豈", "𪜀"});
}

TEST_CASE("by hand: white space and what is dropped") {
  CHECK(bert_words("a\tb\nc\rd\u00A0e\u3000f\u2028g", false) ==
        Words{"a", "b", "c", "d", "e", "f", "g"});
  // Control and format characters vanish without cutting.
  const std::string dropped = std::string(1, '\0') + "b\x01" + "c\x7F";
  CHECK(bert_words("a" + dropped + "d\u0085e\u200Df\u00ADg\uFFFDh\v\uE000i", false) ==
        Words{"abcdefghi"});
  CHECK(bert_words("a\u0378b", false) == Words{"a\u0378b"});  // assigned to nothing: kept
  CHECK(bert_words("a\xFFz\xE2\x82", false) == Words{"az"});
}

TEST_CASE("property: words hold no space, and are their own words") {
  std::vector<std::string> texts = test::kScripts;
  Rng rng(1);
  for (int i = 0; i < 50; ++i) {
    texts.push_back(test::random_text(rng, 200));
    texts.push_back(test::random_bytes(rng, 200));
  }
  for (const std::string& text : texts) {
    for (const bool lower_case : {false, true}) {
      const Words words = bert_words(text, lower_case);
      std::string joined;
      for (const std::string& word : words) {
        CHECK(!word.empty());
        CHECK(!find_invalid_utf8(word));
        CHECK(word.find(' ') == std::string::npos);
        joined += word + " ";
      }
      CHECK(bert_words(joined, lower_case) == words);
    }
  }
}

TEST_CASE("edges: nothing, only spaces, only accents") {
  CHECK(bert_words("", true).empty());
  CHECK(bert_words(" \n\t", true).empty());
  CHECK(bert_words("\u0301\u0302", true).empty());
  CHECK(bert_words("\u0301", false) == Words{"\u0301"});
}
