/// All ways to cut a text into pieces, in one table: the part that encoding (unigram) and training
/// (unigram_trainer) share.
///
/// A way through the text is as probable as the product of its pieces. There are up to 2^(n-1)
/// ways, but what comes behind a place does not depend on how one came there, so one number for
/// each place will do. p(begin..end) being the probability of the piece that stands there:
///
///   best[end]       = max over begin of  best[begin] * p(begin..end)        Viterbi
///   forward[end]    = sum over begin of  forward[begin] * p(begin..end)     all ways to `end`
///   backward[begin] = sum over end of    p(begin..end) * backward[end]      all ways from `begin`
///
///   unhappiness     un .04, happi .01, ness .05, happiness .001
///   un|happi|ness   .04 * .01 * .05 = .00002      un|happiness   .04 * .001 = .00004    the best
///   all ways        .00006;   ness is expected .00002 / .00006 = 1/3 times
///
/// The numbers are kept as logarithms: a thousand small factors would be 0 otherwise.
///
/// SOURCE  Kudo 2018, arXiv:1804.10959, section 3.2; Rabiner 1989, "A Tutorial on Hidden Markov
///         Models", section III
/// USES    tokenizer/utf8, tokenizer/vocabulary
/// COST    text.size() * longest look-ups, two to three numbers for each byte
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

inline constexpr double kImpossible = -std::numeric_limits<double>::infinity();

/// Pieces with the logarithms of their probabilities; kImpossible for a token that is no piece.
/// A view: the vocabulary and the numbers must live as long as it does.
struct ScoredPieces {
  const Vocabulary& vocabulary;
  std::span<const double> log_probabilities;  // one for each id
  std::size_t longest;                        // bytes of the longest piece
  /// What stands for a character that is no piece, if anything, and at what price.
  std::optional<TokenId> unknown = std::nullopt;
  double unknown_log_probability = 0;
};

/// The bytes of the longest piece that is possible.
LIMPID_API std::size_t longest_piece(const Vocabulary& vocabulary,
                                     std::span<const double> log_probabilities);

struct BestPath {
  std::vector<TokenId> ids;
  std::vector<std::size_t> ends;  // where each of them ends, in bytes
  double log_probability = kImpossible;
  /// Bytes that some way reaches: text.size(), unless there is no way through.
  std::size_t reached = 0;
};

/// The most probable way; of equal ones the one whose last piece is longest, and so on backwards.
LIMPID_API BestPath best_path(const ScoredPieces& pieces, std::string_view text);

/// The logarithm of the probability of all ways together. Adds to `counts` (one for each id) how
/// often each piece is expected, times `weight`. Knows no unknown characters; where there is no way
/// through it returns kImpossible and adds nothing.
LIMPID_API double add_expected_counts(const ScoredPieces& pieces, std::string_view text,
                                      double weight, std::span<double> counts);

}  // namespace limpid
