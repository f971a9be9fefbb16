#include "limpid/tokenizer/bert_words.hpp"

#include <utf8proc.h>

#include <cassert>
#include <cstddef>

#include "limpid/tokenizer/character_class.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_space(char32_t c) {
  if (c < 0x20) return c == U'\t' || c == U'\n' || c == U'\r';  // the others are control characters
  return c != 0x85 && character_class(c) == CharacterClass::space;
}

// Control and format characters and those of private use.
bool is_dropped(char32_t c) {
  if (c == 0 || c == kReplacement) return true;
  if (is_space(c)) return false;
  const utf8proc_category_t kind = category(c);
  return kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CF ||
         kind == UTF8PROC_CATEGORY_CO;
}

// The blocks of Chinese characters. Kana and Hangul are not among them: they are spelt in words.
bool is_chinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) {
    return c > 0x20 && c < 0x7F && character_class(c) == CharacterClass::other;
  }
  switch (category(c)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return true;
    default:
      return false;
  }
}

// Steps 1, 2 and the small letters of step 3.
std::string cleaned(std::string_view text, bool lower_case) {
  std::string clean;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    text.remove_prefix(point.length);
    if (is_dropped(point.value)) continue;
    if (is_space(point.value)) {
      clean += ' ';
    } else if (is_chinese(point.value)) {
      clean += ' ';
      append_utf8(clean, point.value);
      clean += ' ';
    } else {
      const auto c = static_cast<utf8proc_int32_t>(point.value);
      append_utf8(clean, static_cast<char32_t>(lower_case ? utf8proc_tolower(c) : c));
    }
  }
  return clean;
}

// Decomposes (NFD) and drops the marks that take no room of their own. REQUIRES text is UTF-8.
std::string without_accents(const std::string& text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  // Once to learn how many code points there will be, once to get them.
  std::vector<utf8proc_int32_t> points(
      static_cast<std::size_t>(utf8proc_decompose(bytes, size, nullptr, 0, options)));
  const utf8proc_ssize_t count = utf8proc_decompose(
      bytes, size, points.data(), static_cast<utf8proc_ssize_t>(points.size()), options);
  assert(count == static_cast<utf8proc_ssize_t>(points.size()));
  static_cast<void>(count);
  std::string plain;
  for (const utf8proc_int32_t point : points) {
    if (utf8proc_category(point) != UTF8PROC_CATEGORY_MN) {
      append_utf8(plain, static_cast<char32_t>(point));
    }
  }
  return plain;
}

}  // namespace

std::vector<std::string> bert_words(std::string_view text, bool lower_case) {
  std::string clean = cleaned(text, lower_case);
  if (lower_case) clean = without_accents(clean);
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (std::string_view rest = clean; !rest.empty();) {
    const CodePoint point = first_code_point(rest);
    if (is_space(point.value)) {
      finish();
    } else if (is_punctuation(point.value)) {
      finish();
      words.emplace_back(rest.substr(0, point.length));
    } else {
      word += rest.substr(0, point.length);
    }
    rest.remove_prefix(point.length);
  }
  finish();
  return words;
}

}  // namespace limpid
