/// Special tokens: marks such as <|endoftext|> that stand in a text without being text.
///
///   Tavi ran home.<|endoftext|>Oren woke up.
///   `-- text ----'`- special --'`-- text --'
///
/// Everything between two marks is tokenized on its own, so no token reaches across one.
///
/// USES    core, tokenizer/vocabulary, tokenizer/utf8
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

/// Where one document ends and the next begins. The name is GPT-2's.
inline constexpr std::string_view kEndOfText = "<|endoftext|>";

/// The name of the token that stands for what a vocabulary cannot spell.
inline constexpr std::string_view kUnknown = "<|unknown|>";

/// The special tokens that a tokenizer has unless it is told otherwise: <|endoftext|>.
LIMPID_API std::vector<std::string> default_specials();

struct SpecialMatch {
  std::size_t position;  ///< in the text, in bytes
  std::size_t index;     ///< which special token
};

/// The first special token in a text; where several begin, the longest. An empty one is never
/// found.
LIMPID_API std::optional<SpecialMatch> find_special(std::string_view text,
                                                    std::span<const std::string> specials);

/// The texts between the special tokens; empty ones are left out.
LIMPID_API std::vector<std::string_view> texts_between(std::string_view text,
                                                       std::span<const std::string> specials);

/// The tokens of a tokenizer, and which of them are no ordinary text.
struct TokenSet {
  Vocabulary vocabulary;
  std::vector<TokenId> special_ids;
  std::optional<TokenId> unknown;  ///< stands for what the vocabulary cannot spell
};

/// Puts special tokens behind the ordinary ones.
/// ERRORS  std::invalid_argument when one is empty, not UTF-8, or a token already
LIMPID_API TokenSet with_specials(Vocabulary vocabulary, std::span<const std::string> specials);

}  // namespace limpid
