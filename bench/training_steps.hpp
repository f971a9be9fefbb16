// Training steps on random tokens, timed: what a step costs does not depend on what the text says.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "limpid/core/memory.hpp"
#include "limpid/train/trainer.hpp"

#include "work.hpp"

namespace limpid::bench {

// A model of the gpt2 family, and its batches.
struct Size {
  Index layers, heads, width, time, batch, vocab;
};

// As in bench/peers/pytorch_train_step.py.
inline constexpr Size kNano{4, 4, 128, 64, 12, 65};
inline constexpr Size kBaby{6, 6, 384, 256, 8, 65};
inline constexpr Size kGpt2{12, 12, 768, 64, 4, 50257};

inline RunOptions run_options(const Size& size) {
  RunOptions options;
  options.model.layers = size.layers;
  options.model.heads = options.model.kv_heads = size.heads;
  options.model.width = size.width;
  options.model.hidden = 4 * size.width;
  options.model.context = size.time;
  options.model.vocab = size.vocab;
  options.batch = size.batch;
  return options;
}

inline Trainer random_trainer(const Size& size) {
  Rng rng(1);
  std::vector<std::int32_t> text(static_cast<std::size_t>(size.time * (size.batch + 1) + 1));
  for (std::int32_t& id : text) {
    id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(size.vocab)));
  }
  return Trainer(run_options(size),
                 Batches::windows(text, {.batch = size.batch, .time = size.time}));
}

inline void time_training_steps(benchmark::State& state, const Size& size) {
  keep_freed_memory();
  Trainer trainer = random_trainer(size);
  for (int step = 0; step < 3; ++step) trainer.step();  // until the memory is there
  double tokens = 0, operations = 0;
  for (auto _ : state) {
    const StepReport report = trainer.step();
    tokens += static_cast<double>(report.tokens);
    operations += report.flops;
  }
  state.counters["tokens/s"] = benchmark::Counter(tokens, benchmark::Counter::kIsRate);
  count_work(state, {.operations = operations / static_cast<double>(state.iterations())});
}

}  // namespace limpid::bench
