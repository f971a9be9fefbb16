/// Byte-pair training as it is defined, to be read and to check the fast one against.
///
///   Begin with the bytes as tokens. Count every two neighbours in the text. Join the pair that
///   occurs most often, everywhere, and call the result a new token. Repeat.
///
/// Of pairs with equal counts the lexicographically greatest pair of byte strings is taken, so that
/// the result depends on the text alone. With the pieces low x5, lower x2, newest x6, widest x3:
///
///   e+s 9, s+t 9 (greater), w+e 8, ...     join s+t     n e w e st x6, w i d e st x3
///   e+st 9, w+e 8, l+o 7, o+w 7 ...        join e+st    n e w est x6,  w i d est x3
///   o+w 7 (greater than l+o 7), ...        join o+w     l ow x5,       l ow e r x2
///   l+ow 7, ...                            join l+ow    low x5,        low e r x2
///
/// SOURCE  Sennrich, Haddow, Birch 2016, arXiv:1508.07909, algorithm 1 (with the same four words)
/// USES    core, tokenizer/byte_pair, tokenizer/piece_counts, tokenizer/vocabulary
/// COST    every merge reads all pieces again: use byte_pair_trainer for more than a few kilobytes
#pragma once

#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

/// The 256 bytes, the tokens that merges made, in their order, and the merges. (Two merges may make
/// the same bytes: ab+c and a+bc. They then make the same token.)
struct LearnedMerges {
  Vocabulary vocabulary;
  std::vector<Merge> merges;
};

/// Merges until the vocabulary has `size` tokens, or until no two neighbours are left.
LIMPID_API LearnedMerges learn_merges_plainly(const PieceCounts& pieces, TokenId size);

}  // namespace limpid
