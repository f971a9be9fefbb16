#include "limpid/tokenizer/character_class.hpp"

#include <utf8proc.h>

namespace limpid {
CharacterClass character_class(char32_t code_point) {
  using enum CharacterClass;
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

}  // namespace limpid
