#include "limpid/train/schedule.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace limpid;

// NO gradient check: a schedule has no gradient
// NO fixture: the hand-worked values pin every branch
// NO accumulation: nothing accumulates

TEST_CASE("by hand: 3 steps of warm-up, then half a cosine over 4 steps") {
  const LearningRate rate{.peak = 4, .minimum = 2, .warmup = 3, .steps = 8};
  // Warm-up: 4 * 1/4, 2/4, 3/4. Then progress 0, 1/4, 1/2, 3/4, 1 between steps 3 and 7:
  // 2 + 2 (1 + cos(pi progress)) / 2.
  const double quarter = std::sqrt(0.5);
  const double expected[] = {1, 2, 3, 4, 3 + quarter, 3, 3 - quarter, 2};
  for (Index step = 0; step < 8; ++step) {
    CAPTURE(step);
    CHECK(std::abs(rate(step) - expected[step]) <= 1e-15);
  }
}

TEST_CASE("by hand: a straight decay to zero, and none at all") {
  const LearningRate line{.peak = 1, .minimum = 0, .warmup = 1, .steps = 6, .decay = Decay::linear};
  const double expected[] = {0.5, 1, 0.75, 0.5, 0.25, 0};
  for (Index step = 0; step < 6; ++step) CHECK(std::abs(line(step) - expected[step]) <= 1e-15);
  const LearningRate flat{.peak = 1, .minimum = 0, .warmup = 1, .steps = 6, .decay = Decay::none};
  CHECK(flat(0) == 0.5);
  for (const Index step : {1, 3, 5, 100}) CHECK(flat(step) == 1);
}

TEST_CASE("property: above 0 at once, up to the peak, then down to the minimum") {
  for (const Decay decay : {Decay::cosine, Decay::linear}) {
    for (const Index warmup : {0, 1, 7, 100}) {
      CAPTURE(warmup);
      const LearningRate rate{
          .peak = 1e-3, .minimum = 1e-4, .warmup = warmup, .steps = 1000, .decay = decay};
      CHECK(rate(0) > 0);
      for (Index step = 0; step < warmup; ++step) CHECK(rate(step) < rate(step + 1));
      CHECK(rate(warmup) == 1e-3);
      for (Index step = warmup; step < 999; ++step) CHECK(rate(step) > rate(step + 1));
      CHECK(rate(999) == 1e-4);
      CHECK(rate(998) > 1e-4);
    }
  }
}

TEST_CASE("edges: no warm-up, one step, a warm-up without an end, steps beyond the end") {
  const LearningRate no_warmup{.peak = 1, .minimum = 0.5, .warmup = 0, .steps = 3};
  CHECK(no_warmup(0) == 1);
  CHECK(no_warmup(1) == 0.75);
  CHECK(no_warmup(2) == 0.5);
  const LearningRate one{.peak = 1, .minimum = 0, .warmup = 0, .steps = 1};
  CHECK(one(0) == 1);  // the only step moves
  const LearningRate one_warm{.peak = 1, .minimum = 0, .warmup = 1, .steps = 1};
  CHECK(one_warm(0) == 0.5);
  for (const Index warmup : {4, 5, 6, 50}) {
    const LearningRate climbs{.peak = 1, .minimum = 0.1, .warmup = warmup, .steps = 5};
    for (Index step = 0; step < 5; ++step) {
      CHECK(climbs(step) == static_cast<double>(step + 1) / static_cast<double>(warmup + 1));
    }
    CHECK(climbs(5) == 0.1);
  }
  for (const Index step : {3, 4, 1000000}) CHECK(no_warmup(step) == 0.5);
}

TEST_CASE("property: a decay's name leads back to it") {
  CHECK(decay_name(Decay::cosine) == "cosine");
  CHECK(decay_name(Decay::linear) == "linear");
  CHECK(decay_name(Decay::none) == "none");
  for (const Decay decay : {Decay::cosine, Decay::linear, Decay::none}) {
    CHECK(decay_from_name(decay_name(decay)) == decay);
  }
  CHECK_THROWS_WITH_AS(decay_from_name("step"),
                       "schedule: decay is 'step', expected cosine, linear or none",
                       std::invalid_argument);
}

TEST_CASE("misuse: values out of range are named") {
  const auto validate = [](const LearningRate& rate) { rate.validate(); };
  validate({});
  CHECK_THROWS_WITH_AS(validate({.peak = 0}),
                       "schedule: learning_rate is 0, expected a number above 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(validate({.peak = HUGE_VAL}),
                       "schedule: learning_rate is inf, expected a number above 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(validate({.peak = 1, .minimum = std::nan("")}),
                       "schedule: min_learning_rate is nan, expected 0 to learning_rate, 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(validate({.peak = 1, .minimum = 2}),
                       "schedule: min_learning_rate is 2, expected 0 to learning_rate, 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(validate({.peak = 1, .minimum = -1}),
                       "schedule: min_learning_rate is -1, expected 0 to learning_rate, 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(validate({.warmup = -1}), "schedule: warmup is -1, expected 0 or more",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(validate({.steps = 0}), "schedule: steps is 0, expected 1 or more",
                       std::invalid_argument);
}
