#include "limpid/tokenizer/byte_pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <queue>
#include <string>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/hash.hpp"

namespace limpid {
namespace {

constexpr std::size_t kShort = 64;  // bytes: up to here, looking at all neighbours is faster
constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

// Pieces seen before, with their tokens. A slot is one cache line; a piece that hashes to a slot
// takes it from whoever was there, so memory is bounded and nothing is ever searched.
struct PieceCache : EncodeCache {
  static constexpr std::size_t kBytes = 23, kTokens = 9;

  struct alignas(64) Slot {
    std::array<std::uint64_t, 3> key{};  // the piece, zeros, and in the last byte its length
    std::int32_t count = 0;
    std::array<TokenId, kTokens> ids{};
  };

  static std::array<std::uint64_t, 3> key_of(std::string_view piece) {
    std::array<std::uint64_t, 3> key{};
    std::memcpy(key.data(), piece.data(), piece.size());
    key[2] |= std::uint64_t{piece.size()} << 56;
    return key;
  }
  Slot& slot_of(const std::array<std::uint64_t, 3>& key) {
    const std::uint64_t mixed = (key[0] ^ std::rotl(key[1], 23) ^ std::rotl(key[2], 46));
    return slots[hash_word(0, mixed) & (slots.size() - 1)];
  }

  std::uint64_t owner = 0;  // the fingerprint of its tokenizer
  std::vector<Slot> slots = std::vector<Slot>(1 << 16);
};

}  // namespace

BytePairTokenizer::BytePairTokenizer(TokenSet tokens, std::vector<Merge> merges, Pattern pattern,
                                     WholePieces whole_pieces)
    : Tokenizer(std::move(tokens)),
      merges_(std::move(merges)),
      pattern_(pattern),
      whole_pieces_(whole_pieces) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = vocabulary().find(std::string(1, static_cast<char>(byte)));
    if (!id || is_special(*id)) {
      fail("byte_pair", fmt::format("byte 0x{:02X} has no token", byte));
    }
    byte_ids_[static_cast<std::size_t>(byte)] = *id;
  }
  fingerprint_ = hash_bytes(pattern_name(pattern_), Tokenizer::fingerprint());
  if (whole_pieces_ == WholePieces::looked_up) fingerprint_ = hash_word(fingerprint_, 1);
  for (const Merge& merge : merges_) {
    const auto rank = static_cast<std::int32_t>(merged_.size());
    const std::string joined =
        std::string(token_bytes(merge.left)).append(token_bytes(merge.right));
    const auto id = vocabulary().find(joined);
    if (!id || is_special(*id) || is_special(merge.left) || is_special(merge.right)) {
      fail("byte_pair",
           fmt::format("merge {} joins tokens {} and {}, expected ordinary tokens whose "
                       "bytes together are an ordinary token",
                       rank, merge.left, merge.right));
    }
    const auto [first, fresh] = ranks_.insert(merge.left, merge.right, rank);
    if (!fresh) {
      fail("byte_pair", fmt::format("merge {} repeats merge {}", rank, first));
    }
    merged_.push_back(*id);
    fingerprint_ = hash_word(fingerprint_, static_cast<std::uint64_t>(merge.left));
    fingerprint_ = hash_word(fingerprint_, static_cast<std::uint64_t>(merge.right));
  }
}

std::unique_ptr<EncodeCache> BytePairTokenizer::new_cache() const {
  auto cache = std::make_unique<PieceCache>();
  cache->owner = fingerprint_;
  return cache;
}

void BytePairTokenizer::encode_text(std::string_view text, EncodeCache* cache,
                                    std::vector<TokenId>& ids) const {
  auto* const pieces = dynamic_cast<PieceCache*>(cache);
  if (cache != nullptr && (pieces == nullptr || pieces->owner != fingerprint_)) {
    fail("byte_pair", "the cache belongs to another tokenizer");
  }
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_length(text, pattern_));
    text.remove_prefix(piece.size());
    if (pieces == nullptr || piece.size() > PieceCache::kBytes) {
      encode_piece(piece, ids);
      continue;
    }
    const auto key = PieceCache::key_of(piece);
    PieceCache::Slot& slot = pieces->slot_of(key);
    if (slot.key == key) {
      ids.insert(ids.end(), slot.ids.begin(), slot.ids.begin() + slot.count);
      continue;
    }
    const std::size_t before = ids.size();
    encode_piece(piece, ids);
    if (ids.size() - before <= PieceCache::kTokens) {
      slot.key = key;
      slot.count = static_cast<std::int32_t>(ids.size() - before);
      std::copy(ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end(), slot.ids.begin());
    }
  }
}

