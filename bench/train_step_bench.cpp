// A full training step (forward, backward, clipping, AdamW) of three sizes of the gpt2 family.
//
// FLOP per token: 6 x (parameters without positions) + 12 x layers x width x context, the masked half of
// attention counted. bench/peers/pytorch_train_step.py does the same work in PyTorch.
#include <benchmark/benchmark.h>

#include "limpid/core/memory.hpp"
#include "limpid/train/trainer.hpp"

using namespace limpid;

namespace {

RunOptions size(Index layers, Index heads, Index width, Index time, Index batch, Index vocab) {
  RunOptions o;
  o.model.layers = layers;
  o.model.heads = o.model.kv_heads = heads;
  o.model.width = width;
  o.model.hidden = 4 * width;
  o.model.context = time;
  o.model.vocab = vocab;
  o.batch = batch;
  return o;
}

void train_step(benchmark::State& state, const RunOptions& options) {
  keep_freed_memory();
  Rng rng(1);
  std::vector<std::int32_t> text(static_cast<std::size_t>(options.model.context) * 64 + 1);
  for (std::int32_t& id : text) {
    id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(options.model.vocab)));
  }
  Trainer trainer(options,
                  Batches::windows(text, {.batch = options.batch, .time = options.model.context}));
  trainer.step();
  double tokens = 0, flops = 0;
  for (auto _ : state) {
    const StepReport report = trainer.step();
    tokens += static_cast<double>(report.tokens);
    flops += report.flops;
  }
  state.counters["tokens/s"] = benchmark::Counter(tokens, benchmark::Counter::kIsRate);
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(train_step, nano, size(4, 4, 128, 64, 12, 65))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(train_step, baby, size(6, 6, 384, 256, 8, 65))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(train_step, gpt2, size(12, 12, 768, 64, 4, 50257))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
