/// A tokenizer for a text, from the words of the command line.
///
///   word            WordTokenizer: every word that occurs twice or more
///   char            CharacterTokenizer: every character that occurs
///   byte            ByteTokenizer: learns nothing from the text
///   bpe:SIZE        BytePairTokenizer with a vocabulary of SIZE tokens, or fewer if the text is short
///   wordpiece:SIZE  WordPieceTokenizer, likewise; it takes capitals for small letters
///   unigram:SIZE    UnigramTokenizer, likewise
///
/// USES    core, tokenizer/tokenizer, tokenizer/special_tokens, tokenizer/byte, tokenizer/character,
/// USES    tokenizer/word, tokenizer/byte_pair_trainer, tokenizer/pretokenizer,
/// USES    tokenizer/unigram_trainer, tokenizer/word_piece_trainer
/// ERRORS  std::invalid_argument when the words mean nothing, and what the kinds themselves throw
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

struct TokenizerOptions {
  std::vector<std::string> specials = default_specials();
  bool unknown = true;              ///< characters: have a token <|unknown|>
  Pattern pattern = Pattern::gpt2;  ///< bpe and unigram: how a text is cut into pieces first
};

/// Whether a kind learns as many tokens as it is told to, as in bpe:1024; of others the text decides.
LIMPID_API bool has_size(std::string_view kind);

/// Whether `spec` is one of the words above: a command line may take anything else for a file's
/// name.
LIMPID_API bool is_tokenizer_spec(std::string_view spec);

LIMPID_API std::unique_ptr<Tokenizer> make_tokenizer(std::string_view spec, std::string_view text,
                                                     const TokenizerOptions& options = {});

}  // namespace limpid
