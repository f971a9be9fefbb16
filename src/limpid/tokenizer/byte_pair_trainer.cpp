#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <queue>
#include <stdexcept>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/pair_map.hpp"

namespace limpid {
namespace {

using Place = std::uint32_t;
constexpr TokenId kBorder = -1;  // between two pieces
constexpr TokenId kJoined = -2;  // this byte belongs to a token further left

class Trainer {
 public:
  explicit Trainer(const PieceCounts& pieces);
  LearnedMerges learn(TokenId size, const TrainingProgress& progress) &&;

 private:
  struct Pair {
    TokenId left, right;
    std::int64_t count = 0;
    std::vector<Place> places;  // where it stands, and where it once stood
    bool grown = false;         // since the last merge: `grown_` lists it
  };
  struct Entry {
    std::int64_t count;
    std::int32_t pair;
  };

  void change(Place left, Place right, std::int64_t by);
  void join(Merge pair, TokenId token, const std::vector<Place>& places);
  bool pop_best(std::int32_t& best);
  void push(std::int32_t pair);
  bool less(const Entry& a, const Entry& b) const;

  // All distinct pieces, byte by byte, with borders around them. A token lives at its first byte.
  std::vector<TokenId> token_;
  std::vector<Place> next_, previous_;
  std::vector<std::int64_t> weight_;  // how often the text holds the piece that this byte is in

  Vocabulary vocabulary_ = Vocabulary::of_bytes();
  std::vector<Pair> pairs_;
  PairMap index_;
  std::vector<std::int32_t> grown_;
  std::vector<Entry> heap_;
};

Trainer::Trainer(const PieceCounts& pieces) {
  std::size_t bytes = 1;
  for (TokenId i = 0; i < pieces.size(); ++i) bytes += pieces.piece(i).size() + 1;
  if (bytes > std::numeric_limits<Place>::max()) {
    throw std::length_error("byte_pair_trainer: the distinct pieces have 4 GB or more");
  }
  token_.reserve(bytes);
  weight_.reserve(bytes);
  const auto put = [&](TokenId token, std::int64_t weight) {
    token_.push_back(token);
    weight_.push_back(weight);
  };
  put(kBorder, 0);
  for (TokenId i = 0; i < pieces.size(); ++i) {
    for (const char byte : pieces.piece(i)) put(static_cast<std::uint8_t>(byte), pieces.count(i));
    put(kBorder, 0);
  }
  next_.resize(bytes);
  previous_.resize(bytes);
  for (Place at = 0; at < bytes; ++at) {
    next_[at] = at + 1;
    previous_[at] = at - 1;
  }
  for (Place at = 0; at + 1 < bytes; ++at) change(at, at + 1, weight_[at]);
  for (const std::int32_t pair : grown_) push(pair);
}

// Counts a pair that begins at `left` some times more, or, with by < 0, less.
void Trainer::change(Place left, Place right, std::int64_t by) {
  const TokenId a = token_[left], b = token_[right];
  if (a < 0 || b < 0) return;
  const auto [i, fresh] = index_.insert(a, b, static_cast<std::int32_t>(pairs_.size()));
  if (fresh) pairs_.push_back({a, b, 0, {}, false});
  Pair& pair = pairs_[static_cast<std::size_t>(i)];
  pair.count += by;
  if (by < 0) return;
  pair.places.push_back(left);
  if (!std::exchange(pair.grown, true)) grown_.push_back(i);
}

// Joins the pair wherever it stands, from left to right.
void Trainer::join(Merge pair, TokenId token, const std::vector<Place>& places) {
  const auto [a, b] = pair;
  for (const Place left : places) {
    const Place right = next_[left];
    if (token_[left] != a || token_[right] != b) continue;  // it stood here once
    const Place before = previous_[left], after = next_[right];
    const std::int64_t weight = weight_[left];
    change(before, left, -weight);
    change(left, right, -weight);
    change(right, after, -weight);
    token_[left] = token;
    token_[right] = kJoined;
    next_[left] = after;
    previous_[after] = left;
    change(before, left, weight);
    change(left, after, weight);
  }
}

bool Trainer::less(const Entry& a, const Entry& b) const {
  if (a.count != b.count) return a.count < b.count;
  const Pair& p = pairs_[static_cast<std::size_t>(a.pair)];
  const Pair& q = pairs_[static_cast<std::size_t>(b.pair)];
  if (p.left != q.left) return vocabulary_[p.left] < vocabulary_[q.left];
  return p.right != q.right && vocabulary_[p.right] < vocabulary_[q.right];
}

void Trainer::push(std::int32_t pair) {
  Pair& grown = pairs_[static_cast<std::size_t>(pair)];
  grown.grown = false;
  heap_.push_back({grown.count, pair});
  std::push_heap(heap_.begin(), heap_.end(), [this](auto& a, auto& b) { return less(a, b); });
}

// The greatest pair: the first entry that promises what its pair holds.
bool Trainer::pop_best(std::int32_t& best) {
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), [this](auto& a, auto& b) { return less(a, b); });
    const Entry entry = heap_.back();
    heap_.pop_back();
    const std::int64_t count = pairs_[static_cast<std::size_t>(entry.pair)].count;
    if (count > 0 && count == entry.count) {
      best = entry.pair;
      return true;
    }
    if (count > 0 && count < entry.count) push(entry.pair);
  }
  return false;
}

