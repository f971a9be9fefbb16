#include "limpid/tokenizer/text_cut.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "limpid/tokenizer/special_tokens.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO fixture: the pieces of the whole text are the other implementation
// NO accumulation: nothing accumulates
// NO misuse: every text, limit and pattern has an answer

using namespace limpid;

namespace {

constexpr Pattern kPatterns[] = {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace,
                                 Pattern::words};

std::vector<std::string> pieces_of(std::string_view text, Pattern pattern,
                                   std::span<const std::string> specials = {}) {
  std::vector<std::string> pieces;
  for (std::string_view part : texts_between(text, specials)) {
    while (!part.empty()) {
      pieces.emplace_back(part.substr(0, piece_length(part, pattern)));
      part.remove_prefix(pieces.back().size());
    }
  }
  return pieces;
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  const std::string text = "the cat sat on the mat\n";
  std::vector<std::size_t> places;
  for (std::size_t limit = text.size(); (limit = text_cut(text, limit, Pattern::gpt2)) > 0;) {
    places.push_back(limit--);
  }
  CHECK(places == std::vector<std::size_t>{22, 18, 14, 11, 7, 3});
  CHECK(text_parts(text, 2, Pattern::gpt2) ==
        std::vector<std::string_view>{"the cat sat", " on the mat\n"});
}

TEST_CASE("by hand: the character before a cut may have several bytes") {
  // A space of three bytes, which is one piece with the space behind it.
  CHECK(text_cut("ab\u3000 cd", 5, Pattern::gpt2) == 0);
  // A letter of two bytes: the line break behind it begins a piece.
  CHECK(text_cut("caf\u00E9\nx", 5, Pattern::cl100k) == 5);
}

TEST_CASE("property: parts have the pieces of the whole") {
  Rng rng(1);
  for (int round = 0; round < 400; ++round) {
    const std::string text = round % 4 == 0 ? test::random_bytes(rng, 200)
                             : round % 4 == 1
                                 ? test::zipf_text(rng, 30, 20)
                                 : test::random_text(rng, 10 + rng.below(100)) + "\r\n!\n\n a";
    for (const Pattern pattern : kPatterns) {
      CAPTURE(pattern_name(pattern));
      CAPTURE(text);
      std::vector<std::string> joined;
      std::string whole;
      for (const std::string_view part : text_parts(text, 1 + rng.below(9), pattern)) {
        CHECK_FALSE(part.empty());
        whole += part;
        for (std::string& piece : pieces_of(part, pattern)) joined.push_back(std::move(piece));
      }
      CHECK(whole == text);
      CHECK(joined == pieces_of(text, pattern));
    }
  }
}

TEST_CASE("property: no cut inside a special token") {
  const std::vector<std::string> specials = {"<|end of text|>", "a b"};
  Rng rng(2);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    while (text.size() < 200) {
      const std::string words[] = {"word ", "x", " ", "\n", specials[0], specials[1]};
      text += words[rng.below(6)];
    }
    CAPTURE(text);
    std::vector<std::string> joined;
    for (const std::string_view part : text_parts(text, 7, Pattern::gpt2, specials)) {
      for (std::string& piece : pieces_of(part, Pattern::gpt2, specials)) {
        joined.push_back(std::move(piece));
      }
    }
    CHECK(joined == pieces_of(text, Pattern::gpt2, specials));
  }
}

TEST_CASE("edges: no safe place, limits beyond the text, more parts than places") {
  CHECK(text_cut("", 5, Pattern::gpt2) == 0);
  CHECK(text_cut("unhappiness", 11, Pattern::gpt2) == 0);
  CHECK(text_cut("two words", 9, Pattern::none) == 0);
  CHECK(text_cut("two words", 1000, Pattern::gpt2) == 3);
  CHECK(text_cut("two words", 2, Pattern::gpt2) == 0);
  CHECK(text_cut("a  b", 4, Pattern::gpt2) == 1);         // not inside the run
  CHECK(text_cut("wait!\nno", 8, Pattern::cl100k) == 0);  // "!\n" is one piece there
  CHECK(text_cut("wait!\nno", 8, Pattern::gpt2) == 5);
  CHECK(text_parts("", 3, Pattern::gpt2).empty());
  CHECK(text_parts("two words", 5, Pattern::gpt2).size() == 2);
  CHECK(text_parts("unhappiness", 5, Pattern::gpt2).size() == 1);
}
