/// Where a text may be cut, so that its parts have the pieces that the whole has.
///
/// Who counts the pieces of 100 MB wants to read the file in chunks and count them on several
/// threads. A cut in the wrong place makes other pieces; before the white space that ends a word it
/// makes none:
///
///   the cat| sat| on the mat|\n        |  a safe place (gpt2 pattern)
///
/// There a piece ends whatever stands further right, and the next one begins whatever stood further
/// left, since a pre-tokenizer looks ahead from the beginning of a piece and never back. Inside a
/// run of white space no place is safe: how much of it is one piece depends on what follows. Nor is
/// one inside a special token.
///
/// USES    core, tokenizer/pretokenizer, tokenizer/character_class
/// COST    a look at the bytes between `limit` and the cut
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"

namespace limpid {

/// The last safe place at or before `limit` (bytes), or 0 when there is none: in one long word, say,
/// or with Pattern::none.
LIMPID_API std::size_t text_cut(std::string_view text, std::size_t limit, Pattern pattern,
                                std::span<const std::string> specials = {});

/// The text in at most `parts` parts of about the same size, in order, none of them empty.
LIMPID_API std::vector<std::string_view> text_parts(std::string_view text, std::size_t parts,
                                                    Pattern pattern,
                                                    std::span<const std::string> specials = {});

}  // namespace limpid
