#include "limpid/tokenizer/word.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

WordTokenizer WordTokenizer::from_text(std::string_view text, const Options& options) {
  if (text.empty()) fail("word", "the text is empty");
  if (const auto at = find_invalid_utf8(text)) {
    fail("word", fmt::format("the text is not UTF-8 at byte {}", *at));
  }
  if (options.min_count < 1) {
    fail("word", fmt::format("min_count is {}, expected at least 1", options.min_count));
  }
  PieceCounts words(Pattern::words, options.specials);
  words.add(text);

  // The most frequent first; equal counts in the order of their bytes.
  std::vector<TokenId> order(static_cast<std::size_t>(words.size()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) {
    if (words.count(a) != words.count(b)) return words.count(a) > words.count(b);
    return words.piece(a) < words.piece(b);
  });
  Vocabulary vocabulary;
  for (const TokenId word : order) {
    if (words.count(word) >= options.min_count) vocabulary.add(words.piece(word));
  }
  const TokenId unknown = vocabulary.add(kUnknown);
  TokenSet tokens = with_specials(std::move(vocabulary), options.specials);
  tokens.unknown = unknown;
  return WordTokenizer(std::move(tokens));
}

WordTokenizer::WordTokenizer(TokenSet tokens) : Tokenizer(std::move(tokens)) {
  if (!unknown()) fail("word", "no unknown token, expected one");
}

void WordTokenizer::encode_text(std::string_view text, EncodeCache* /*cache*/,
                                std::vector<TokenId>& ids) const {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, piece_length(text, Pattern::words));
    const TokenId id = vocabulary().find(word).value_or(*unknown());
    // A word that is spelt like a special token is a word all the same, and not a known one.
    ids.push_back(is_special(id) ? *unknown() : id);
    text.remove_prefix(word.size());
  }
}

std::size_t WordTokenizer::bytes_covered(TokenId id, std::string_view text) const {
  return id == unknown() ? piece_length(text, Pattern::words) : Tokenizer::bytes_covered(id, text);
}

}  // namespace limpid
