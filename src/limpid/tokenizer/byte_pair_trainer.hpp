/// Byte-pair training, fast: the merges of byte_pair_plain, without reading all pieces again.
///
/// Joining a pair changes the counts only of the pairs that touch it. So the trainer remembers, for
/// each pair, its count and the places where it stood, and a merge visits these places alone:
///
///   places of h+a:      ... t h a t ...     t+h -1, h+a -1, a+t -1
///   after the merge:    ... t ha t ...      t+ha +1, ha+t +1
///
/// The next pair to join is the greatest in a heap. Counts that sink are not looked up there: an
/// entry that promises more than its pair has now is put back with the right count when it comes to
/// the top. No entry ever promises less, so the first honest one is the greatest of all.
///
/// The rule is byte_pair_plain's, and so is the result, merge by merge: the highest count first; of
/// equal counts the lexicographically greatest pair of byte strings. Special tokens take no part.
///
/// SOURCE  Sennrich, Haddow, Birch 2016, arXiv:1508.07909, section 3.2 (indexing all pairs)
/// USES    core, tokenizer/byte_pair, tokenizer/byte_pair_plain, tokenizer/piece_counts,
/// USES    tokenizer/pretokenizer, tokenizer/special_tokens, tokenizer/pair_map
/// ERRORS  std::invalid_argument when the vocabulary asked for is smaller than 256 bytes and the
///         special tokens, or when a special token is an ordinary token too
/// COST    24 bytes for each byte of distinct pieces; time about linear in them
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/byte_pair_plain.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"

namespace limpid {

/// Told now and then how many tokens there are, of how many at most.
using TrainingProgress = std::function<void(TokenId done, TokenId all)>;

/// Merges until the vocabulary has `size` tokens, or until no two neighbours are left.
LIMPID_API LearnedMerges learn_merges(const PieceCounts& pieces, TokenId size,
                                      const TrainingProgress& progress = {});

struct LIMPID_API BytePairOptions {
  TokenId vocab_size = 1024;  ///< with the 256 bytes and the special tokens
  Pattern pattern = Pattern::gpt2;
  std::vector<std::string> specials = default_specials();

  /// Finds the mistakes that need no text to be seen: see ERRORS.
  void validate() const;
};

/// A tokenizer for texts like this one. Its ids: the 256 bytes, the tokens that merges made in
/// their order, special tokens. A text in which less can be learned gives a smaller vocabulary than
/// asked.
LIMPID_API BytePairTokenizer train_byte_pair(std::string_view text,
                                             const BytePairOptions& options = {});
/// The same from counted pieces: for texts of several files, or larger than memory.
/// REQUIRES they were counted with the pattern and the special tokens of `options`
LIMPID_API BytePairTokenizer train_byte_pair(const PieceCounts& pieces,
                                             const BytePairOptions& options,
                                             const TrainingProgress& progress = {});

}  // namespace limpid
