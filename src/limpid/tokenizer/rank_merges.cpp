#include "limpid/tokenizer/rank_merges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {
namespace {

constexpr TokenId kNoRank = std::numeric_limits<TokenId>::max();

class Ranks {
 public:
  explicit Ranks(const TokenSet& tokens)
      : vocabulary_(tokens.vocabulary),
        special_(static_cast<std::size_t>(tokens.vocabulary.size()), false) {
    for (const TokenId id : tokens.special_ids) {
      if (id < 0 || id >= vocabulary_.size()) {
        fail("rank_merges",
             fmt::format("special token {} is none of the {} tokens", id, vocabulary_.size()));
      }
      special_[static_cast<std::size_t>(id)] = true;
    }
  }

  bool is_special(TokenId id) const { return special_[static_cast<std::size_t>(id)]; }

  TokenId of(std::string_view bytes) const {
    const std::optional<TokenId> id = vocabulary_.find(bytes);
    return id && !is_special(*id) ? *id : kNoRank;
  }

 private:
  const Vocabulary& vocabulary_;
  std::vector<bool> special_;
};

// The last two parts of a token's bytes, if merging comes down to two tokens.
std::optional<Merge> merge_of(std::string_view token, const Ranks& ranks) {
  // Part i is token[borders[i] .. borders[i + 1]); rank i is that of parts i and i + 1 together.
  std::vector<std::size_t> borders(token.size() + 1);
  for (std::size_t i = 0; i < borders.size(); ++i) borders[i] = i;
  const auto rank_at = [&](std::size_t i) {
    return ranks.of(token.substr(borders[i], borders[i + 2] - borders[i]));
  };
  std::vector<TokenId> rank(token.size() - 1);
  for (std::size_t i = 0; i < rank.size(); ++i) rank[i] = rank_at(i);

  while (rank.size() > 1) {  // three parts or more
    const auto lowest = std::min_element(rank.begin(), rank.end());
    if (*lowest == kNoRank) return std::nullopt;
    const auto i = lowest - rank.begin();
    borders.erase(borders.begin() + i + 1);
    rank.erase(lowest);
    const auto joined = static_cast<std::size_t>(i);
    if (joined < rank.size()) rank[joined] = rank_at(joined);
    if (joined > 0) rank[joined - 1] = rank_at(joined - 1);
  }
  const Merge merge = {ranks.of(token.substr(0, borders[1])), ranks.of(token.substr(borders[1]))};
  if (merge.left == kNoRank || merge.right == kNoRank) return std::nullopt;
  return merge;
}

}  // namespace

std::vector<Merge> merges_from_ranks(const TokenSet& tokens) {
  const Ranks ranks(tokens);
  std::vector<Merge> merges;
  for (TokenId id = 0; id < tokens.vocabulary.size(); ++id) {
    const std::string_view token = tokens.vocabulary[id];
    if (token.size() < 2 || ranks.is_special(id)) continue;
    if (const auto merge = merge_of(token, ranks)) merges.push_back(*merge);
  }
  return merges;
}

}  // namespace limpid
