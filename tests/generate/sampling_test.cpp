#include "limpid/generate/sampling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace limpid;

// NO gradient check: sampling has no gradient
// NO fixture: the hand-worked distributions pin every filter
// NO accumulation: nothing accumulates

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> logs(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::nan("");
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double here = std::abs(a[i] - b[i]);
    if (std::isnan(here)) return here;  // std::max would pass it over
    largest = std::max(largest, here);
  }
  return largest;
}

// A generator whose next 64 bits are these: SplitMix64's mixing, undone step by step.
Rng about_to_draw(std::uint64_t bits) {
  const auto unshift = [](std::uint64_t z, int by) {
    std::uint64_t x = z;
    for (int known = by; known < 64; known += by) x = z ^ (x >> by);
    return x;
  };
  const auto divide = [](std::uint64_t z, std::uint64_t odd) {
    std::uint64_t inverse = odd;  // right in three bits; each step doubles them
    for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
    return z * inverse;
  };
  std::uint64_t z = divide(unshift(bits, 31), 0x94d049bb133111eb);
  z = unshift(divide(unshift(z, 27), 0xbf58476d1ce4e5b9), 30);
  Rng rng(0);
  rng.set_state(z - 0x9e3779b97f4a7c15);
  return rng;
}

// Pearson's statistic of `draws` tokens against the distribution. Also checks that nothing
// impossible is drawn.
double chi_square(const std::vector<float>& logits, const SamplingOptions& options,
                  std::span<const std::int32_t> history, int draws, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<int> counts(logits.size());
  for (int i = 0; i < draws; ++i) {
    ++counts[static_cast<std::size_t>(sample(logits, options, history, rng))];
  }
  const std::vector<double> p = distribution(logits, options, history);
  double statistic = 0;
  for (std::size_t id = 0; id < p.size(); ++id) {
    if (p[id] == 0) {
      CHECK(counts[id] == 0);
      continue;
    }
    const double expected = p[id] * draws;
    statistic += (counts[id] - expected) * (counts[id] - expected) / expected;
  }
  return statistic;
}

const std::vector<float> kLogits = logs({0.1, 0.4, 0.2, 0.3});

}  // namespace

TEST_CASE("by hand: without options the softmax; temperature 1/2 squares the probabilities") {
  CHECK(difference(distribution(kLogits, {}), {0.1, 0.4, 0.2, 0.3}) <= 1e-7);
  // Squares 0.01, 0.16, 0.04, 0.09: sum 0.30.
  CHECK(difference(distribution(kLogits, {.temperature = 0.5}),
                   {0.01 / 0.3, 0.16 / 0.3, 0.04 / 0.3, 0.09 / 0.3}) <= 1e-7);
}

TEST_CASE("by hand: top_k keeps k tokens") {
  CHECK(difference(distribution(kLogits, {.top_k = 2}), {0, 4.0 / 7, 0, 3.0 / 7}) <= 1e-7);
  CHECK(difference(distribution(kLogits, {.top_k = 1}), {0, 1, 0, 0}) == 0);
  CHECK(difference(distribution(kLogits, {.top_k = 4}), {0.1, 0.4, 0.2, 0.3}) <= 1e-7);
  CHECK(difference(distribution(kLogits, {.top_k = 1000}), {0.1, 0.4, 0.2, 0.3}) <= 1e-7);
}

TEST_CASE("by hand: top_p keeps the token that crosses p") {
  // In order 0.4, 0.3, 0.2, 0.1 with sums 0.4, 0.7, 0.9, 1.0.
  CHECK(difference(distribution(kLogits, {.top_p = 0.5}), {0, 4.0 / 7, 0, 3.0 / 7}) <= 1e-7);
  CHECK(difference(distribution(kLogits, {.top_p = 0.39}), {0, 1, 0, 0}) == 0);
  CHECK(difference(distribution(kLogits, {.top_p = 0.71}), {0, 4.0 / 9, 2.0 / 9, 3.0 / 9}) <= 1e-7);
  CHECK(difference(distribution(kLogits, {.top_p = 0.95}), {0.1, 0.4, 0.2, 0.3}) <= 1e-7);
  // Reached exactly: of four quarters, two make 0.5.
  const std::vector<float> quarters{1, 1, 1, 1};
  const std::vector<double> half = distribution(quarters, {.top_p = 0.5});
  CHECK(half[0] == 0.5);
  CHECK(half[1] == 0.5);
  CHECK(half[2] == 0);
  CHECK(half[3] == 0);
}

