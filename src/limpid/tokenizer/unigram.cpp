#include "limpid/tokenizer/unigram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/hash.hpp"
#include "limpid/tokenizer/unigram_lattice.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

constexpr std::string_view kSpaceMark = "▁";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t at; (at = text.find(from)) != std::string_view::npos;) {
    result.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return result.append(text);
}

}  // namespace

std::string with_space_marks(std::string_view text) {
  return replaced(text, " ", kSpaceMark);
}

std::string without_space_marks(std::string_view text) {
  return replaced(text, kSpaceMark, " ");
}

UnigramTokenizer::UnigramTokenizer(TokenSet tokens, std::vector<double> log_probabilities,
                                   Pattern pattern)
    : Tokenizer(std::move(tokens)),
      log_probabilities_(std::move(log_probabilities)),
      pattern_(pattern) {
  if (log_probabilities_.size() != static_cast<std::size_t>(vocab_size())) {
    fail("unigram", fmt::format("{} log probabilities for {} tokens, expected as many",
                                log_probabilities_.size(), vocab_size()));
  }
  double lowest = 0;
  for (TokenId id = 0; id < vocab_size(); ++id) {
    double& p = log_probabilities_[static_cast<std::size_t>(id)];
    if (is_special(id) || id == unknown()) {
      p = kImpossible;
      continue;
    }
    // Written so that NaN fails.
    if (!(p > kImpossible && p <= 0)) {
      fail("unigram",
           fmt::format("token {} has log probability {}, expected 0 or a finite number below it",
                       id, p));
    }
    lowest = std::min(lowest, p);
  }
  longest_ = longest_piece(vocabulary(), log_probabilities_);
  if (longest_ == 0) fail("unigram", "no pieces, expected at least one");
  unknown_log_probability_ = lowest - kUnknownPenalty;
}

double UnigramTokenizer::log_probability(TokenId id) const {
  static_cast<void>(token_bytes(id));  // checks the id
  return log_probabilities_[static_cast<std::size_t>(id)];
}

std::uint64_t UnigramTokenizer::fingerprint() const {
  std::uint64_t hash = hash_bytes(pattern_name(pattern_), Tokenizer::fingerprint());
  for (const double p : log_probabilities_) hash = hash_word(hash, std::bit_cast<std::uint64_t>(p));
  return hash;
}

template <class Take>
void UnigramTokenizer::for_each_token(std::string_view text, Take take) const {
  const ScoredPieces pieces{vocabulary(), log_probabilities_, longest_, unknown(),
                            unknown_log_probability_};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = piece_length(text.substr(at), pattern_);
    const BestPath path = best_path(pieces, text.substr(at, length));
    if (path.ids.empty()) {
      const std::size_t stop = at + path.reached;
      fail(
          "unigram",
          fmt::format("U+{:04X} at byte {} is not among the characters known",
                      static_cast<std::uint32_t>(first_code_point(text.substr(stop)).value), stop));
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < path.ids.size(); ++i) {
      const bool goes_on =
          i + 1 < path.ids.size() && path.ids[i] == unknown() && path.ids[i + 1] == unknown();
      if (goes_on) continue;
      take(path.ids[i], at + begin, at + path.ends[i]);
      begin = path.ends[i];
    }
    at += length;
  }
}

void UnigramTokenizer::encode_text(std::string_view text, EncodeCache* /*cache*/,
                                   std::vector<TokenId>& ids) const {
  for_each_token(text, [&](TokenId id, std::size_t, std::size_t) { ids.push_back(id); });
}

// How many characters an unknown token stands for is not to be seen from its id: cut once more.
void UnigramTokenizer::place_text(std::string_view text, std::span<const TokenId> /*ids*/,
                                  std::vector<TokenPlace>& places) const {
  for_each_token(text, [&](TokenId, std::size_t begin, std::size_t end) {
    places.push_back({begin, end});
  });
}

}  // namespace limpid
