#include "limpid/tokenizer/pretokenizer.hpp"

#include "limpid/tokenizer/character_class.hpp"
#include "limpid/tokenizer/cl100k_pattern.hpp"

namespace limpid {
namespace {

using enum CharacterClass;

// The " ?" before a run: 1 when the text begins with a space that something else follows.
std::size_t leading_space(std::string_view text) {
  return text.size() > 1 && text[0] == ' ' && character_at(text, 1).kind != space ? 1 : 0;
}

std::size_t gpt2_contraction_length(std::string_view text) {
  if (text[0] != '\'' || text.size() < 2) return 0;
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

std::size_t gpt2_length(std::string_view text) {
  if (const std::size_t length = gpt2_contraction_length(text)) return length;
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
  const ClassedCharacter first = character_at(text, begin);
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
    case Pattern::cl100k:
      return "cl100k";
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
    case Pattern::cl100k:
      return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
             R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
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
    case Pattern::cl100k:
      return cl100k_length(text);
    case Pattern::whitespace:
      return whitespace_length(text);
    case Pattern::words:
      return word_length(text);
    case Pattern::none:
      break;
  }
  return text.size();
}

}  // namespace limpid
