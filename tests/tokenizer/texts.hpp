// Texts for the tokenizers' tests: hard ones in many scripts, and random ones from a seed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid::test {

// Arabic, Urdu, Devanagari, Chinese, Japanese, Thai, accents put together from two code points,
// emoji made of several, white space that is not ASCII, a zero byte.
inline const std::vector<std::string> kScripts = {
    "Hello, world! It's 2026, isn't it?",
    "مرحبا بالعالم، كيف حالك؟",
    "یہ ایک جملہ ہے۔ می‌خواهم",
    "नमस्ते दुनिया, १२३ क्षत्रिय",
    "你好,世界。今天天气很好!",
    "こんにちは世界、カタカナ",
    "สวัสดีชาวโลก",
    "cafe\u0301 na\u00EFve A\u030A",
    "👨‍👩‍👧‍👦 👍🏽 🇵🇰 ❤️",
    "a\u00A0b\u2003c\u3000d\u0085e\u2028f",
    std::string("nul\0byte", 8),
    "  two  three   \n\n\t end  ",
};

// Any bytes at all, most of them no UTF-8.
inline std::string random_bytes(Rng& rng, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
  return bytes;
}

// Valid UTF-8: code points from everywhere, with letters, spaces and apostrophes more often.
inline std::string random_text(Rng& rng, std::size_t characters) {
  static constexpr std::u32string_view kFrequent = U"aest hn'’ ,.19\n\t é世नم\u0301\u00A0👍";
  std::string text;
  for (std::size_t i = 0; i < characters; ++i) {
    char32_t value = kFrequent[rng.below(kFrequent.size())];
    if (rng.below(4) == 0) value = static_cast<char32_t>(rng.below(0x3000));
    if (rng.below(30) == 0) value = static_cast<char32_t>(rng.below(0x110000));
    if (value >= 0xD800 && value < 0xE000) value = U'x';  // surrogates are no characters
    append_utf8(text, value);
  }
  return text;
}

// Invented words after Zipf's law: word k occurs in proportion to 1 / k.
inline std::string zipf_text(Rng& rng, std::size_t words, std::size_t distinct) {
  std::vector<std::string> dictionary;
  for (std::size_t i = 0; i < distinct; ++i) {
    std::string word;
    for (std::uint64_t syllables = 1 + rng.below(4); syllables > 0; --syllables) {
      word += "bdfgklmnprstv"[rng.below(13)];
      word += "aeiou"[rng.below(5)];
    }
    dictionary.push_back(word);
  }
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    // Squaring and cubing a uniform number makes small ranks frequent.
    const double u = rng.uniform();
    text += dictionary[static_cast<std::size_t>(u * u * u * static_cast<double>(distinct))];
    text += rng.below(8) == 0 ? ". " : " ";
  }
  return text;
}

}  // namespace limpid::test