void BytePairTokenizer::encode_piece(std::string_view piece, std::vector<TokenId>& ids) const {
  if (whole_pieces_ == WholePieces::looked_up) {
    const auto whole = vocabulary().find(piece);
    if (whole && !is_special(*whole)) {
      ids.push_back(*whole);
      return;
    }
  }
  if (piece.size() <= kShort) {
    merge_short(piece, ids);
  } else {
    merge_long(piece, ids);
  }
}

// The definition: find the neighbours with the lowest rank, join them, and begin again.
void BytePairTokenizer::merge_short(std::string_view piece, std::vector<TokenId>& ids) const {
  std::array<TokenId, kShort> token;
  std::array<std::uint32_t, kShort> rank;  // of token i with its right neighbour
  const std::size_t bytes = piece.size();
  const auto rank_at = [&](std::size_t i, std::size_t size) {
    return i + 1 < size ? static_cast<std::uint32_t>(ranks_.find(token[i], token[i + 1])) : kNoRank;
  };
  for (std::size_t i = 0; i < bytes; ++i) token[i] = byte_ids_[static_cast<std::uint8_t>(piece[i])];
  for (std::size_t i = 0; i < bytes; ++i) rank[i] = rank_at(i, bytes);

  std::size_t size = bytes;
  for (;;) {
    const auto lowest = std::min_element(rank.begin(), rank.begin() + size);
    if (*lowest == kNoRank) break;
    const auto i = static_cast<std::size_t>(lowest - rank.begin());
    token[i] = merged_[*lowest];
    std::copy(token.begin() + i + 2, token.begin() + size, token.begin() + i + 1);
    std::copy(rank.begin() + i + 2, rank.begin() + size, rank.begin() + i + 1);
    --size;
    rank[i] = rank_at(i, size);
    if (i > 0) rank[i - 1] = rank_at(i - 1, size);
  }
  ids.insert(ids.end(), token.begin(), token.begin() + size);
}

// The same with a heap: neighbours wait there by rank, then by place, so that the lowest rank and
// of equal ranks the leftmost comes first. An entry whose tokens have changed since is passed over.
void BytePairTokenizer::merge_long(std::string_view piece, std::vector<TokenId>& ids) const {
  struct Symbol {
    TokenId token;  // -1: joined to its left neighbour
    std::size_t previous, next;
  };
  struct Entry {
    std::uint32_t rank;
    std::size_t place;
    bool operator>(const Entry& other) const {
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  const std::size_t size = piece.size();
  std::vector<Symbol> symbols(size);
  for (std::size_t i = 0; i < size; ++i) {
    symbols[i] = {byte_ids_[static_cast<std::uint8_t>(piece[i])], i - 1, i + 1};
  }
  const auto rank_at = [&](std::size_t place) {
    const Symbol& left = symbols[place];
    if (left.token < 0 || left.next >= size) return kNoRank;
    return static_cast<std::uint32_t>(ranks_.find(left.token, symbols[left.next].token));
  };
  std::vector<Entry> entries;
  entries.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (rank_at(i) != kNoRank) entries.push_back({rank_at(i), i});
  }
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap({}, std::move(entries));

  while (!heap.empty()) {
    const Entry lowest = heap.top();
    heap.pop();
    const std::size_t place = lowest.place;
    if (rank_at(place) != lowest.rank) continue;
    Symbol& left = symbols[place];
    Symbol& right = symbols[left.next];
    left.token = merged_[lowest.rank];
    right.token = -1;
    left.next = right.next;
    if (left.next < size) symbols[left.next].previous = place;
    if (rank_at(place) != kNoRank) heap.push({rank_at(place), place});
    if (place > 0 && rank_at(left.previous) != kNoRank) {
      heap.push({rank_at(left.previous), left.previous});
    }
  }
  for (std::size_t i = 0; i < size; i = symbols[i].next) ids.push_back(symbols[i].token);
}

}  // namespace limpid
