/// GPT-4's way to cut text (its encoding is called cl100k): words take along one sign before them,
/// numbers come in threes, and a line break ends what stands before it.
///
///   gpt2      "WE'RE 20260 times\n\n(so)"    WE|'|RE| 20260| times|\n|\n|(|so|)
///   cl100k    the same                       WE|'RE| |202|60| times|\n\n|(so|)
///
/// Its regular expression, one line for each alternative; the first that matches wins:
///
///   (?i:'s|'t|'re|'ve|'m|'ll|'d)     a contraction, in either case
///   [^\r\n\p{L}\p{N}]?\p{L}+         letters, and any one character before them but a line break
///   \p{N}{1,3}                       up to three numerals: long numbers are cut alike everywhere
///    ?[^\s\p{L}\p{N}]+[\r\n]*        signs, the space before them, the line breaks behind them
///   \s*[\r\n]+                       white space up to its last line break
///   \s+(?!\S)                        white space, without the character that goes with a word
///   \s+
///
/// No step ever has to be taken back, so a scanner decides by the class of one or two characters.
/// Case is folded as Unicode does it: U+017F, the long s, is an s too.
///
/// Later versions of tiktoken put \s+$ before the line breaks: white space that ends a whole text
/// is then one piece, line breaks and all. Models' tokenizer.json files have the pattern above.
/// (With cl100k_base the ids are the same: none of its tokens is white space that goes on behind
/// its last line break.)
///
/// SOURCE  the pattern published with OpenAI's tiktoken as cl100k_base
/// USES    core, tokenizer/character_class
/// COST    one walk over the piece, and over the white space behind it if it is white space
#pragma once

#include <cstddef>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

/// The length in bytes of the first piece of a text. REQUIRES text is not empty.
LIMPID_API std::size_t cl100k_length(std::string_view text);

}  // namespace limpid
