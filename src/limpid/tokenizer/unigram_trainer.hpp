/// Unigram training: byte pairs and WordPiece begin with characters and grow; this begins with far
/// too many pieces and shrinks.
///
///   1. Seed: all characters, and the substrings of words that occur twice or more; of these the
///      first `seed_size` by count * length.
///   2. EM, twice. E: how often is each piece expected, over all ways to cut each word, each way
///      weighed by its probability (unigram_lattice.hpp)? M: its share of all expected pieces is
///      its new probability. No step makes the text less probable.
///   3. Prune: a piece's loss is what the text's log probability would lose without it, the piece
///      being cut in its next best way wherever it stood:
///
///        loss(piece) = expected(piece) * (log p(piece) - log p(best way without it))
///
///      Keep three of four pieces: every character, then those whose loss is greatest. Back to 2,
///      until the vocabulary is as small as asked.
///
///   "happi" lives while "ness" and "er" follow it; where only "happiness" occurs, "happiness"
///   explains the same text with one factor, "happi" is expected nowhere, and goes.
///
/// The rules follow the paper; SentencePiece itself seeds from a suffix array and smooths the
/// M step, so its pieces differ in detail.
///
/// SOURCE  Kudo 2018, arXiv:1804.10959, section 3.2
/// USES    core, tokenizer/unigram, tokenizer/unigram_lattice, tokenizer/piece_counts,
/// USES    tokenizer/pretokenizer, tokenizer/special_tokens, tokenizer/utf8, tokenizer/vocabulary
/// ERRORS  std::invalid_argument when the text is empty, not UTF-8 or made of special tokens only,
///         or when the vocabulary asked for cannot hold the characters, what stands for unknown ones
///         (or the 256 bytes) and special tokens
/// COST    memory for all distinct substrings up to `longest` characters; each EM step cuts every
///         distinct word in all ways: for a lesson, not for a library
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/unigram.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

struct UnigramPieces {
  Vocabulary vocabulary;
  std::vector<double> log_probabilities;  // one for each piece; together 1
};

/// Step 1: the characters, then at most `size` substrings of 2 to `longest` characters.
LIMPID_API UnigramPieces seed_pieces(const PieceCounts& words, std::size_t size,
                                     std::size_t longest);

/// Step 2, once. The log probability of all words before the step.
LIMPID_API double em_step(UnigramPieces& pieces, const PieceCounts& words);

/// Step 3: the characters and those that lose most, `size` in all (or the characters alone, where
/// they are more).
LIMPID_API UnigramPieces prune(const UnigramPieces& pieces, const PieceCounts& words,
                               std::size_t size);

struct UnigramOptions {
  TokenId vocab_size = 1024;  ///< with all that is below
  Pattern pattern = Pattern::gpt2;
  bool byte_fallback = false;  ///< the 256 bytes instead of <|unknown|>
  std::vector<std::string> specials = default_specials();
  std::size_t seed_size = 100'000;
  std::size_t longest = 16;  ///< characters of a piece
};

/// A tokenizer for texts like this one. Its ids: the pieces, the most probable first (equal ones by
/// their bytes), then <|unknown|> or those bytes that are no pieces, then special tokens.
LIMPID_API UnigramTokenizer train_unigram(std::string_view text,
                                          const UnigramOptions& options = {});

}  // namespace limpid
