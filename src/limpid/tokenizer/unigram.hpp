/// Unigram: every piece has a probability, and a text is cut in the most probable way.
///
///   p(un|happi|ness) = p(un) * p(happi) * p(ness)       pieces know nothing of their neighbours
///
///   pieces: un .04   unh .001   happi .01   appi .002   ness .05   happiness .001   letters .0001
///
///   un|happiness       .04 * .001          = .00004       this one: 2 tokens
///   un|happi|ness      .04 * .01 * .05     = .00002
///   unh|appi|ness      .001 * .002 * .05   = .0000001     greedy WordPiece would begin like this
///   u|n|h|a|p|p|i|...  .0001^11            = 10^-44
///
/// The table of unigram_lattice.hpp finds it without trying all ways. Fewer pieces mean fewer
/// factors below 1, so short ways win unless their pieces are rare.
///
/// SentencePiece writes a space as ▁ ("▁the"), so that a piece may hold one and decoding is
/// joining. Here a token is its bytes, so the piece holds the space itself (" the"), and
/// `with_space_marks` writes it as ▁ for people. Unlike there, no space is put before the first word
/// of a text, no white space is lost, and a ▁ in the text stays one.
///
/// A character that is no piece is <|unknown|>, at a price e^10 times below the rarest piece; several
/// side by side are one <|unknown|>, as in SentencePiece. With byte fallback the 256 bytes are
/// pieces too, each at that price: nothing is unknown then.
///
/// What is kept: texts whose characters are pieces come back byte for byte; with byte fallback
/// every byte string does.
///
/// SOURCE  Kudo 2018, arXiv:1804.10959, section 3.2; Kudo, Richardson 2018, arXiv:1808.06226
/// USES    core, tokenizer/tokenizer, tokenizer/special_tokens, tokenizer/pretokenizer,
/// USES    tokenizer/unigram_lattice, tokenizer/hash, tokenizer/utf8
/// ERRORS  std::invalid_argument when the number of probabilities is not that of tokens, when a
///         piece's is not in (-infinity, 0], when there is no piece, or when a character is unknown
///         and no token stands for what is unknown
/// COST    8 bytes a piece; for each byte of text as many look-ups as the longest piece has bytes
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// How much rarer than the rarest piece an unknown character or a byte of fallback is: e^10 times.
inline constexpr double kUnknownPenalty = 10;

/// A space as ▁ (U+2581), as SentencePiece shows it; and back.
LIMPID_API std::string with_space_marks(std::string_view text);
LIMPID_API std::string without_space_marks(std::string_view text);

class LIMPID_API UnigramTokenizer : public Tokenizer {
 public:
  /// One natural logarithm of a probability for each token; those of special tokens and of the
  /// unknown one are not read. No piece crosses the borders of `pattern`.
  UnigramTokenizer(TokenSet tokens, std::vector<double> log_probabilities,
                   Pattern pattern = Pattern::gpt2);

  std::string_view kind() const override { return "unigram"; }
  std::uint64_t fingerprint() const override;

  /// -infinity for tokens that are no pieces.
  double log_probability(TokenId id) const;
  Pattern pattern() const { return pattern_; }

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;
  void place_text(std::string_view text, std::span<const TokenId> ids,
                  std::vector<TokenPlace>& places) const override;

 private:
  /// Calls take(id, begin, end) for each token of a text, bytes begin to end.
  template <class Take>
  void for_each_token(std::string_view text, Take take) const;

  std::vector<double> log_probabilities_;
  Pattern pattern_;
  std::size_t longest_ = 0;
  double unknown_log_probability_ = 0;
};

}  // namespace limpid
