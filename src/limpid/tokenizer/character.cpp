#include "limpid/tokenizer/character.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <set>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

CharacterTokenizer CharacterTokenizer::from_text(std::string_view text, const Options& options) {
  if (text.empty()) fail("character", "the text is empty");
  if (const auto at = find_invalid_utf8(text)) {
    fail("character", fmt::format("the text is not UTF-8 at byte {}", *at));
  }
  // Collect the characters of everything between the special tokens.
  std::set<char32_t> characters;
  for (std::string_view part : texts_between(text, options.specials)) {
    while (!part.empty()) {
      const CodePoint point = first_code_point(part);
      characters.insert(point.value);
      part.remove_prefix(point.length);
    }
  }

  Vocabulary vocabulary;
  for (const char32_t character : characters) {
    std::string bytes;
    append_utf8(bytes, character);
    vocabulary.add(bytes);
  }
  std::optional<TokenId> unknown;
  if (options.unknown) unknown = vocabulary.add(kUnknown);
  TokenSet tokens = with_specials(std::move(vocabulary), options.specials);
  tokens.unknown = unknown;
  return CharacterTokenizer(std::move(tokens));
}

CharacterTokenizer::CharacterTokenizer(TokenSet tokens) : Tokenizer(std::move(tokens)) {
  ascii_.fill(-1);
  for (TokenId id = 0; id < vocab_size(); ++id) {
    if (is_special(id) || id == unknown()) continue;
    const std::string_view bytes = token_bytes(id);
    if (bytes.empty() || !first_code_point(bytes).valid ||
        first_code_point(bytes).length != bytes.size()) {
      fail("character",
           fmt::format("token {} has {} bytes, expected one character", id, bytes.size()));
    }
    if (bytes.size() == 1) ascii_[static_cast<std::uint8_t>(bytes[0])] = id;
  }
}

TokenId CharacterTokenizer::token_of(std::string_view character) const {
  if (character.size() == 1 && static_cast<std::uint8_t>(character[0]) < 128) {
    return ascii_[static_cast<std::uint8_t>(character[0])];
  }
  const TokenId id = vocabulary().find(character).value_or(-1);
  return id >= 0 && (is_special(id) || id == unknown()) ? -1 : id;
}

void CharacterTokenizer::encode_text(std::string_view text, EncodeCache* /*cache*/,
                                     std::vector<TokenId>& ids) const {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = first_code_point(text.substr(at));
    TokenId id = token_of(text.substr(at, point.length));
    if (id < 0) {
      if (!unknown()) {
        fail("character", fmt::format("U+{:04X} at byte {} is not among the {} characters known",
                                      static_cast<std::uint32_t>(point.value), at, vocab_size()));
      }
      id = *unknown();
    }
    ids.push_back(id);
    at += point.length;
  }
}

std::size_t CharacterTokenizer::bytes_covered(TokenId id, std::string_view text) const {
  return id == unknown() ? first_code_point(text).length : Tokenizer::bytes_covered(id, text);
}

}  // namespace limpid
