/// The merges that a vocabulary implies when its numbers are ranks, as in tiktoken's files.
///
/// Such a file has tokens and no merges. Its encoder joins, as long as it can, those neighbours
/// whose bytes together are the token of the lowest rank (of equal ones the leftmost):
///
///   ranks: ... 256 in   257 th   258 the   259 the_   260 ing
///   t h i n g      in 256 < th 257:     t h in g
///   t h in g       th 257 < ing 260:    th in g
///   th in g                             th ing
///
/// A merge list says the same. To find the merge of a token, encode its own bytes until two parts
/// are left: ing comes from in + g, never from i + ng. One merge for each token is enough, whatever
/// else stands around it: since joined bytes never part again, nothing was joined across the border
/// of bytes that become this token, so inside them the same pairs were joined in the same order,
/// down to the same last two parts. Encoding by these merges, in the order of their tokens,
/// therefore makes the same steps. A token whose own bytes stop at more than two parts, or at parts
/// that are no tokens, can be made by no text: it has no merge. (tiktoken gives it to a piece that
/// is exactly this token; byte_pair does so with WholePieces::looked_up.)
///
/// SOURCE  the format and its encoder: OpenAI's tiktoken
/// USES    core, tokenizer/byte_pair, tokenizer/special_tokens, tokenizer/vocabulary
/// ERRORS  std::invalid_argument when a special token is not in the vocabulary
/// COST    n^2 for a token of n bytes
#pragma once

#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/special_tokens.hpp"

namespace limpid {

/// One merge for each token of two bytes or more that merging can make, by rising number. Special
/// tokens are no part of this.
LIMPID_API std::vector<Merge> merges_from_ranks(const TokenSet& tokens);

}  // namespace limpid
