#include "limpid/tokenizer/unigram_lattice.hpp"

#include <algorithm>
#include <cmath>

#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

// Calls use(end, id, log_probability) for each piece that begins here, the shortest first.
template <class Use>
void for_each_piece(const ScoredPieces& pieces, std::string_view text, std::size_t begin, Use use) {
  const std::size_t longest = std::min(pieces.longest, text.size() - begin);
  for (std::size_t length = 1; length <= longest; ++length) {
    const auto id = pieces.vocabulary.find(text.substr(begin, length));
    if (!id) continue;
    const double log_probability = pieces.log_probabilities[static_cast<std::size_t>(*id)];
    if (log_probability > kImpossible) use(begin + length, *id, log_probability);
  }
}

// log(exp(a) + exp(b)), taking out the greater, so that no exp overflows.
double log_sum(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return low == kImpossible ? high : high + std::log1p(std::exp(low - high));
}

struct Step {  // the last step of the best way to a place
  double log_probability = kImpossible;
  std::size_t begin = 0;
  TokenId id = -1;
};

}  // namespace

std::size_t longest_piece(const Vocabulary& vocabulary, std::span<const double> log_probabilities) {
  std::size_t longest = 0;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    if (log_probabilities[static_cast<std::size_t>(id)] == kImpossible) continue;
    longest = std::max(longest, vocabulary[id].size());
  }
  return longest;
}

BestPath best_path(const ScoredPieces& pieces, std::string_view text) {
  std::vector<Step> best(text.size() + 1);
  best[0].log_probability = 0;
  BestPath path;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    const double so_far = best[begin].log_probability;
    if (so_far == kImpossible) continue;
    const std::size_t character = begin + first_code_point(text.substr(begin)).length;
    bool spelt = false;
    const auto step = [&](std::size_t end, TokenId id, double log_probability) {
      spelt = spelt || end == character;
      path.reached = std::max(path.reached, end);
      // Only a better way replaces one: of equal ones the piece that began first, the longest.
      if (so_far + log_probability > best[end].log_probability) {
        best[end] = {so_far + log_probability, begin, id};
      }
    };
    for_each_piece(pieces, text, begin, step);
    if (!spelt && pieces.unknown) step(character, *pieces.unknown, pieces.unknown_log_probability);
  }
  path.log_probability = best.back().log_probability;
  if (path.log_probability == kImpossible) return path;
  // Walk back from the end.
  for (std::size_t end = text.size(); end > 0; end = best[end].begin) {
    path.ids.push_back(best[end].id);
    path.ends.push_back(end);
  }
  std::reverse(path.ids.begin(), path.ids.end());
  std::reverse(path.ends.begin(), path.ends.end());
  return path;
}

double add_expected_counts(const ScoredPieces& pieces, std::string_view text, double weight,
                           std::span<double> counts) {
  std::vector<double> forward(text.size() + 1, kImpossible);
  forward[0] = 0;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (forward[begin] == kImpossible) continue;
    for_each_piece(pieces, text, begin, [&](std::size_t end, TokenId, double log_probability) {
      forward[end] = log_sum(forward[end], forward[begin] + log_probability);
    });
  }
  const double total = forward.back();
  if (total == kImpossible) return total;

  // Backward, and on the way each piece's share of all ways: those that come to its begin, take
  // it, and go on from its end.
  std::vector<double> backward(text.size() + 1, kImpossible);
  backward.back() = 0;
  for (std::size_t begin = text.size(); begin-- > 0;) {
    for_each_piece(pieces, text, begin, [&](std::size_t end, TokenId id, double log_probability) {
      const double from_here = log_probability + backward[end];
      backward[begin] = log_sum(backward[begin], from_here);
      counts[static_cast<std::size_t>(id)] += weight * std::exp(forward[begin] + from_here - total);
    });
  }
  return total;
}

}  // namespace limpid
