#include "support/grade.hpp"

#include <cmath>
#include <limits>

#include "trial.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

// Probabilities that differ from each other, after every token.
Model right(std::int32_t vocab) {
  return [vocab](std::int32_t before, std::int32_t next) {
    const auto weight = [&](std::int32_t j) { return 1 + std::abs(std::sin(3.7 * before + j)); };
    double all = 0;
    for (std::int32_t j = 0; j < vocab; ++j) all += weight(j);
    return weight(next) / all;
  };
}

// The same with all numbers after `before` multiplied.
Model times(double factor, std::int32_t vocab, std::int32_t only = -1) {
  return [=, model = right(vocab)](std::int32_t before, std::int32_t next) {
    return (only < 0 || before == only ? factor : 1.0) * model(before, next);
  };
}

}  // namespace

GRADE("test", "") {
  expect(is_a_model([](std::int32_t, std::int32_t) { return 0.25; }, 4),
         "is_a_model, for 1/4 after each of four tokens", "rejects_the_right_one",
         "Your test says no to probabilities. Four quarters are 1, after each token.");
  expect(is_a_model(right(5), 5) && is_a_model(right(6), 6) && is_a_model(right(150), 150),
         "is_a_model, for right models with 5, 6 and 150 tokens", "rejects_rounding",
         "Your test says no to a right model. In double, sums of probabilities are off by 1e-13 or "
         "so: leave room for rounding.");
  expect(!is_a_model(times(1.25, 6), 6), "is_a_model, when after each token the sum is 1.25",
         "accepts_too_much",
         "Your test says yes to a model whose probabilities add up to 1.25. That is the one with "
         "the record loss.");
  expect(!is_a_model(times(0.8, 6), 6), "is_a_model, when after each token the sum is 0.8",
         "accepts_too_little",
         "Your test says yes when something is missing from the sum. Such a model is worse than it "
         "need be, and compares badly for no reason.");
  const auto cancelling = [model = right(6)](std::int32_t before, std::int32_t next) {
    return (before == 2 ? 1.1 : before == 3 ? 0.9 : 1.0) * model(before, next);
  };
  expect(!is_a_model(cancelling, 6),
         "is_a_model, when the sum is 1.1 after token 2 and 0.9 after token 3",
         is_a_model(times(1.1, 6, 2), 6) ? "one_context_only" : "contexts_added_up",
         is_a_model(times(1.1, 6, 2), 6)
             ? "Your test does not look at what comes after token 2. Every token may stand before: "
               "look at all of them."
             : "What is too much after one token and missing after another cancels in your sum. "
               "The sum must be 1 after each token for itself.");
  expect(!is_a_model(times(1.5, 6, 5), 6) && !is_a_model(times(1.5, 6, 0), 6),
         "is_a_model, when the sum is wrong after the first or the last token only",
         "end_of_the_range_missed",
         "Your test looks at some tokens, but not at the first and the "
         "last one.");
  expect(!is_a_model(times(1.001, 6, 4), 6), "is_a_model, when after one token the sum is 1.001",
         "too_generous",
         "Your test says yes to an error of a thousandth. Rounding is off by 1e-13; a limit of "
         "1e-9 leaves room enough.");
  const auto negative = [](std::int32_t, std::int32_t next) { return next == 1 ? -0.5 : 0.75; };
  expect(!is_a_model(negative, 3), "is_a_model, for 0.75, -0.5, 0.75 after each token",
         "accepts_negative",
         "The sum is 1, but one of the numbers is negative, and its logarithm does not exist.");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto not_numbers = [nan](std::int32_t before, std::int32_t next) {
    return before == 1 && next == 2 ? nan : 1.0 / 3;
  };
  expect(!is_a_model(not_numbers, 3), "is_a_model, when one number is NaN", "accepts_nan",
         "Every comparison with NaN is false, `sum > 1.001` too. Ask for what is good, "
         "`std::abs(sum - 1) <= 1e-9`, and say no to the rest.");
}
