/// Character tokens: one token for each code point that occurs in a text.
///
///   "unhappiness"  u n h a p p i n e s s       11 tokens; the vocabulary is a e h i n p s u
///
/// Ids follow the order of code points, as in `sorted(set(text))`. A character that the vocabulary
/// lacks becomes <|unknown|>, or an error when there is no such token. Whatever consists of known
/// characters comes back byte for byte; a "character" that a reader sees may be several code points
/// (a letter and its accent, a family of emoji), hence several tokens.
///
/// SOURCE  Karpathy 2015, char-rnn; the vocabulary of nanoGPT's shakespeare_char
/// USES    core, tokenizer/tokenizer, tokenizer/special_tokens, tokenizer/utf8
/// ERRORS  std::invalid_argument when a text for the vocabulary is empty or not UTF-8, when an
///         ordinary token is not one code point, or when a character is unknown and no token stands
///         for what is unknown
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

class LIMPID_API CharacterTokenizer : public Tokenizer {
 public:
  struct Options {
    bool unknown = true;  ///< have a token <|unknown|>
    std::vector<std::string> specials = default_specials();
  };

  /// The characters of a text (between its special tokens), then <|unknown|>, then special tokens.
  static CharacterTokenizer from_text(std::string_view text, const Options& options);
  static CharacterTokenizer from_text(std::string_view text) { return from_text(text, Options()); }

  explicit CharacterTokenizer(TokenSet tokens);
  std::string_view kind() const override { return "char"; }

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;
  std::size_t bytes_covered(TokenId id, std::string_view text) const override;

 private:
  TokenId token_of(std::string_view character) const;  // -1: none

  std::array<TokenId, 128> ascii_{};  // the token of each ASCII character, -1: none
};

}  // namespace limpid
