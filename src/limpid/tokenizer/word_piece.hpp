/// WordPiece: BERT's way to subwords. The vocabulary is the whole knowledge; there are no merges.
///
///   From where you stand take the longest piece that fits, and go on behind it. A piece that does
///   not begin its word is written with ## before it.
///
///   pieces: un, u, ##n, ##h, ##hap, ##happi, ##ness, ##s, ...
///
///   unhappiness         un        the longest that begins the word
///     happiness         ##happi   longer than ##hap and ##h
///          ness         ##ness
///   unhappiness   ->    un ##happi ##ness          3 tokens
///   unhappier     ->    [UNK]                      un ##happi, and then nothing fits "er"
///
/// One dead end and the whole word is [UNK], even where another choice would have fitted: greedy
/// never turns back (unigram.hpp weighs all ways). So is a word of more than 100 characters.
///
/// Words are those of bert_words.hpp. What is kept: the words, each followed by one space in
/// `decode`; not the white space, nor (with lower_case) capitals and accents, nor what was [UNK].
///
///   "Unhappiness is,  well..."   decode(encode(.)) = "unhappiness is , well . . ."
///
/// Places are those of the text as it was typed. What is not kept goes with the token behind it
/// (white space), before it (accents), or at the text's end with the last token:
///
///   "Où, vas"   ou , vas   places 0..3, 3..4, 4..8
///
/// A Korean syllable may be cut within: NFD spells it with two or three letters. Such a token has
/// no place, and asking for one is an error.
///
/// SOURCE  Wu et al. 2016, arXiv:1609.08144, section 4.1; greedy encoding: Devlin et al. 2018,
///         arXiv:1810.04805, and its published code
/// USES    core, tokenizer/tokenizer, tokenizer/special_tokens, tokenizer/bert_words,
/// USES    tokenizer/hash, tokenizer/utf8
/// ERRORS  std::invalid_argument when there is no unknown token, or when places are asked for and
///         a token ends within a character
/// COST    for each token at most as many look-ups as the longest piece has bytes
#pragma once

#include <cstddef>
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

/// What stands before a piece that continues a word.
inline constexpr std::string_view kContinuation = "##";
/// BERT's name for what the vocabulary cannot spell.
inline constexpr std::string_view kBertUnknown = "[UNK]";

class LIMPID_API WordPieceTokenizer : public Tokenizer {
 public:
  static constexpr std::size_t kLongestWord = 100;  ///< in characters

  /// REQUIRES tokens.unknown. Tokens are written as in BERT's vocab.txt, with their ##.
  explicit WordPieceTokenizer(TokenSet tokens, bool lower_case = true);

  std::string_view kind() const override { return "wordpiece"; }
  std::uint64_t fingerprint() const override;
  /// Words with one space between them; no space before ##, which is taken off.
  std::string decode(std::span<const TokenId> ids) const override;
  bool keeps_text() const override { return false; }
  bool lower_case() const { return lower_case_; }

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;
  std::size_t bytes_covered(TokenId id, std::string_view text) const override;

 private:
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;
  /// The id of the longest piece that `word` has at `begin`, and its length without the ##.
  struct Piece {
    TokenId id;
    std::size_t length;
  };
  std::optional<Piece> longest_piece(std::string_view word, std::size_t begin) const;
  bool continues(TokenId id) const;

  bool lower_case_;
  std::size_t longest_ = 0;  // bytes of the longest token
};

}  // namespace limpid