TEST_CASE("by hand: min_p is relative to the likeliest token") {
  // 0.55 * 0.4 = 0.22: 0.2 and 0.1 go.
  CHECK(difference(distribution(kLogits, {.min_p = 0.55}), {0, 4.0 / 7, 0, 3.0 / 7}) <= 1e-7);
  CHECK(difference(distribution(kLogits, {.min_p = 0.45}), {0, 4.0 / 9, 2.0 / 9, 3.0 / 9}) <= 1e-7);
  CHECK(difference(distribution(kLogits, {.min_p = 1}), {0, 1, 0, 0}) == 0);
}

TEST_CASE("by hand: the penalty divides positive logits and multiplies negative ones, once") {
  // With penalty 2: 2 -> 1, -1 -> -2; token 0 stands twice in the history and is penalised once.
  const std::vector<float> logits{2, -1, 0, 1};
  const std::vector<std::int32_t> history{0, 1, 0, 2};
  const double sum = std::exp(1) + std::exp(-2) + 1 + std::exp(1);
  CHECK(difference(distribution(logits, {.repetition_penalty = 2}, history),
                   {std::exp(1) / sum, std::exp(-2) / sum, 1 / sum, std::exp(1) / sum}) <= 1e-15);
}

TEST_CASE("by hand: the order is penalty, temperature, top_k, top_p, min_p") {
  // top_k 3 leaves 0.4, 0.3, 0.2 (shares 4/9, 3/9, 2/9); 4/9 < 0.7 <= 7/9 leaves two. Of all tokens
  // 0.4 + 0.3 = 0.7 - rounding: so 0.75 tells the two orders apart (7/9 > 0.75 > 0.7).
  CHECK(difference(distribution(kLogits, {.top_k = 3, .top_p = 0.75}), {0, 4.0 / 7, 0, 3.0 / 7}) <=
        1e-7);
  CHECK(difference(distribution(kLogits, {.top_p = 0.75}), {0, 4.0 / 9, 2.0 / 9, 3.0 / 9}) <= 1e-7);
  // Temperature before top_p: squared shares 16/30, 9/30, ...: the first alone reaches 0.5.
  CHECK(difference(distribution(kLogits, {.temperature = 0.5, .top_p = 0.5}), {0, 1, 0, 0}) == 0);
  // Penalty before greedy: the favourite loses.
  const std::vector<float> logits{2, 1.5};
  const std::vector<std::int32_t> history{0};
  Rng rng(1);
  CHECK(sample(logits, {.temperature = 0}, history, rng) == 0);
  CHECK(sample(logits, {.temperature = 0, .repetition_penalty = 2}, history, rng) == 1);
}

TEST_CASE("property: a penalty above 1 makes no token of the history likelier") {
  Rng rng(4);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<float> logits(20);
    for (float& logit : logits) logit = static_cast<float>(3 * rng.normal());
    const std::vector<std::int32_t> history{static_cast<std::int32_t>(rng.below(20))};
    const auto id = static_cast<std::size_t>(history[0]);
    CHECK(distribution(logits, {.repetition_penalty = 1.3}, history)[id] <
          distribution(logits, {})[id]);
    CHECK(distribution(logits, {.repetition_penalty = 0.7}, history)[id] >
          distribution(logits, {})[id]);
  }
}

TEST_CASE("property: draws follow the distribution (chi-square)") {
  // 99.9% of the statistic lies below 16.3 with 3 degrees of freedom, 43.8 with 19.
  const std::vector<std::int32_t> history{1, 3};
  CHECK(chi_square(kLogits, {}, {}, 40000, 1) <= 16.3);
  CHECK(chi_square(kLogits, {.temperature = 0.7, .repetition_penalty = 1.5}, history, 40000, 2) <=
        16.3);
  CHECK(chi_square(kLogits, {.temperature = 2, .top_k = 3}, {}, 40000, 3) <= 13.8);
  CHECK(chi_square(kLogits, {.top_p = 0.8}, {}, 40000, 4) <= 13.8);
  CHECK(chi_square(kLogits, {.min_p = 0.6}, {}, 40000, 5) <= 10.9);
  Rng rng(6);
  std::vector<float> logits(20);
  for (float& logit : logits) logit = static_cast<float>(rng.normal());
  CHECK(chi_square(logits, {}, {}, 100000, 7) <= 43.8);
}

