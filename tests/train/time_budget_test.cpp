// NO gradient check: a plan has no gradient
// NO fixture: the rule is this project's own
// NO accumulation: nothing accumulates
#include "limpid/train/time_budget.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/train/trainer.hpp"

using namespace limpid;

namespace {

RunOptions demo(Index vocabulary = 1024) {
  RunOptions options = preset("demo");
  options.model.vocab = vocabulary;
  return options;
}

// A machine that does so many operations in a second, on steps of 1000 tokens.
MeasureSpeed machine(double flops, std::vector<Index>* widths = nullptr) {
  return [=](const RunOptions& options) {
    if (widths != nullptr) widths->push_back(options.model.width);
    const double per_token = options.model.training_flops_per_token(options.model.context);
    return Speed{.seconds_per_step = 1000 * per_token / flops, .tokens_per_step = 1000};
  };
}

double tokens_per_parameter(const RunOptions& options) {
  return 1000.0 * static_cast<double>(options.steps) /
         static_cast<double>(options.model.parameter_count());
}

}  // namespace

TEST_CASE("by hand: steps are nine tenths of the time over the seconds of a step") {
  // 2 minutes are 108 s of steps of 0.25 s: 432. Warm-up a twentieth, an evaluation every eighth.
  const RunOptions fitted = fit_to_minutes(demo(), 2, true, [](const RunOptions&) {
    return Speed{0.25, 1000};
  });
  CHECK(fitted.steps == 432);
  CHECK(fitted.learning_rate.steps == 432);
  CHECK(fitted.learning_rate.warmup == 21);
  CHECK(fitted.eval_every == 54);
  CHECK(fitted.save_every == 54);
  CHECK(fitted.model == demo().model);  // keep_size
  CHECK(expected_seconds(432, {0.25, 1000}) == 120);
}

TEST_CASE(
    "by hand: a size keeps the family's proportions, and a wide one a lower rate under AdamW") {
  const RunOptions llama = with_size(demo(), {6, 8, 256});
  CHECK(llama.model.layers == 6);
  CHECK(llama.model.heads == 8);
  CHECK(llama.model.kv_heads == 8);
  CHECK(llama.model.hidden == 704);  // 8/3 * 256 = 682.7, the next multiple of 32
  CHECK(llama.learning_rate.peak == demo().learning_rate.peak);  // Muon's does not fall
  RunOptions adamw = demo();
  adamw.optimizer = "adamw";
  CHECK(with_size(adamw, {6, 8, 256}).learning_rate.peak == adamw.learning_rate.peak * 96 / 256);
  const RunOptions same = with_size(demo(), {2, 2, 96});
  CHECK(same.model == demo().model);
  CHECK(with_size(demo(), {2, 2, 64}).learning_rate.peak == demo().learning_rate.peak);
  RunOptions gpt2 = preset("demo-gpt2");
  gpt2.model.vocab = 1024;
  CHECK(with_size(gpt2, {2, 2, 64}).model.hidden == 256);
}

TEST_CASE("property: the largest size that reads 9 tokens per parameter, and no smaller") {
  for (const double minutes : {0.5, 2.0, 10.0, 60.0, 600.0}) {
    CAPTURE(minutes);
    const RunOptions fitted = fit_to_minutes(demo(), minutes, false, machine(100e9));
    CHECK(tokens_per_parameter(fitted) >= 9);
    for (const ModelSize& size : size_ladder()) {
      if (size.width <= fitted.model.width) continue;
      const RunOptions larger =
          fit_to_minutes(with_size(demo(), size), minutes, true, machine(100e9));
      CHECK(tokens_per_parameter(larger) < 9);
      break;
    }
  }
}

TEST_CASE("property: more time or a faster machine never gives a smaller model") {
  Index last = 0;
  for (double minutes = 0.01; minutes < 100000; minutes *= 2) {
    const Index width = fit_to_minutes(demo(), minutes, false, machine(50e9)).model.width;
    CHECK(width >= last);
    CHECK(width == fit_to_minutes(demo(), minutes / 4, false, machine(200e9)).model.width);
    last = width;
  }
  CHECK(last == size_ladder().back().width);
}

TEST_CASE(
    "property: every size of the ladder is a possible model, and each is larger than the last") {
  Index last = 0;
  for (const char* name : {"demo", "demo-gpt2"}) {
    last = 0;
    for (const ModelSize& size : size_ladder()) {
      RunOptions options = preset(name);
      options.model.vocab = 1024;
      options = with_size(options, size);
      CHECK_NOTHROW(options.validate());
      CHECK(options.model.parameter_count() > last);
      CHECK((options.model.head_width() == 48 || options.model.head_width() == 64));
      last = options.model.parameter_count();
    }
  }
}

TEST_CASE("edges: sizes are measured only until the rule stops") {
  std::vector<Index> widths;
  fit_to_minutes(demo(), 1e-6, false, machine(100e9, &widths));
  CHECK(widths == std::vector<Index>{64, 96});
  widths.clear();
  fit_to_minutes(demo(), 2, true, machine(100e9, &widths));
  CHECK(widths == std::vector<Index>{96});
}

TEST_CASE("edges: hardly any time is one step, endless time is not endless steps") {
  const RunOptions least = fit_to_minutes(demo(), 1e-9, false, machine(1));
  CHECK(least.steps == 1);
  CHECK(least.learning_rate.warmup == 0);
  CHECK(least.eval_every == 1);
  CHECK_NOTHROW(least.validate());
  CHECK(fit_to_minutes(demo(), 1e12, false, machine(1e18)).steps == 10'000'000);
}

TEST_CASE("edges: real steps take some time and read whole batches") {
  RunOptions options = preset("nano");
  options.model.layers = 1;
  options.model.heads = options.model.kv_heads = 2;
  options.model.width = 16;
  options.model.hidden = 32;
  options.model.context = 8;
  options.model.vocab = 10;
  options.batch = 3;
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 200; ++i) ids.push_back(i % 10);
  const Speed speed =
      measure_speed(options, Batches::windows(ids, {.batch = 3, .time = 8, .seed = 1}));
  CHECK(speed.tokens_per_step == 24);
  CHECK(speed.seconds_per_step > 0);
  const Speed one =
      measure_speed(options, Batches::windows(ids, {.batch = 3, .time = 8, .seed = 1}), 0);
  CHECK(one.tokens_per_step == 24);
}

TEST_CASE("misuse: minutes that are not a number above 0") {
  for (const double minutes : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(fit_to_minutes(demo(), minutes, false, machine(1e9)), std::invalid_argument);
  }
}
