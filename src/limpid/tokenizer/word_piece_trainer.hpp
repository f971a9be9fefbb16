/// WordPiece training: byte-pair training with another question.
///
/// Begin with characters. Byte pairs ask which two neighbours occur together most often; WordPiece
/// asks which occur together more often than chance would have them:
///
///   score(a, b) = count(ab) / (count(a) * count(b))        join the pair with the highest score
///
/// Up to a constant this is p(ab) / (p(a) p(b)): by so much the text becomes likelier, for each
/// place where the pair stands, when the two become one. With the words ran x9, rang x3, fan x6,
/// fang x2, rat x4 (so r 16, f 8, ##a 24, ##n 20, ##g 5, ##t 4):
///
///   ##a+##n  20 / (24 * 20) = 1/24     the most frequent pair: byte pairs would take it
///   ##n+##g   5 / (20 * 5)  = 1/20     ##g never stands without ##n before it: this one is joined
///
/// Of equal scores the higher count is taken, of equal counts the lexicographically greatest pair.
/// A pair of characters that both occur once scores 1, the best there is, and teaches nothing:
/// pairs below `min_count` stay apart. (Google never published its trainer; this score is the
/// description that the field shares. BERT's own vocabulary may have been made otherwise.)
///
/// SOURCE  Schuster, Nakajima 2012, "Japanese and Korean Voice Search", section 3
/// USES    core, tokenizer/word_piece, tokenizer/bert_words, tokenizer/special_tokens,
/// USES    tokenizer/piece_counts, tokenizer/utf8, tokenizer/vocabulary
/// ERRORS  std::invalid_argument when the text is empty, not UTF-8 or without a word, when the
///         vocabulary asked for cannot hold the characters, or when min_count is below 1
/// COST    every merge reads all distinct words again: for a lesson, not for a library
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/vocabulary.hpp"
#include "limpid/tokenizer/word_piece.hpp"

namespace limpid {

struct WordPieceOptions {
  TokenId vocab_size = 1024;  ///< with [UNK] and the special tokens
  std::int64_t min_count = 2;
  bool lower_case = true;
  std::vector<std::string> specials = default_specials();
};

/// The pieces of these words: characters (those that begin a word and those with ##, in the order
/// of their bytes), then what joining made, until there are `size` or no pair is left.
LIMPID_API Vocabulary learn_word_pieces(const PieceCounts& words, TokenId size,
                                        std::int64_t min_count);

/// A tokenizer for texts like this one: the pieces, [UNK], special tokens.
LIMPID_API WordPieceTokenizer train_word_piece(std::string_view text,
                                               const WordPieceOptions& options = {});

}  // namespace limpid
