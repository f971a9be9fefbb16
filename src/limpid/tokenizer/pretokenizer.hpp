/// A pre-tokenizer cuts text into pieces that no token may cross.
///
/// Without it, byte-pair encoding would learn "dog.", "dog!" and "dog?" as three tokens, and " of
/// the" as one. With it, merges stay inside words, and each distinct word is worked out once.
///
///   gpt2        "Hello world"            Hello| world          a space goes with the word behind it
///               "It's 2026,   isn't it"  It|'s| 2026|,|  | isn|'t| it
///   cl100k      "It's 2026,   isn't it"  It|'s| |202|6|,|  | isn|'t| it       (cl100k_pattern.hpp)
///   whitespace  "It's 2026,   isn't it"  It's| 2026,|  | isn't| it
///   words       "It's 2026,   isn't it"  It's| 2026|,| | | isn't| it
///   none        "It's 2026,   isn't it"  the whole text
///
/// All pieces together are the text, byte for byte. As regular expressions (\p{L} a letter, \p{M} a
/// mark that joins a letter, \p{N} a numeral, \s white space):
///
///   gpt2        /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/
///   cl100k      GPT-4's, in cl100k_pattern.hpp
///   whitespace  / ?\S+|\s+(?!\S)|\s+/
///   words       / ?[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*| ?[^\s\p{L}\p{M}\p{N}]|\s/
///
/// `\s+(?!\S)` leaves the last space of a run to the word behind it. No engine runs these: a
/// scanner of one character's class after another does the same in one walk.
///
/// SOURCE  Radford et al. 2019 (GPT-2), section 2.2; the pattern is that of its encoder
/// USES    core, tokenizer/character_class, tokenizer/cl100k_pattern
/// COST    a look at the class of each character (character_class.hpp)
#pragma once

#include <cstddef>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

enum class Pattern { gpt2, whitespace, words, none, cl100k };

/// "gpt2", "cl100k", "whitespace", "words" or "none".
LIMPID_API std::string_view pattern_name(Pattern pattern);

/// The pattern as a regular expression, for programs that run one; empty for `none`.
LIMPID_API std::string_view pattern_regex(Pattern pattern);

/// The length in bytes of the first piece of a text. REQUIRES text is not empty.
///
///   while (!text.empty()) {
///     const std::string_view piece = text.substr(0, piece_length(text, pattern));
///     ...
///     text.remove_prefix(piece.size());
///   }
LIMPID_API std::size_t piece_length(std::string_view text, Pattern pattern);

}  // namespace limpid