LearnedMerges Trainer::learn(TokenId size, const TrainingProgress& progress) && {
  constexpr TokenId kBetweenReports = 64;
  std::vector<Merge> merges;
  std::int32_t best = 0;
  while (vocabulary_.size() < size && pop_best(best)) {
    if (progress && vocabulary_.size() % kBetweenReports == 0) progress(vocabulary_.size(), size);
    Pair& pair = pairs_[static_cast<std::size_t>(best)];
    const Merge merge{pair.left, pair.right};
    merges.push_back(merge);
    const TokenId token =
        vocabulary_.add(std::string(vocabulary_[merge.left]).append(vocabulary_[merge.right]));
    // Places were noted in the order in which they arose; a a a must be joined from the left.
    std::vector<Place> places = std::exchange(pair.places, {});
    std::sort(places.begin(), places.end());
    grown_.clear();
    join(merge, token, places);
    for (const std::int32_t grown : grown_) push(grown);
  }
  return {std::move(vocabulary_), std::move(merges)};
}

}  // namespace

LearnedMerges learn_merges(const PieceCounts& pieces, TokenId size,
                           const TrainingProgress& progress) {
  return Trainer(pieces).learn(size, progress);
}

void BytePairOptions::validate() const {
  const auto special_count = static_cast<TokenId>(specials.size());
  if (vocab_size < 256 + special_count) {
    fail("byte_pair_trainer",
         fmt::format("vocab_size is {}, expected at least {} (256 bytes and {} "
                     "special tokens)",
                     vocab_size, 256 + special_count, special_count));
  }
  static_cast<void>(with_specials({}, specials));
}

BytePairTokenizer train_byte_pair(std::string_view text, const BytePairOptions& options) {
  options.validate();
  PieceCounts pieces(options.pattern, options.specials);
  pieces.add(text);
  return train_byte_pair(pieces, options);
}

BytePairTokenizer train_byte_pair(const PieceCounts& pieces, const BytePairOptions& options,
                                  const TrainingProgress& progress) {
  options.validate();
  const auto specials = static_cast<TokenId>(options.specials.size());
  LearnedMerges learned = learn_merges(pieces, options.vocab_size - specials, progress);
  return BytePairTokenizer(with_specials(std::move(learned.vocabulary), options.specials),
                           std::move(learned.merges), options.pattern);
}

}  // namespace limpid
