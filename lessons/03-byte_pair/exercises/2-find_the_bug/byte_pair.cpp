// Byte-pair encoding with a queue of pairs, with one mistake. The header says what each thing is:
// src/limpid/tokenizer/byte_pair.hpp. Find the mistake and mend it, then:
//
//   ./dev learn byte_pair 2
#include "limpid/tokenizer/byte_pair.hpp"

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "limpid/core/check.hpp"

namespace limpid {

BytePairTokenizer::BytePairTokenizer(TokenSet tokens, std::vector<Merge> merges, Pattern pattern,
                                     WholePieces whole_pieces)
    : Tokenizer(std::move(tokens)),
      merges_(std::move(merges)),
      pattern_(pattern),
      whole_pieces_(whole_pieces) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = vocabulary().find(std::string(1, static_cast<char>(byte)));
    if (!id) fail("byte_pair", "a byte has no token");
    byte_ids_[static_cast<std::size_t>(byte)] = *id;
  }
  for (const Merge& merge : merges_) {
    const auto id =
        vocabulary().find(std::string(token_bytes(merge.left)).append(token_bytes(merge.right)));
    if (!id) fail("byte_pair", "a merge makes no token");
    ranks_.insert(merge.left, merge.right, static_cast<std::int32_t>(merged_.size()));
    merged_.push_back(*id);
  }
}

// This encoder remembers nothing between texts.
std::unique_ptr<EncodeCache> BytePairTokenizer::new_cache() const {
  return nullptr;
}

void BytePairTokenizer::encode_text(std::string_view text, EncodeCache* /*cache*/,
                                    std::vector<TokenId>& ids) const {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_length(text, pattern_));
    text.remove_prefix(piece.size());
    encode_piece(piece, ids);
  }
}

// Tokens stand in a list, each at the place of its first byte. The pairs that have a merge wait in a
// sorted set; the first of them is joined, which may bring new pairs.
void BytePairTokenizer::encode_piece(std::string_view piece, std::vector<TokenId>& ids) const {
  struct Symbol {
    TokenId token;  // -1: joined to its left neighbour
    std::size_t previous, next;
  };
  struct Waiting {
    std::int32_t rank;
    std::size_t place;
    bool operator<(const Waiting& other) const {
      return std::tie(rank, place) < std::tie(other.rank, other.place);
    }
  };
  const std::size_t size = piece.size();
  std::vector<Symbol> symbols(size);
  for (std::size_t i = 0; i < size; ++i) {
    symbols[i] = {byte_ids_[static_cast<std::uint8_t>(piece[i])], i - 1, i + 1};
  }
  // The rank of the pair that begins at a place, or -1.
  const auto rank_at = [&](std::size_t place) {
    const Symbol& left = symbols[place];
    if (left.token < 0 || left.next >= size) return -1;
    return ranks_.find(left.token, symbols[left.next].token);
  };
  std::set<Waiting> waiting;
  const auto let_wait = [&](std::size_t place) {
    const std::int32_t rank = rank_at(place);
    if (rank >= 0) waiting.insert({rank, place});
  };
  for (std::size_t i = 0; i < size; ++i) let_wait(i);

  while (!waiting.empty()) {
    const Waiting first = *waiting.begin();
    waiting.erase(waiting.begin());
    if (rank_at(first.place) != first.rank) continue;  // its tokens have changed since
    Symbol& left = symbols[first.place];
    Symbol& right = symbols[left.next];
    left.token = merged_[static_cast<std::size_t>(first.rank)];
    right.token = -1;
    left.next = right.next;
    if (left.next < size) symbols[left.next].previous = first.place;
    let_wait(first.place);
    if (first.place > 0) let_wait(left.previous);
  }
  for (std::size_t i = 0; i < size; i = symbols[i].next) ids.push_back(symbols[i].token);
}

}  // namespace limpid
