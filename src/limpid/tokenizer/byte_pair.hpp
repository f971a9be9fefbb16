/// Byte-pair encoding: spell with bytes, then join what often stands together.
///
/// A list of merges, in the order in which training found them, is the whole knowledge. To encode a
/// piece of text, take its bytes and, as long as some neighbours are in the list, join those that
/// come first in the list (of equal ones the leftmost):
///
///   merges: 0 s+s  1 n+e  2 ne+ss  3 u+n  4 h+a  5 p+p  6 ha+pp  7 happ+i  8 happi+ness
///
///   u n h a p p i n e s s        0 joins s+s
///   u n h a p p i n e ss         1 joins n+e
///   u n h a p p i ne ss          2 joins ne+ss
///   u n h a p p i ness           3, 4, 5, 6 ...
///   un happ i ness               7, 8
///   un happiness                 2 tokens for 11 bytes
///
/// Pieces come from a pre-tokenizer (pretokenizer.hpp); no token crosses their borders. Since each
/// of the 256 bytes is a token, every byte string can be encoded, and comes back as it was.
///
/// A piece of a few dozen bytes is merged by looking through all neighbours for the lowest rank,
/// again and again: n^2, but with small n and no memory taken. Longer pieces (a megabyte without a
/// space) use a linked list and a heap of ranks, n log n, with the same result. Short pieces that
/// occur again come from a cache.
///
/// SOURCE  Sennrich, Haddow, Birch 2016, arXiv:1508.07909, section 3.2; on bytes: GPT-2's
///         paper, section 2.2
/// USES    core, tokenizer/tokenizer, tokenizer/special_tokens, tokenizer/pair_map,
/// USES    tokenizer/pretokenizer, tokenizer/hash
/// ERRORS  std::invalid_argument when a byte has no token, or when a merge names an unknown or
///         special token, joins to an unknown one, or comes twice
/// COST    16 to 32 bytes a merge; a cache takes 4 MB
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/pair_map.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// Two tokens that become one: the token whose bytes are theirs, one behind the other.
struct Merge {
  TokenId left, right;
  bool operator==(const Merge&) const = default;
};

/// What becomes of a piece that is a token as it stands.
enum class WholePieces {
  merged,     ///< what the merges make of it: the definition
  looked_up,  ///< that token, even if merges would not make it: Llama 3 (ignore_merges), tiktoken
};

class LIMPID_API BytePairTokenizer : public Tokenizer {
 public:
  BytePairTokenizer(TokenSet tokens, std::vector<Merge> merges, Pattern pattern = Pattern::gpt2,
                    WholePieces whole_pieces = WholePieces::merged);

  std::string_view kind() const override { return "bpe"; }
  std::unique_ptr<EncodeCache> new_cache() const override;
  std::uint64_t fingerprint() const override { return fingerprint_; }

  /// Merge i has rank i: the lower, the earlier it is applied.
  std::span<const Merge> merges() const { return merges_; }
  Pattern pattern() const { return pattern_; }
  WholePieces whole_pieces() const { return whole_pieces_; }

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;

 private:
  void encode_piece(std::string_view piece, std::vector<TokenId>& ids) const;
  void merge_short(std::string_view piece, std::vector<TokenId>& ids) const;
  void merge_long(std::string_view piece, std::vector<TokenId>& ids) const;

  std::array<TokenId, 256> byte_ids_{};
  std::vector<Merge> merges_;
  std::vector<TokenId> merged_;  // by rank: the token that a merge makes
  PairMap ranks_;
  Pattern pattern_;
  WholePieces whole_pieces_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace limpid
