#include "limpid/tokenizer/word_piece.hpp"

#include <fmt/format.h>

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

// What the steps of bert_words make of one character. They look at each character alone, so asking
// bert_words itself is enough.
struct Cleaned {
  std::size_t length;     // of the character in the text, in bytes
  std::size_t bytes = 0;  // that are left of it
  bool space = false;     // parts words
  bool alone = false;     // is a word of its own
};

Cleaned clean_first(std::string_view text, bool lower_case) {
  Cleaned result{first_code_point(text).length};
  const std::string character(text.substr(0, result.length));
  for (const std::string& word : bert_words(character, lower_case)) result.bytes += word.size();
  if (result.bytes == 0) {
    result.space = bert_words("a" + character + "a", lower_case).size() == 2;
  } else {
    result.alone = bert_words(character + character, lower_case).size() >= 2;
  }
  return result;
}

// The bytes at the beginning of which nothing is left; of white space and what follows it only with
// `spaces`.
std::size_t count_dropped(std::string_view text, bool lower_case, bool spaces) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Cleaned next = clean_first(text.substr(at), lower_case);
    if (next.bytes > 0 || (next.space && !spaces)) break;
    at += next.length;
  }
  return at;
}

// The bytes of the word at the beginning. REQUIRES something is left of the first character.
std::size_t word_length(std::string_view text, bool lower_case) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Cleaned next = clean_first(text.substr(at), lower_case);
    if (next.space || (next.alone && at > 0)) break;
    at += next.length;
    if (next.alone) break;
  }
  return at;
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

std::size_t WordPieceTokenizer::bytes_covered(TokenId id, std::string_view text) const {
  std::size_t at = count_dropped(text, lower_case_, true);
  if (id == unknown()) {
    at += word_length(text.substr(at), lower_case_);
  } else {
    std::size_t left = token_bytes(id).size() - (continues(id) ? kContinuation.size() : 0);
    while (left > 0 && at < text.size()) {
      const Cleaned next = clean_first(text.substr(at), lower_case_);
      if (next.bytes > left) {
        fail("word_piece",
             fmt::format("token {} {:?} ends within {:?}, expected whole characters to give places",
                         id, token_bytes(id), text.substr(at, next.length)));
      }
      left -= next.bytes;
      at += next.length;
    }
  }
  at += count_dropped(text.substr(at), lower_case_, false);
  // The last token takes the white space at the end.
  const std::size_t rest = count_dropped(text.substr(at), lower_case_, true);
  return at + rest == text.size() ? text.size() : at;
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
