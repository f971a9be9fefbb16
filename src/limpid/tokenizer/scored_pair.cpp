#include "limpid/tokenizer/scored_pair.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <queue>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/hash.hpp"

namespace limpid {
namespace {

constexpr std::int16_t kPiece = -1, kMark = -2;  // instead of a byte: text; special or unknown

constexpr bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// A byte and up to three continuation bytes behind it.
std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 && continues(text[length])) ++length;
  return length;
}

/// A part of the text that is one token so far. Parts that were joined to their left are empty.
struct Part {
  std::size_t begin, end;
  TokenId id;
  std::ptrdiff_t left, right;  // neighbours, -1: none
};

/// Two neighbours that can be joined. They still are what they were if their bytes are.
struct Join {
  float score;
  std::ptrdiff_t left, right;
  std::size_t bytes;
  TokenId id;

  bool operator<(const Join& other) const {  // the best is the largest
    return score != other.score ? score < other.score : left > other.left;
  }
};

}  // namespace

std::string byte_piece(int byte) {
  return fmt::format("<0x{:02X}>", byte);
}

ScoredPairTokenizer::ScoredPairTokenizer(TokenSet tokens, std::vector<float> scores,
                                         const Options& options)
    : Tokenizer(std::move(tokens)), scores_(std::move(scores)), options_(options) {
  const auto size = static_cast<std::size_t>(vocab_size());
  if (scores_.size() != size) {
    fail("scored_pair",
         fmt::format("{} scores, expected {}, as there are tokens", scores_.size(), size));
  }
  for (std::size_t id = 0; id < size; ++id) {
    if (std::isfinite(scores_[id])) continue;
    fail("scored_pair", fmt::format("token {} has score {}, expected a number", id, scores_[id]));
  }
  if (options_.begin && !is_special(*options_.begin)) {
    fail("scored_pair",
         fmt::format("begin token {} is no special token, expected one", *options_.begin));
  }
  bytes_.assign(size, kPiece);
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = vocabulary().find(byte_piece(byte));
    if (!id) fail("scored_pair", fmt::format("byte {} has no token {}", byte, byte_piece(byte)));
    byte_tokens_[static_cast<std::size_t>(byte)] = *id;
    bytes_[static_cast<std::size_t>(*id)] = static_cast<std::int16_t>(byte);
  }
  for (const TokenId id : special_ids()) bytes_[static_cast<std::size_t>(id)] = kMark;
  if (unknown()) bytes_[static_cast<std::size_t>(*unknown())] = kMark;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte_of(byte_token(byte))) continue;
    fail("scored_pair",
         fmt::format("token {} is special or unknown, expected an ordinary one", byte_piece(byte)));
  }
}

std::uint64_t ScoredPairTokenizer::fingerprint() const {
  std::uint64_t hash = hash_word(Tokenizer::fingerprint(), options_.space_before ? 1 : 0);
  for (const float score : scores_) hash = hash_word(hash, std::bit_cast<std::uint32_t>(score));
  return hash_word(hash, static_cast<std::uint64_t>(options_.begin.value_or(-1)));
}

std::optional<char> ScoredPairTokenizer::byte_of(TokenId id) const {
  const std::int16_t byte = bytes_.at(static_cast<std::size_t>(id));
  if (byte < 0) return std::nullopt;
  return static_cast<char>(byte);
}

TokenId ScoredPairTokenizer::joined(std::string_view text) const {
  const auto id = vocabulary().find(text);
  return id && bytes_[static_cast<std::size_t>(*id)] == kPiece ? *id : -1;
}

void ScoredPairTokenizer::encode_text(std::string_view given, EncodeCache* /*cache*/,
                                      std::vector<TokenId>& ids) const {
  if (given.empty()) return;
  std::string text(options_.space_before ? 1 : 0, ' ');
  text += given;
  const std::string_view all = text;

  std::vector<Part> parts;
  const auto add = [&parts](std::size_t begin, std::size_t end, TokenId id) {
    const auto index = static_cast<std::ptrdiff_t>(parts.size());
    parts.push_back({begin, end, id, index - 1, index + 1});
  };
  for (std::size_t at = 0; at < all.size();) {
    // The added space is alone, even before continuation bytes.
    const bool added = options_.space_before && at == 0;
    const std::size_t length = added ? 1 : character_length(all.substr(at));
    const TokenId id = joined(all.substr(at, length));
    if (id >= 0) {
      add(at, at + length, id);
    } else {
      for (std::size_t i = at; i < at + length; ++i) {
        add(i, i + 1, byte_token(static_cast<unsigned char>(all[i])));
      }
    }
    at += length;
  }
  parts.back().right = -1;

  std::priority_queue<Join> joins;
  const auto part = [&](std::ptrdiff_t index) -> Part& {
    return parts[static_cast<std::size_t>(index)];
  };
  const auto consider = [&](std::ptrdiff_t left, std::ptrdiff_t right) {
    if (left < 0 || right < 0 || byte_of(part(left).id) || byte_of(part(right).id)) return;
    const std::size_t bytes = part(right).end - part(left).begin;
    const TokenId id = joined(all.substr(part(left).begin, bytes));
    if (id >= 0) joins.push({score(id), left, right, bytes, id});
  };
  for (std::size_t i = 1; i < parts.size(); ++i) {
    consider(static_cast<std::ptrdiff_t>(i) - 1, static_cast<std::ptrdiff_t>(i));
  }
  while (!joins.empty()) {
    const Join best = joins.top();
    joins.pop();
    Part &left = part(best.left), &right = part(best.right);
    const std::size_t bytes = (left.end - left.begin) + (right.end - right.begin);
    if (left.right != best.right || bytes != best.bytes) continue;  // one of them has changed
    left.end = right.end;
    left.id = best.id;
    left.right = right.right;
    if (right.right >= 0) part(right.right).left = best.left;
    right.begin = right.end;
    right.right = -1;
    consider(left.left, best.left);
    consider(best.left, left.right);
  }
  for (std::ptrdiff_t i = 0; i >= 0; i = part(i).right) ids.push_back(part(i).id);
}

void ScoredPairTokenizer::place_text(std::string_view /*text*/, std::span<const TokenId> ids,
                                     std::vector<TokenPlace>& places) const {
  std::size_t at = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::size_t begin = at;
    at += byte_of(ids[i]) ? 1 : token_bytes(ids[i]).size();
    if (i == 0 && options_.space_before) --at;  // the space that is not the text's own
    places.push_back({begin, at});
  }
}

std::string_view ScoredPairTokenizer::token_text(TokenId id) const {
  static constexpr auto kBytes = [] {
    std::array<char, 256> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
    return bytes;
  }();
  const auto byte = byte_of(id);
  if (!byte) return Tokenizer::token_text(id);
  return {&kBytes[static_cast<unsigned char>(*byte)], 1};
}

std::string ScoredPairTokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::string_view piece = token_bytes(ids[i]);
    const bool first = i == 0 || is_special(ids[i - 1]);
    const auto byte = byte_of(ids[i]);
    if (byte) {
      // Without a piece for it, the space that was added is a byte.
      const bool added = options_.space_before && first && *byte == ' ' && joined(" ") < 0;
      if (!added) text += *byte;
    } else {
      if (options_.space_before && first && piece.starts_with(' ')) piece.remove_prefix(1);
      text += piece;
    }
  }
  return text;
}

}  // namespace limpid
