#include "limpid/tokenizer/word_piece.hpp"

#include <algorithm>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/bert_words.hpp"
#include "limpid/tokenizer/hash.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

std::size_t count_characters(std::string_view word) {
  std::size_t count = 0;
  for (; !word.empty(); ++count) word.remove_prefix(first_code_point(word).length);
  return count;
}

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(TokenSet tokens, bool lower_case)
    : Tokenizer(std::move(tokens)), lower_case_(lower_case) {
  if (!unknown()) fail("word_piece", "no unknown token, expected one");
  for (TokenId id = 0; id < vocab_size(); ++id) {
    longest_ = std::max(longest_, token_bytes(id).size());
  }
}

std::uint64_t WordPieceTokenizer::fingerprint() const {
  return hash_word(Tokenizer::fingerprint(), lower_case_ ? 1 : 0);
}

bool WordPieceTokenizer::continues(TokenId id) const {
  // "##" alone is a word of two signs, not a piece of one.
  const std::string_view token = token_bytes(id);
  return token.size() > kContinuation.size() && token.starts_with(kContinuation) && !is_special(id);
}

std::optional<WordPieceTokenizer::Piece> WordPieceTokenizer::longest_piece(
    std::string_view word, std::size_t begin) const {
  const std::string_view rest = word.substr(begin);
  std::string token(begin == 0 ? "" : kContinuation);
  const std::size_t prefix = token.size();
  token += rest.substr(0, longest_);
  // Shorten from the end. What ends inside a character is no piece.
  for (; token.size() > prefix; token.pop_back()) {
    const auto id = vocabulary().find(token);
    if (id && !is_special(*id) && id != unknown()) return Piece{*id, token.size() - prefix};
  }
  return std::nullopt;
}

void WordPieceTokenizer::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  const std::size_t before = ids.size();
  bool fits = count_characters(word) <= kLongestWord;
  for (std::size_t begin = 0; fits && begin < word.size();) {
    const auto piece = longest_piece(word, begin);
    fits = piece.has_value();
    if (!fits) break;
    ids.push_back(piece->id);
    begin += piece->length;
  }
  if (fits) return;
  // A dead end: take back what was found of this word.
  ids.resize(before);
  ids.push_back(*unknown());
}

void WordPieceTokenizer::encode_text(std::string_view text, EncodeCache* /*cache*/,
                                     std::vector<TokenId>& ids) const {
  for (const std::string& word : bert_words(text, lower_case_)) encode_word(word, ids);
}

std::string WordPieceTokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) {
    std::string_view token = token_bytes(id);
    if (continues(id)) {
      token.remove_prefix(kContinuation.size());
    } else if (!text.empty()) {
      text += ' ';
    }
    text += token;
  }
  return text;
}

}  // namespace limpid
