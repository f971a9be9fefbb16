#include "limpid/tokenizer/tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/hash.hpp"

namespace limpid {
namespace {

// Below this size, making a cache costs more than it saves.
constexpr std::size_t kWorthACache = 1 << 16;

}  // namespace

EncodeCache::~EncodeCache() = default;
Tokenizer::~Tokenizer() = default;

Tokenizer::Tokenizer(TokenSet tokens) : tokens_(std::move(tokens)) {
  for (const TokenId id : tokens_.special_ids) {
    const std::string text(token_bytes(id));
    if (text.empty()) fail("tokenizer", "a special token is empty");
    if (std::find(special_texts_.begin(), special_texts_.end(), text) != special_texts_.end()) {
      fail("tokenizer", fmt::format("token {} {:?} is special twice, expected once", id, text));
    }
    special_texts_.push_back(text);
  }
  if (unknown()) static_cast<void>(token_bytes(*unknown()));
}

std::string_view Tokenizer::token_text(TokenId id) const {
  return is_special(id) || id == unknown() ? std::string_view() : token_bytes(id);
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, Specials specials,
                                       EncodeCache* cache) const {
  PlacedTokens tokens;
  encode_into(text, specials, cache, tokens, false);
  return std::move(tokens.ids);
}

PlacedTokens Tokenizer::encode_with_places(std::string_view text, Specials specials,
                                           EncodeCache* cache) const {
  PlacedTokens tokens;
  encode_into(text, specials, cache, tokens, true);
  return tokens;
}

void Tokenizer::encode_into(std::string_view text, Specials specials, EncodeCache* cache,
                            PlacedTokens& out, bool with_places) const {
  std::unique_ptr<EncodeCache> own;
  if (cache == nullptr && text.size() >= kWorthACache) {
    own = new_cache();
    cache = own.get();
  }
  std::size_t at = 0;  // where what is not encoded yet begins
  const auto encode_up_to = [&](std::size_t end) {
    const std::string_view part = text.substr(at, end - at);
    const std::size_t first = out.ids.size();
    encode_text(part, cache, out.ids);
    if (with_places) {
      place_text(part, std::span(out.ids).subspan(first), out.places);
      for (std::size_t i = first; i < out.places.size(); ++i) {
        out.places[i].begin += at;
        out.places[i].end += at;
      }
    }
    at = end;
  };
  if (specials == Specials::as_text) return encode_up_to(text.size());

  while (const auto found = find_special(text.substr(at), special_texts_)) {
    const std::size_t begin = at + found->position;
    if (specials == Specials::forbidden) {
      fail("tokenizer",
           fmt::format("the text holds {:?} at byte {}, where no special token is allowed",
                       special_texts_[found->index], begin));
    }
    encode_up_to(begin);
    at = begin + special_texts_[found->index].size();
    out.ids.push_back(tokens_.special_ids[found->index]);
    if (with_places) out.places.push_back({begin, at});
  }
  encode_up_to(text.size());
}

void Tokenizer::place_text(std::string_view text, std::span<const TokenId> ids,
                           std::vector<TokenPlace>& places) const {
  std::size_t at = 0;
  for (const TokenId id : ids) {
    const std::size_t begin = at;
    at += bytes_covered(id, text.substr(begin));
    places.push_back({begin, at});
  }
  assert(at == text.size() || ids.empty());  // white space alone may be no token
}

std::size_t Tokenizer::bytes_covered(TokenId id, std::string_view /*text*/) const {
  return token_bytes(id).size();
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string bytes;
  for (const TokenId id : ids) bytes.append(token_bytes(id));
  return bytes;
}

bool Tokenizer::is_special(TokenId id) const {
  const std::vector<TokenId>& ids = tokens_.special_ids;
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::optional<TokenId> Tokenizer::end_of_text() const {
  for (std::size_t i = 0; i < tokens_.special_ids.size(); ++i) {
    if (special_texts_[i] == kEndOfText) return tokens_.special_ids[i];
  }
  return std::nullopt;
}

std::uint64_t Tokenizer::fingerprint() const {
  std::uint64_t hash = hash_bytes(kind());
  for (TokenId id = 0; id < vocab_size(); ++id) hash = hash_bytes(token_bytes(id), hash);
  // The order of special tokens says nothing; which tokens are special does.
  std::vector<TokenId> marks = tokens_.special_ids;
  std::sort(marks.begin(), marks.end());
  for (const TokenId id : marks) hash = hash_word(hash, static_cast<std::uint64_t>(id));
  return hash_word(hash, static_cast<std::uint64_t>(unknown().value_or(-1)));
}

}  // namespace limpid
