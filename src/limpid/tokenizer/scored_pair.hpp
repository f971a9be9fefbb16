/// Scored pairs: join those neighbours whose joint piece has the best score.
///
/// SentencePiece's byte-pair kind, as the first Llama models have it. There is no list of merges: each
/// piece of the vocabulary has a score, and as long as two neighbours together are a piece, the best
/// of these is made (of equal ones the leftmost):
///
///   pieces and scores:  " t" -1   " th" -2   " the" -3   "he" -4
///
///   " " t h e        " t" -1 beats "he" -4
///   " t" h e         " th" -2
///   " th" e          " the"
///
/// A text begins with a space that is not its own: so a word is the same piece at the beginning of a
/// text and within it. Decoding takes that space away again, at the beginning and behind the begin
/// token. (Text that follows what was decoded before must therefore be decoded with the token before
/// it.)
///
/// At first every character is a piece of its own. A character that is none becomes its bytes, which
/// have pieces too, written <0x00> to <0xFF>; these are never joined. So every byte string can be
/// encoded and comes back as it was. (A character here is a byte and up to three continuation bytes
/// behind it; what is no UTF-8 goes byte by byte in the end.)
///
/// Neighbours to be joined wait in a heap, the best on top; n log n steps for n bytes.
///
/// SOURCE  Kudo, Richardson 2018, arXiv:1808.06226; the format is that of llama2.c's tokenizer.bin
/// USES    core, tokenizer/hash, tokenizer/special_tokens, tokenizer/tokenizer
/// ERRORS  std::invalid_argument when there are not as many scores as tokens, when a score is no
///         number, when one of the 256 bytes has no token or a special one, or when the begin
///         token is not special
/// COST    a score a token; for each join two look-ups
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// "<0x0A>" for byte 10.
LIMPID_API std::string byte_piece(int byte);

class LIMPID_API ScoredPairTokenizer : public Tokenizer {
 public:
  struct Options {
    std::optional<TokenId> begin = {};  ///< the token that begins a text, a special one
    bool space_before = true;           ///< a text begins with a space that is not its own
  };

  /// A byte's token is found by its spelling.
  ScoredPairTokenizer(TokenSet tokens, std::vector<float> scores, const Options& options);

  std::string_view kind() const override { return "sentencepiece"; }
  std::uint64_t fingerprint() const override;
  std::string decode(std::span<const TokenId> ids) const override;
  std::string_view token_text(TokenId id) const override;

  float score(TokenId id) const { return scores_.at(static_cast<std::size_t>(id)); }
  const Options& options() const { return options_; }
  /// The token of a byte, and the byte of a token.
  TokenId byte_token(int byte) const { return byte_tokens_[static_cast<std::size_t>(byte)]; }
  std::optional<char> byte_of(TokenId id) const;

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;
  void place_text(std::string_view text, std::span<const TokenId> ids,
                  std::vector<TokenPlace>& places) const override;

 private:
  TokenId joined(std::string_view text) const;  // -1: no piece

  std::vector<float> scores_;
  Options options_;
  std::array<TokenId, 256> byte_tokens_{};
  std::vector<std::int16_t> bytes_;  // by token: its byte, kPiece or kMark
};

}  // namespace limpid
