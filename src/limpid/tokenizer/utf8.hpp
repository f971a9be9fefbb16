/// UTF-8: how bytes spell code points, and what to do with bytes that spell none.
///
///   U+0000  .. U+007F     0xxxxxxx                              A   41
///   U+0080  .. U+07FF     110xxxxx 10xxxxxx                     é   C3 A9
///   U+0800  .. U+FFFF     1110xxxx 10xxxxxx 10xxxxxx            न   E0 A4 A8
///   U+10000 .. U+10FFFF   11110xxx 10xxxxxx 10xxxxxx 10xxxxxx   😀  F0 9F 98 80
///
/// Overlong spellings, surrogates (U+D800 to U+DFFF) and numbers above U+10FFFF are not UTF-8.
/// Bytes that spell nothing are taken in the longest run that could have begun a character (a
/// "maximal subpart"), and each such run stands for one U+FFFD: E2 82 41 is U+FFFD, A.
///
/// SOURCE  The Unicode Standard 15, section 3.9, tables 3-7 and 3-8
/// USES    core
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

inline constexpr char32_t kReplacement = 0xFFFD;

struct CodePoint {
  char32_t value = kReplacement;  ///< U+FFFD when the bytes spell nothing
  std::size_t length = 1;         ///< bytes taken, at least one
  bool valid = false;
  bool incomplete = false;  ///< not valid, but further bytes could have completed it
};

/// The first code point of a text. REQUIRES text is not empty.
LIMPID_API CodePoint first_code_point(std::string_view text);

/// Appends the bytes of a code point. REQUIRES value is a code point and no surrogate.
LIMPID_API void append_utf8(std::string& out, char32_t value);

/// Where the first byte run stands that spells nothing; nothing when all of the text is UTF-8.
LIMPID_API std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace limpid
