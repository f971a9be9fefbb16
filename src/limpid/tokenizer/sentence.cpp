#include "limpid/tokenizer/sentence.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <string>

#include "limpid/tokenizer/character_class.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

using namespace std::string_view_literals;

// In small letters. Abbreviations that may end a sentence (etc., a.m., Inc.) are not here: the
// letter behind them, capital or small, tells.
constexpr std::array kBeforeName = {"mr"sv,  "mrs"sv, "ms"sv,  "dr"sv,   "prof"sv, "st"sv,
                                    "mt"sv,  "gen"sv, "col"sv, "capt"sv, "lt"sv,   "sgt"sv,
                                    "rev"sv, "hon"sv, "vs"sv,  "cf"sv,   "e.g"sv,  "i.e"sv};
constexpr std::array kBeforeNumber = {"no"sv, "nos"sv, "fig"sv, "figs"sv, "vol"sv,
                                      "ch"sv, "sec"sv, "eq"sv,  "p"sv,    "pp"sv};

enum class Stop {
  none,
  dot,           // has many other uses
  before_space,  // ends a sentence when white space follows
  always,
};

Stop stop_of(char32_t c) {
  if (c == U'.') return Stop::dot;
  if (U"!?…‼⁇⁈⁉"sv.find(c) != std::u32string_view::npos) return Stop::before_space;
  // Chinese and Japanese; Arabic and Urdu; Devanagari; Armenian, Ethiopic, Khmer, Myanmar, Tibetan.
  if (U"。｡！？؟۔।॥։።፧។៕။།"sv.find(c) != std::u32string_view::npos) return Stop::always;
  return Stop::none;
}

bool is_space(char32_t c) {
  return character_class(c) == CharacterClass::space;
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool opens(char32_t c) {
  const auto kind = category(c);
  return c == U'"' || c == U'\'' || kind == UTF8PROC_CATEGORY_PS || kind == UTF8PROC_CATEGORY_PI;
}

bool closes(char32_t c) {
  const auto kind = category(c);
  return c == U'"' || c == U'\'' || kind == UTF8PROC_CATEGORY_PE || kind == UTF8PROC_CATEGORY_PF;
}

// The first character at or behind `at` that is no white space, or the text's end.
std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint point = first_code_point(text.substr(at));
    if (!is_space(point.value)) break;
    at += point.length;
  }
  return at;
}

// A line break, and nothing but blanks until the next one. REQUIRES text[at] is a line break.
bool empty_line_follows(std::string_view text, std::size_t at) {
  const std::size_t next = text.find_first_not_of(" \t\r", at + 1);
  return next != std::string_view::npos && text[next] == '\n';
}

std::size_t skip_closers(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint point = first_code_point(text.substr(at));
    const std::size_t end = at + point.length;
    // “ opens in English and closes in German: here it closes when a space follows.
    const bool closes_before_space = point.value == U'“' && skip_space(text, end) > end;
    if (!closes(point.value) && !closes_before_space) break;
    at = end;
  }
  return at;
}

// Whether the dot behind this word belongs to the word. `next` is the character that follows.
bool is_abbreviation(std::string_view word, char32_t next) {
  std::string small(word);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto in = [&](const auto& list) {
    return std::find(list.begin(), list.end(), small) != list.end();
  };
  if (in(kBeforeName)) return true;
  if (in(kBeforeNumber)) return character_class(next) == CharacterClass::number;
  // One capital alone, as in J. or U.S. (last part: behind the last dot).
  const std::size_t dot = word.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? word : word.substr(dot + 1);
  if (last.empty() || word == "I") return false;
  const CodePoint letter = first_code_point(last);
  return letter.length == last.size() && category(letter.value) == UTF8PROC_CATEGORY_LU;
}

bool is_numeral(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::size_t sentence_length(std::string_view text) {
  std::size_t word = 0;  // where the last word began
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = first_code_point(text.substr(at));
    if (point.value == U'\n' && empty_line_follows(text, at)) return at;
    if (stop_of(point.value) == Stop::none) {
      at += point.length;
      if (is_space(point.value) || opens(point.value)) word = at;
      continue;
    }
    // Take the whole run of stops, and what closes behind it.
    std::size_t run = at;
    bool always = false;
    while (run < text.size()) {
      const CodePoint next = first_code_point(text.substr(run));
      const Stop stop = stop_of(next.value);
      if (stop == Stop::none) break;
      always = always || stop == Stop::always;
      run += next.length;
    }
    const std::size_t end = skip_closers(text, run);
    const std::size_t next = skip_space(text, end);
    if (always || next == text.size()) return end;
    // See what follows, and, when it was a single dot, what stood before.
    const char32_t follower = first_code_point(text.substr(next)).value;
    bool ends = next > end && category(follower) != UTF8PROC_CATEGORY_LL;
    if (ends && text.substr(at, end - at) == ".") {
      const std::string_view before = text.substr(word, at - word);
      ends = !is_abbreviation(before, follower) && !(word == 0 && is_numeral(before));
    }
    if (ends) return end;
    at = end;
  }
  return text.size();
}

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  for (text.remove_prefix(skip_space(text, 0)); !text.empty();
       text.remove_prefix(skip_space(text, 0))) {
    std::string_view sentence = text.substr(0, sentence_length(text));
    text.remove_prefix(sentence.size());
    // A sentence that ended without a stop may have white space behind it.
    std::size_t end = 0;
    for (std::size_t at = 0; at < sentence.size();) {
      const CodePoint point = first_code_point(sentence.substr(at));
      at += point.length;
      if (!is_space(point.value)) end = at;
    }
    sentences.push_back(sentence.substr(0, end));
  }
  return sentences;
}

}  // namespace limpid
