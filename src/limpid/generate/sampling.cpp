#include "limpid/generate/sampling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

using Array = Eigen::ArrayXd;

[[noreturn]] void fail_option(const char* key, double value, const char* expected) {
  fail("sampling", fmt::format("{} is {}, expected {}", key, value, expected));
}

Array checked_logits(std::span<const float> logits) {
  require(!logits.empty(), "sampling", "no logits, expected at least 1");
  Array scores(static_cast<Index>(logits.size()));
  for (Index id = 0; id < scores.size(); ++id) {
    scores[id] = static_cast<double>(logits[static_cast<std::size_t>(id)]);
    if (std::isnan(scores[id]) || scores[id] == HUGE_VAL) {
      fail("sampling", fmt::format("logit {} is {}, expected a number or -inf", id, scores[id]));
    }
  }
  if (scores.maxCoeff() == -HUGE_VAL) fail("sampling", "every logit is -inf: no token is possible");
  return scores;
}

void penalise(Array& scores, std::span<const float> logits, std::span<const std::int32_t> history,
              double penalty) {
  for (const std::int32_t id : history) {
    if (id < 0 || id >= scores.size()) {
      fail("sampling",
           fmt::format("history has token {}, expected 0 to {}", id, scores.size() - 1));
    }
    // From the original logit, so that a token that stands there twice is penalised once.
    const auto logit = static_cast<double>(logits[static_cast<std::size_t>(id)]);
    scores[id] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

// Keeps the likeliest tokens of p: at most `most` of them, and no more than it takes to reach the
// share `enough` of what `most` of them would hold. Their order is that of the scores: two that differ may
// have one probability after rounding.
void keep_likeliest(Array& p, const Array& scores, Index most, double enough) {
  if (enough == 1) enough = HUGE_VAL;  // all: some are too unlikely to change the sum
  std::vector<Index> heap(static_cast<std::size_t>(p.size()));
  std::iota(heap.begin(), heap.end(), Index{0});
  const auto less_likely = [&](Index a, Index b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a > b;
  };
  std::make_heap(heap.begin(), heap.end(), less_likely);
  std::vector<Index> kept;
  double sum = 0, limit = p.sum() * enough;
  const auto take = [&] {
    std::pop_heap(heap.begin(), heap.end(), less_likely);
    kept.push_back(heap.back());
    sum += p[heap.back()];
    heap.pop_back();
  };
  if (most < p.size()) {
    while (static_cast<Index>(kept.size()) < most) take();
    // The shares of top_p are those among the tokens that top_k left.
    limit = sum * enough;
    sum = 0;
    std::size_t needed = 0;
    while (needed < kept.size() && (needed == 0 || sum < limit)) sum += p[kept[needed++]];
    kept.resize(needed);
  } else {
    while (!heap.empty() && (kept.empty() || sum < limit)) take();
  }
  Array filtered = Array::Zero(p.size());
  for (const Index id : kept) filtered[id] = p[id];
  p.swap(filtered);
}

// Probabilities that need not sum to 1: sample() scales its random number instead.
Array filtered_weights(std::span<const float> logits, const SamplingOptions& options,
                       std::span<const std::int32_t> history) {
  options.validate();
  Array scores = checked_logits(logits);
  penalise(scores, logits, history, options.repetition_penalty);

  Index likeliest = 0;
  const double highest = scores.maxCoeff(&likeliest);  // of equals, the first
  if (options.temperature == 0) {
    Array greedy = Array::Zero(scores.size());
    greedy[likeliest] = 1;
    return greedy;
  }
  // The highest score becomes 0 before the division, so that no temperature overflows. (Eigen's own
  // exp stops at -709 and would leave tokens at -inf a chance of 1e-308.)
  Array p = scores;
  for (double& score : p) score = std::exp((score - highest) / options.temperature);
  if (options.top_k > 0 || options.top_p < 1) {
    const Index most = options.top_k > 0 ? std::min(options.top_k, p.size()) : p.size();
    keep_likeliest(p, scores, most, options.top_p);
  }
  if (options.min_p > 0) p = (p >= options.min_p * p[likeliest]).select(p, 0.0);
  return p;
}

}  // namespace

void SamplingOptions::validate() const {
  if (!(temperature >= 0 && std::isfinite(temperature))) {
    fail_option("temperature", temperature, "0 or more");
  }
  if (top_k < 0) fail_option("top_k", static_cast<double>(top_k), "0 (off) or more");
  if (!(top_p > 0 && top_p <= 1)) fail_option("top_p", top_p, "above 0 and at most 1");
  if (!(min_p >= 0 && min_p <= 1)) fail_option("min_p", min_p, "0 to 1");
  if (!(repetition_penalty > 0 && std::isfinite(repetition_penalty))) {
    fail_option("repetition_penalty", repetition_penalty, "above 0");
  }
}

std::vector<double> distribution(std::span<const float> logits, const SamplingOptions& options,
                                 std::span<const std::int32_t> history) {
  const Array p = filtered_weights(logits, options, history);
  const double sum = p.sum();
  std::vector<double> probabilities(logits.size());
  for (Index id = 0; id < p.size(); ++id) probabilities[static_cast<std::size_t>(id)] = p[id] / sum;
  return probabilities;
}

std::int32_t sample(std::span<const float> logits, const SamplingOptions& options,
                    std::span<const std::int32_t> history, Rng& rng) {
  const Array p = filtered_weights(logits, options, history);
  // Lay the probabilities side by side on a line: the token on whose stretch the random point falls
  // is drawn. A token of probability 0 has no stretch.
  const double point = rng.uniform() * p.sum();
  double end = 0;
  Index last_possible = 0;
  for (Index id = 0; id < p.size(); ++id) {
    if (p[id] == 0) continue;
    end += p[id];
    last_possible = id;
    if (point < end) break;
  }
  return static_cast<std::int32_t>(last_possible);  // rounding may leave the point beyond the end
}

}  // namespace limpid
