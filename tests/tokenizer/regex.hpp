// The patterns run by a regex engine, PCRE2 with Unicode's properties (UTF + UCP), which the
// scanners must equal.
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <utf8proc.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/tokenizer/utf8.hpp"

namespace limpid::test {

class Regex {
 public:
  explicit Regex(std::string_view pattern) {
    int error = 0;
    PCRE2_SIZE place = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_UCP, &error, &place, nullptr));
    if (code_ == nullptr)
      throw std::runtime_error("no regular expression: " + std::string(pattern));
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // if the machine has it
    match_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  }

  // The length of the match that begins at a byte; 0 when none does. REQUIRES text is UTF-8.
  std::size_t match_at(std::string_view text, std::size_t at) const {
    const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                  text.size(), at, PCRE2_ANCHORED, match_.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH) return 0;
    if (found < 0) throw std::runtime_error("PCRE2 error " + std::to_string(found));
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(match_.get());
    return ends[1] - ends[0];
  }

  bool matches(std::string_view text) const { return match_at(text, 0) == text.size(); }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> match_;
};

inline std::string as_utf8(char32_t code_point) {
  std::string bytes;
  append_utf8(bytes, code_point);
  return bytes;
}

// The code points on which a comparison is fair. utf8proc and PCRE2 may carry different versions of
// Unicode (15 and 14 on Debian 12): characters that only one of them knows are left out. So is
// U+180E, which PCRE2 keeps as \s, as it was before Unicode 6.3; and so are surrogates, which UTF-8
// cannot spell.
inline const std::vector<char32_t>& comparable_code_points() {
  static const std::vector<char32_t> kPoints = [] {
    const Regex unassigned(R"(\p{Cn})");
    std::vector<char32_t> points;
    for (char32_t c = 0; c < 0x110000; ++c) {
      const bool surrogate = c >= 0xD800 && c < 0xE000;
      const bool known =
          utf8proc_category(static_cast<utf8proc_int32_t>(c)) != UTF8PROC_CATEGORY_CN;
      if (!surrogate && known && c != 0x180E && !unassigned.matches(as_utf8(c)))
        points.push_back(c);
    }
    return points;
  }();
  return kPoints;
}

}  // namespace limpid::test
