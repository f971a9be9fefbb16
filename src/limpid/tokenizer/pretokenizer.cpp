#include "limpid/tokenizer/pretokenizer.hpp"

#include <utf8proc.h>

#include <array>

#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

using enum CharacterClass;

CharacterClass look_up(char32_t code_point) {
  // White_Space is every separator (Z..) and six control characters.
  if ((code_point >= 0x09 && code_point <= 0x0D) || code_point == 0x85) return space;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return letter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return mark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return number;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return space;
    default:
      return other;
  }
}

std::array<CharacterClass, 128> make_ascii_classes() {
  std::array<CharacterClass, 128> classes{};
  for (char32_t c = 0; c < 128; ++c) classes[c] = look_up(c);
  return classes;
}

const std::array<CharacterClass, 128> kAscii = make_ascii_classes();

struct Character {
  CharacterClass kind;
  std::size_t length;
};

// The character that begins at a byte. REQUIRES at < text.size().
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<std::uint8_t>(text[at]);
  if (byte < 0x80) return {kAscii[byte], 1};
  const CodePoint point = first_code_point(text.substr(at));
  return {point.valid ? look_up(point.value) : other, point.length};
}

// Where a run of characters that `belongs` accepts ends.
template <class Belongs>
std::size_t run_end(std::string_view text, std::size_t at, Belongs belongs) {
  while (at < text.size()) {
    const Character next = character_at(text, at);
    if (!belongs(next.kind)) break;
    at += next.length;
  }
  return at;
}

// \s+(?!\S)|\s+   All of the run if it ends the text, else without its last character, unless that
// is its only one. REQUIRES text begins with white space.
std::size_t space_length(std::string_view text) {
  std::size_t end = 0, last = 0;
  while (end < text.size()) {
    const Character next = character_at(text, end);
    if (next.kind != space) return last == 0 ? end : last;
    last = end;
    end += next.length;
  }
  return end;
}

// The " ?" before a run: 1 when the text begins with a space that something else follows.
std::size_t leading_space(std::string_view text) {
  return text.size() > 1 && text[0] == ' ' && character_at(text, 1).kind != space ? 1 : 0;
}

std::size_t contraction_length(std::string_view text) {
  if (text[0] != '\'' || text.size() < 2) return 0;
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

std::size_t gpt2_length(std::string_view text) {
  if (const std::size_t length = contraction_length(text)) return length;
  const std::size_t begin = leading_space(text);
  // For this pattern a mark is one of the others, as it is neither \s nor \p{L} nor \p{N}.
  const auto simple = [](CharacterClass kind) { return kind == mark ? other : kind; };
  const CharacterClass first = simple(character_at(text, begin).kind);
  if (first == space) return space_length(text);
  return run_end(text, begin, [&](CharacterClass kind) { return simple(kind) == first; });
}

std::size_t whitespace_length(std::string_view text) {
  const std::size_t begin = leading_space(text);
  if (character_at(text, begin).kind == space) return space_length(text);
  return run_end(text, begin, [](CharacterClass kind) { return kind != space; });
}

std::size_t word_length(std::string_view text) {
  const auto in_word = [](CharacterClass kind) { return kind != space && kind != other; };
  const std::size_t begin = leading_space(text);
  const Character first = character_at(text, begin);
  if (!in_word(first.kind)) return begin + first.length;  // one sign, or one white space
  std::size_t end = run_end(text, begin, in_word);
  // An apostrophe belongs to the word when the word goes on behind it.
  for (;;) {
    const std::string_view rest = text.substr(end);
    const std::size_t apostrophe = rest.starts_with("'") ? 1 : rest.starts_with("’") ? 3 : 0;
    if (apostrophe == 0) return end;
    const std::size_t more = run_end(text, end + apostrophe, in_word);
    if (more == end + apostrophe) return end;
    end = more;
  }
}

}  // namespace

std::string_view pattern_name(Pattern pattern) {
  switch (pattern) {
    case Pattern::gpt2:
      return "gpt2";
    case Pattern::whitespace:
      return "whitespace";
    case Pattern::words:
      return "words";
    case Pattern::none:
      return "none";
  }
  return "";
}

std::string_view pattern_regex(Pattern pattern) {
  switch (pattern) {
    case Pattern::gpt2:
      return R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
    case Pattern::whitespace:
      return R"( ?\S+|\s+(?!\S)|\s+)";
    case Pattern::words:
      return R"( ?[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*| ?[^\s\p{L}\p{M}\p{N}]|\s)";
    case Pattern::none:
      break;
  }
  return "";
}

std::size_t piece_length(std::string_view text, Pattern pattern) {
  switch (pattern) {
    case Pattern::gpt2:
      return gpt2_length(text);
    case Pattern::whitespace:
      return whitespace_length(text);
    case Pattern::words:
      return word_length(text);
    case Pattern::none:
      break;
  }
  return text.size();
}

CharacterClass character_class(char32_t code_point) {
  return look_up(code_point);
}

}  // namespace limpid