TEST_CASE("property: probabilities sum to 1 and filters keep the order of the rest") {
  Rng rng(8);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<float> logits(50);
    for (float& logit : logits) logit = static_cast<float>(4 * rng.normal());
    const SamplingOptions options{.temperature = 0.1 + 2 * rng.uniform(),
                                  .top_k = static_cast<Index>(rng.below(60)),
                                  .top_p = 1 - 0.9 * rng.uniform(),
                                  .min_p = 0.2 * rng.uniform(),
                                  .repetition_penalty = 1};
    const std::vector<double> all = distribution(logits, {.temperature = options.temperature});
    const std::vector<double> kept = distribution(logits, options);
    double sum = 0, least_kept = 1, most_dropped = 0;
    for (std::size_t id = 0; id < kept.size(); ++id) {
      sum += kept[id];
      if (kept[id] > 0) {
        least_kept = std::min(least_kept, all[id]);
      } else {
        most_dropped = std::max(most_dropped, all[id]);
      }
    }
    CHECK(std::abs(sum - 1) <= 1e-12);
    CHECK(least_kept >= most_dropped);
    CHECK(*std::max_element(kept.begin(), kept.end()) > 0);
  }
}

TEST_CASE("property: the generator advances by one draw, whatever the options") {
  for (const SamplingOptions& options :
       {SamplingOptions{}, SamplingOptions{.temperature = 0}, SamplingOptions{.top_k = 1},
        SamplingOptions{.top_p = 0.5}, SamplingOptions{.min_p = 0.5}}) {
    Rng rng(9), one_ahead(9);
    one_ahead.skip(1);
    sample(kLogits, options, {}, rng);
    CHECK(rng.state() == one_ahead.state());
  }
}

TEST_CASE("property: the same seed, the same tokens") {
  Rng a(10), b(10), c(11);
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    const std::int32_t token = sample(kLogits, {}, {}, a);
    CHECK(token == sample(kLogits, {}, {}, b));
    different += token != sample(kLogits, {}, {}, c);
  }
  CHECK(different > 20);
}

TEST_CASE("edges: ties go to the lowest ids") {
  const std::vector<float> ties{0, 3, 1, 3, 3, 1};
  Rng rng(1);
  CHECK(sample(ties, {.temperature = 0}, {}, rng) == 1);
  CHECK(difference(distribution(ties, {.top_k = 2}), {0, 0.5, 0, 0.5, 0, 0}) == 0);
  const std::vector<double> four = distribution(ties, {.top_k = 4});
  CHECK(four[2] > 0);
  CHECK(four[5] == 0);
  CHECK(difference(distribution(ties, {.top_p = 0.01}), {0, 1, 0, 0, 0, 0}) == 0);
  // No tie, though the probabilities round to one number.
  CHECK(difference(distribution(std::vector<float>{0, 1e-20F, 0}, {.top_k = 1}), {0, 1, 0}) == 0);
}

TEST_CASE("edges: with top_p off, tokens too unlikely to change a sum stay") {
  // 1 + e^-50 is 1 in double, and so a sum of 1 is reached without them.
  const std::vector<float> logits{0, -50, -60};
  const std::vector<double> two = distribution(logits, {.top_k = 2});
  CHECK(two[1] > 0);
  CHECK(two[2] == 0);
  CHECK(distribution(logits, {.top_k = 3})[2] > 0);
  CHECK(distribution(logits, {.top_p = 0.999999})[1] == 0);
}

TEST_CASE("edges: tokens at -inf are never drawn") {
  const std::vector<float> logits{-kInf, 0, -kInf, -1, -kInf, -kInf, -kInf, -kInf, -kInf};
  for (const SamplingOptions& options :
       {SamplingOptions{}, SamplingOptions{.temperature = 0}, SamplingOptions{.temperature = 100},
        SamplingOptions{.top_k = 5}, SamplingOptions{.top_p = 0.999},
        SamplingOptions{.repetition_penalty = 3}}) {
    const std::vector<std::int32_t> history{0, 1};
    const std::vector<double> p = distribution(logits, options, history);
    CHECK(p[1] > 0);
    for (const std::size_t id : {0, 2, 4, 5, 6, 7, 8}) CHECK(p[id] == 0);
    Rng rng(2);
    for (int i = 0; i < 200; ++i) {
      const std::int32_t token = sample(logits, options, history, rng);
      CHECK((token == 1 || token == 3));
    }
  }
}

