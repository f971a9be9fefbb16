/// GPT-2's alphabet for bytes: files that hold tokens as text need a printable character for each.
///
///   33..126, 161..172, 174..255    the character with this number     A -> A,  0xE9 -> é
///   the other 68, in their order   U+0100, U+0101, ...                space -> Ġ,  line feed -> Ċ
///
/// A token " world" is written as "Ġworld", and every byte string has exactly one spelling.
///
/// SOURCE  the encoder published with Radford et al. 2019 (GPT-2)
/// USES    tokenizer/utf8
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

LIMPID_API std::string to_byte_alphabet(std::string_view bytes);

/// The bytes of a text in the alphabet; nothing when another character stands in it.
LIMPID_API std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace limpid
