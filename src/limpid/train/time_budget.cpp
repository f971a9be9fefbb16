#include "limpid/train/time_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/train/trainer.hpp"

namespace limpid {
namespace {

constexpr double kTokensPerParameter = 9;
constexpr double kShareForSteps = 0.9;  // the rest: evaluations, samples, saves
constexpr double kMostSteps = 1e7;

constexpr ModelSize kLadder[] = {{2, 1, 64},  {2, 2, 96},  {3, 2, 128}, {4, 3, 192},
                                 {6, 4, 256}, {8, 6, 384}, {8, 8, 512}};

double steps_in(double minutes, const Speed& speed) {
  const double steps = minutes * 60 * kShareForSteps / speed.seconds_per_step;
  return std::clamp(std::floor(steps), 1.0, kMostSteps);
}

bool reads_enough(const RunOptions& options, double minutes, const Speed& speed) {
  return steps_in(minutes, speed) * speed.tokens_per_step >=
         kTokensPerParameter * static_cast<double>(options.model.parameter_count());
}

}  // namespace

std::span<const ModelSize> size_ladder() {
  return kLadder;
}

RunOptions with_size(RunOptions options, const ModelSize& size) {
  Config& model = options.model;
  // The rate suited the preset's width. Adam's best rate falls as a model gets wider; Muon's does not.
  if (options.optimizer == "adamw") {
    const double ratio = static_cast<double>(model.width) / static_cast<double>(size.width);
    options.learning_rate.peak *= std::min(1.0, ratio);
    options.learning_rate.minimum =
        std::min(options.learning_rate.minimum, options.learning_rate.peak);
  }
  model.layers = size.layers;
  model.heads = model.kv_heads = size.heads;
  model.width = size.width;
  // Three matrices of 8/3 widths have as many numbers as two of 4.
  model.hidden =
      model.family == Family::gpt2 ? 4 * size.width : (8 * size.width / 3 + 31) / 32 * 32;
  return options;
}

RunOptions fit_to_minutes(const RunOptions& options, double minutes, bool keep_size,
                          const MeasureSpeed& measure) {
  if (!(minutes > 0 && std::isfinite(minutes))) {
    fail("time_budget", fmt::format("minutes is {}, expected a number above 0", minutes));
  }
  RunOptions best = options;
  Speed speed;
  if (keep_size) {
    speed = measure(best);
  } else {
    for (const ModelSize& size : kLadder) {
      const RunOptions larger = with_size(options, size);
      const Speed its_speed = measure(larger);
      const bool smallest = size.width == kLadder[0].width;
      if (!smallest && !reads_enough(larger, minutes, its_speed)) break;
      best = larger;
      speed = its_speed;
    }
  }
  best.steps = static_cast<Index>(steps_in(minutes, speed));
  best.learning_rate.steps = best.steps;
  best.learning_rate.warmup = best.steps / 20;
  best.eval_every = best.save_every = std::max<Index>(1, (best.steps + 7) / 8);
  return best;
}

Speed measure_speed(const RunOptions& options, Batches batches, double enough) {
  using Clock = std::chrono::steady_clock;
  constexpr int kSteps = 4;
  Trainer trainer(options, std::move(batches));
  const Clock::time_point begin = Clock::now();
  Speed speed;
  double tokens = 0;
  for (int step = 1; step <= kSteps; ++step) {
    const Clock::time_point start = Clock::now();
    tokens += static_cast<double>(trainer.step().tokens);
    const Clock::time_point end = Clock::now();
    speed.tokens_per_step = tokens / step;
    const double seconds = std::chrono::duration<double>(end - start).count();
    // The first step takes memory for the first time; the others repeat, and the fastest of them is the
    // one that nothing disturbed.
    speed.seconds_per_step = step <= 2 ? seconds : std::min(speed.seconds_per_step, seconds);
    if (std::chrono::duration<double>(end - begin).count() > enough) break;
  }
  return speed;
}

double expected_seconds(Index steps, const Speed& speed) {
  return static_cast<double>(steps) * speed.seconds_per_step / kShareForSteps;
}

}  // namespace limpid
