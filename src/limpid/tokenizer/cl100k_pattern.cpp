#include "limpid/tokenizer/cl100k_pattern.hpp"

#include "limpid/tokenizer/character_class.hpp"

namespace limpid {
namespace {

using enum CharacterClass;

bool is_line_break(char c) {
  return c == '\n' || c == '\r';
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)   0 when there is none.
std::size_t cl100k_contraction_length(std::string_view text) {
  if (text[0] != '\'' || text.size() < 2) return 0;
  if (text.substr(1).starts_with("\u017F")) return 3;  // two bytes that fold to s
  const auto lower = [&](std::size_t i) {
    if (i >= text.size()) return '\0';
    return text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
  };
  switch (lower(1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return lower(2) == 'e' ? 3 : 0;
    case 'l':
      return lower(2) == 'l' ? 3 : 0;
    default:
      return 0;
  }
}

std::size_t letters_end(std::string_view text, std::size_t at) {
  return run_end(text, at, [](CharacterClass kind) { return kind == letter; });
}

// \p{N}{1,3}   REQUIRES text begins with a numeral.
std::size_t numbers_length(std::string_view text) {
  std::size_t end = 0;
  for (int taken = 0; taken < 3 && end < text.size(); ++taken) {
    const ClassedCharacter next = character_at(text, end);
    if (next.kind != number) break;
    end += next.length;
  }
  return end;
}

// The rest of  ?[^\s\p{L}\p{N}]+[\r\n]*  from the first sign on.
std::size_t signs_end(std::string_view text, std::size_t at) {
  at = run_end(text, at, [](CharacterClass kind) { return kind == other || kind == mark; });
  while (at < text.size() && is_line_break(text[at])) ++at;
  return at;
}

// \s*[\r\n]+|\s+(?!\S)|\s+   REQUIRES text begins with white space.
std::size_t white_length(std::string_view text) {
  const std::size_t end = run_end(text, 0, [](CharacterClass kind) { return kind == space; });
  const std::size_t last_break = text.substr(0, end).find_last_of("\r\n");
  return last_break == std::string_view::npos ? space_length(text) : last_break + 1;
}

}  // namespace

std::size_t cl100k_length(std::string_view text) {
  if (const std::size_t length = cl100k_contraction_length(text)) return length;
  const ClassedCharacter first = character_at(text, 0);
  if (first.kind == letter) return letters_end(text, first.length);
  if (first.kind == number) return numbers_length(text);
  // A space, a tab, a sign or a mark goes with the letters behind it.
  if (!is_line_break(text[0])) {
    const std::size_t end = letters_end(text, first.length);
    if (end > first.length) return end;
  }
  if (first.kind != space) return signs_end(text, first.length);
  if (text[0] == ' ' && text.size() > 1) {
    const CharacterClass second = character_at(text, 1).kind;
    if (second == other || second == mark) return signs_end(text, 1);
  }
  return white_length(text);
}

}  // namespace limpid
