#include "limpid/tokenizer/text_cut.hpp"

#include <algorithm>

#include "limpid/tokenizer/character_class.hpp"

namespace limpid {
namespace {

// The class of the character that ends before `end`, which is not 0. A character that is cut short
// by `end` is looked at from its first byte, as the scanner looks at it.
CharacterClass class_before(std::string_view text, std::size_t end) {
  constexpr std::size_t kLongest = 4;  // bytes of a character in UTF-8
  for (std::size_t length = 2; length <= std::min(kLongest, end); ++length) {
    const ClassedCharacter found = character_at(text.substr(0, end), end - length);
    if (found.length == length) return found.kind;
  }
  return character_at(text.substr(0, end), end - 1).kind;
}

bool ends_piece(std::string_view text, std::size_t at, Pattern pattern) {
  if (text[at] != ' ' && text[at] != '\n') return false;
  const CharacterClass before = class_before(text, at);
  if (before == CharacterClass::space) return false;
  // cl100k's signs take the line breaks behind them into their piece.
  const bool in_word = before == CharacterClass::letter || before == CharacterClass::number;
  return text[at] == ' ' || in_word || pattern != Pattern::cl100k;
}

bool inside_special(std::string_view text, std::size_t at, std::span<const std::string> specials) {
  return std::any_of(specials.begin(), specials.end(), [&](const std::string& special) {
    for (std::size_t back = 1; back < special.size() && back <= at; ++back) {
      if (text.substr(at - back).starts_with(special)) return true;
    }
    return false;
  });
}

}  // namespace

std::size_t text_cut(std::string_view text, std::size_t limit, Pattern pattern,
                     std::span<const std::string> specials) {
  if (text.empty() || pattern == Pattern::none) return 0;
  std::size_t at = std::min(limit, text.size() - 1);
  while (at > 0 && !(ends_piece(text, at, pattern) && !inside_special(text, at, specials))) --at;
  return at;
}

std::vector<std::string_view> text_parts(std::string_view text, std::size_t parts, Pattern pattern,
                                         std::span<const std::string> specials) {
  std::vector<std::string_view> cut;
  for (; parts > 1; --parts) {
    const std::size_t end = text_cut(text, text.size() / parts, pattern, specials);
    if (end == 0) continue;  // a longer part may have a safe place
    cut.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!text.empty()) cut.push_back(text);
  return cut;
}

}  // namespace limpid