TEST_CASE(
    "edges: a border belongs to the stretch behind it, what lies beyond the end to the last") {
  Rng half = about_to_draw(std::uint64_t{1} << 63);
  REQUIRE(Rng(half).uniform() == 0.5);
  CHECK(sample(std::vector<float>{1, 1}, {}, {}, half) == 1);
  Rng zero = about_to_draw(0);
  CHECK(sample(std::vector<float>{-kInf, 1, 1}, {}, {}, zero) == 1);
  // A thousand weights of e^-37: added to 1 one by one they vanish, added up first they do not. So
  // the largest random number points beyond the end, where the impossible last token stands.
  std::vector<float> logits(1002, -37);
  logits.front() = 0;
  logits.back() = -kInf;
  Rng last = about_to_draw(~std::uint64_t{0});
  REQUIRE(Rng(last).uniform() == 1 - 0x1.0p-53);
  CHECK(sample(logits, {}, {}, last) < 1001);
}

TEST_CASE("edges: one token, logits of 1e8, temperatures near 0 and very high") {
  Rng rng(3);
  CHECK(sample(std::vector<float>{-5}, {}, {}, rng) == 0);
  const std::vector<float> huge{1e8F, -1e8F, 1e8F, 0};
  CHECK(difference(distribution(huge, {}), {0.5, 0, 0.5, 0}) == 0);
  CHECK(difference(distribution(huge, {.temperature = 1e-300}), {0.5, 0, 0.5, 0}) == 0);
  CHECK(difference(distribution(kLogits, {.temperature = 1e300}), {0.25, 0.25, 0.25, 0.25}) <=
        1e-15);
  const std::vector<float> lowest(3, std::numeric_limits<float>::lowest());
  CHECK(difference(distribution(lowest, {}), {1.0 / 3, 1.0 / 3, 1.0 / 3}) <= 1e-15);
}

TEST_CASE("misuse: options out of range name key, value and range") {
  const auto run = [](const SamplingOptions& options) { distribution(kLogits, options); };
  CHECK_THROWS_WITH_AS(run({.temperature = -0.5}),
                       "sampling: temperature is -0.5, expected 0 or more", std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.temperature = std::nan("")}),
                       "sampling: temperature is nan, expected 0 or more", std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.top_k = -1}), "sampling: top_k is -1, expected 0 (off) or more",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.top_p = 0}), "sampling: top_p is 0, expected above 0 and at most 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.top_p = 1.5}),
                       "sampling: top_p is 1.5, expected above 0 and at most 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.temperature = HUGE_VAL}),
                       "sampling: temperature is inf, expected 0 or more", std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.top_p = std::nan("")}),
                       "sampling: top_p is nan, expected above 0 and at most 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.min_p = -0.1}), "sampling: min_p is -0.1, expected 0 to 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.min_p = 1.1}), "sampling: min_p is 1.1, expected 0 to 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.repetition_penalty = HUGE_VAL}),
                       "sampling: repetition_penalty is inf, expected above 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({.repetition_penalty = 0}),
                       "sampling: repetition_penalty is 0, expected above 0",
                       std::invalid_argument);
}

TEST_CASE("misuse: logits and histories that mean nothing") {
  const auto run = [](const std::vector<float>& logits, const std::vector<std::int32_t>& history) {
    Rng rng(1);
    sample(logits, {}, history, rng);
  };
  CHECK_THROWS_WITH_AS(run({0, std::nanf("")}, {}),
                       "sampling: logit 1 is nan, expected a number or -inf",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({kInf, 0}, {}), "sampling: logit 0 is inf, expected a number or -inf",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({-kInf, -kInf}, {}),
                       "sampling: every logit is -inf: no token is possible",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({}, {}), "sampling: no logits, expected at least 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({0, 0}, {2}), "sampling: history has token 2, expected 0 to 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(run({0, 0}, {-1}), "sampling: history has token -1, expected 0 to 1",
                       std::invalid_argument);
}
