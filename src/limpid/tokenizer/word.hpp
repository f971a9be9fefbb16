/// Word tokens: what most people would try first.
///
///   "Unhappiness is not happiness."   Unhappiness| is| not| happiness|.      5 tokens
///
/// Pieces are the words, numbers and signs of the pre-tokenizer's pattern `words`, each with the
/// one space before it, so that decoding is joining and a text of known words comes back byte for
/// byte. The price: " happiness" and "happiness" are two entries, "happy", "unhappy" and "happier"
/// share nothing, and what was not in the training text is <|unknown|>. Whole sentences would make
/// this worse by far: almost none occurs twice (sentence.hpp). So the road leads to smaller pieces.
///
/// Ids follow the number of occurrences, the most frequent first (equal ones by their bytes); then
/// come <|unknown|> and the special tokens. Words rarer than `min_count` are left out, so that
/// <|unknown|> occurs in training and a model learns what to make of it.
///
/// SOURCE  Bengio et al. 2003, "A Neural Probabilistic Language Model", section 4.1 (rare
///         words merged into one)
/// USES    core, tokenizer/tokenizer, tokenizer/special_tokens, tokenizer/piece_counts,
/// USES    tokenizer/pretokenizer, tokenizer/utf8
/// ERRORS  std::invalid_argument: a text for the vocabulary that is empty or not UTF-8, a
///         min_count below 1, no unknown token
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

class LIMPID_API WordTokenizer : public Tokenizer {
 public:
  struct Options {
    std::int64_t min_count = 2;
    std::vector<std::string> specials = default_specials();
  };

  static WordTokenizer from_text(std::string_view text, const Options& options);
  static WordTokenizer from_text(std::string_view text) { return from_text(text, Options()); }

  /// REQUIRES tokens.unknown.
  explicit WordTokenizer(TokenSet tokens);
  std::string_view kind() const override { return "word"; }

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;
  std::size_t bytes_covered(TokenId id, std::string_view text) const override;
};

}  // namespace limpid
