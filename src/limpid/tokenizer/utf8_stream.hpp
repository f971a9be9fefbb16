/// Bytes in, valid UTF-8 out, at every moment.
///
/// A byte-level model may spell one character with several tokens. Printing each token as it comes
/// would show broken characters, so a tail that could still become a character is held back:
///
///   push("caf\xC3")   "caf"          C3 waits
///   push("\xA9!")     "é!"          C3 A9 is complete
///   push("\xFF")      U+FFFD         this byte begins nothing
///   push("\xE2\x82")  ""             E2 82 waits
///   flush()           U+FFFD         nothing more will come
///
/// One U+FFFD stands for each maximal subpart (utf8.hpp), however the bytes were cut into pushes.
///
/// SOURCE  The Unicode Standard 15, section 3.9, "U+FFFD Substitution of Maximal Subparts"
/// USES    core, tokenizer/utf8
#pragma once

#include <string>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

class LIMPID_API Utf8Stream {
 public:
  /// What can be shown now that these bytes have come.
  std::string push(std::string_view bytes);
  /// The end: what was held back is shown as U+FFFD. The stream is then as new.
  std::string flush();
  /// The bytes held back, at most three.
  std::string_view pending() const { return pending_; }

 private:
  std::string pending_;
};

/// A whole text at once: its valid characters as they are, U+FFFD for everything else.
LIMPID_API std::string to_valid_utf8(std::string_view bytes);

}  // namespace limpid
