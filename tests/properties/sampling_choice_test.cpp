// What sampling may choose: nothing that a filter took out, whatever the logits, options and history.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "limpid/generate/sampling.hpp"

#include "random_models.hpp"
#include "support/property.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

// Logits in steps of 1/4, so that equal ones occur, a share of them impossible.
std::vector<float> pick_logits(Rng& rng) {
  const Index size = pick("vocabulary", 1, 40), impossible = pick("impossible percent", 0, 60);
  std::vector<float> logits;
  for (Index id = 0; id < size; ++id) {
    const bool never = rng.below(100) < static_cast<std::uint64_t>(impossible);
    logits.push_back(never ? -std::numeric_limits<float>::infinity()
                           : static_cast<float>(rng.below(41)) / 4 - 5);
  }
  logits[rng.below(logits.size())] = 1;  // one is possible
  return logits;
}

double pick_tenths(const char* name, Index low, Index high) {
  return static_cast<double>(pick(name, low, high)) / 10;
}

double sum_of(const std::vector<double>& p) {
  return std::accumulate(p.begin(), p.end(), 0.0);
}

Index count_of(const std::vector<double>& p) {
  return static_cast<Index>(std::count_if(p.begin(), p.end(), [](double x) { return x > 0; }));
}

// softmax(logits / temperature), by the formula.
std::vector<double> opinion(const std::vector<float>& logits, double temperature) {
  std::vector<double> p;
  for (const float logit : logits) p.push_back(std::exp(static_cast<double>(logit) / temperature));
  const double sum = sum_of(p);
  for (double& share : p) share /= sum;
  return p;
}

// Whatever is kept is likelier than what is not; of equals the lower id is kept.
bool keeps_the_likeliest(const std::vector<float>& logits, const std::vector<double>& p) {
  for (std::size_t kept = 0; kept < p.size(); ++kept) {
    for (std::size_t other = 0; other < p.size() && p[kept] > 0; ++other) {
      if (p[other] > 0 || logits[other] < logits[kept]) continue;
      if (logits[other] > logits[kept] || other < kept) return false;
    }
  }
  return true;
}

// Shares of what is left are as they were before.
bool keeps_proportions(const std::vector<double>& before, const std::vector<double>& p) {
  double left = 0;
  for (std::size_t id = 0; id < p.size(); ++id) left += p[id] > 0 ? before[id] : 0;
  for (std::size_t id = 0; id < p.size(); ++id) {
    if (p[id] > 0 && !(std::abs(p[id] - before[id] / left) <= 1e-13)) return false;
  }
  return std::abs(sum_of(p) - 1) <= 1e-13;
}

}  // namespace

TEST_CASE("property: without filters the distribution is the softmax") {
  for_all([] {
    const double temperature = pick_tenths("temperature in tenths", 1, 30);
    Rng rng = pick_rng();
    const std::vector<float> logits = pick_logits(rng);
    const std::vector<double> p = distribution(logits, {.temperature = temperature});
    const std::vector<double> expected = opinion(logits, temperature);
    for (std::size_t id = 0; id < p.size(); ++id) {
      RC_ASSERT(std::abs(p[id] - expected[id]) <= 1e-13);
      RC_ASSERT((p[id] > 0) == std::isfinite(logits[id]));
    }
  });
}

TEST_CASE("property: top_k keeps the k likeliest") {
  for_all([] {
    const double temperature = pick_tenths("temperature in tenths", 1, 30);
    const Index most = pick("top_k", 1, 45);
    Rng rng = pick_rng();
    const std::vector<float> logits = pick_logits(rng);
    const std::vector<double> p = distribution(logits, {.temperature = temperature, .top_k = most});
    const std::vector<double> before = opinion(logits, temperature);
    RC_ASSERT(count_of(p) == std::min(most, count_of(before)));
    RC_ASSERT(keeps_the_likeliest(logits, p));
    RC_ASSERT(keeps_proportions(before, p));
  });
}

TEST_CASE("property: top_p keeps the fewest likeliest that reach the share") {
  for_all([] {
    const double temperature = pick_tenths("temperature in tenths", 1, 30);
    const double enough = static_cast<double>(pick("top_p in hundredths", 1, 100)) / 100;
    Rng rng = pick_rng();
    const std::vector<float> logits = pick_logits(rng);
    const std::vector<double> p =
        distribution(logits, {.temperature = temperature, .top_p = enough});
    const std::vector<double> before = opinion(logits, temperature);
    RC_ASSERT(keeps_the_likeliest(logits, p));
    RC_ASSERT(keeps_proportions(before, p));
    double kept = 0, least = 1;
    for (std::size_t id = 0; id < p.size(); ++id) {
      if (p[id] == 0) continue;
      kept += before[id];
      least = std::min(least, before[id]);
    }
    RC_ASSERT(kept >= enough - 1e-13);          // enough, and
    RC_ASSERT(kept - least <= enough + 1e-13);  // one fewer would not be
  });
}

TEST_CASE("property: min_p keeps what has that share of the likeliest one's probability") {
  for_all([] {
    const double temperature = pick_tenths("temperature in tenths", 1, 30);
    const double share = static_cast<double>(pick("min_p in hundredths", 0, 100)) / 100;
    Rng rng = pick_rng();
    const std::vector<float> logits = pick_logits(rng);
    const std::vector<double> p =
        distribution(logits, {.temperature = temperature, .min_p = share});
    const std::vector<double> before = opinion(logits, temperature);
    const double highest = *std::max_element(before.begin(), before.end());
    RC_ASSERT(keeps_proportions(before, p));
    for (std::size_t id = 0; id < p.size(); ++id) {
      if (before[id] > share * highest * (1 + 1e-13)) RC_ASSERT(p[id] > 0);
      if (before[id] < share * highest * (1 - 1e-13)) RC_ASSERT(p[id] == 0);
    }
  });
}

TEST_CASE("property: with all options at once, a drawn token is one that was left, by one number") {
  for_all([] {
    SamplingOptions options;
    options.temperature = pick_tenths("temperature in tenths", 0, 30);
    options.top_k = pick("top_k", 0, 10);
    options.top_p = static_cast<double>(pick("top_p in hundredths", 1, 100)) / 100;
    options.min_p = pick_tenths("min_p in tenths", 0, 10);
    options.repetition_penalty = pick_tenths("penalty in tenths", 5, 20);
    Rng rng = pick_rng();
    const std::vector<float> logits = pick_logits(rng);
    const auto vocab = static_cast<Index>(logits.size());
    const std::vector<std::int32_t> history = random_ids(pick("history", 0, 8), vocab, rng);
    const std::vector<double> p = distribution(logits, options, history);
    RC_ASSERT(std::abs(sum_of(p) - 1) <= 1e-13);
    RC_ASSERT(options.top_k == 0 || count_of(p) <= options.top_k);
    RC_ASSERT(options.temperature > 0 || count_of(p) == 1);
    for (std::size_t id = 0; id < p.size(); ++id) {
      RC_ASSERT(p[id] >= 0);
      RC_ASSERT(p[id] == 0 || std::isfinite(logits[id]));
    }
    for (int draw = 0; draw < 20; ++draw) {
      Rng moved = rng;
      moved.skip(1);
      const std::int32_t token = sample(logits, options, history, rng);
      RC_ASSERT(token >= 0);
      RC_ASSERT(p.at(static_cast<std::size_t>(token)) > 0);
      RC_ASSERT(rng.state() == moved.state());
    }
  });
}
