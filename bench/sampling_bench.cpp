// One token drawn from the scores of vocabularies of the demo's and GPT-2's size, on one thread. The
// least that could move is one read of the scores.
#include <benchmark/benchmark.h>

#include <vector>

#include "limpid/generate/sampling.hpp"

#include "work.hpp"

namespace {

using namespace limpid;

void draw(benchmark::State& state, const SamplingOptions& options) {
  Rng rng(1);
  std::vector<float> logits(static_cast<std::size_t>(state.range(0)));
  for (float& logit : logits) logit = static_cast<float>(3 * rng.normal());
  const std::vector<std::int32_t> history{1, 2, 3};
  for (auto _ : state) benchmark::DoNotOptimize(sample(logits, options, history, rng));
  bench::count_work(state, {.bytes = bench::float_bytes(state.range(0)), .threads = 1});
}

void Greedy(benchmark::State& state) {
  draw(state, {.temperature = 0});
}
void Temperature(benchmark::State& state) {
  draw(state, {.temperature = 0.8});
}
void TopK(benchmark::State& state) {
  draw(state, {.top_k = 40});
}
void TopP(benchmark::State& state) {
  draw(state, {.top_p = 0.9});
}
void MinP(benchmark::State& state) {
  draw(state, {.min_p = 0.05});
}
void AllTogether(benchmark::State& state) {
  draw(state,
       {.temperature = 0.8, .top_k = 100, .top_p = 0.9, .min_p = 0.02, .repetition_penalty = 1.1});
}

}  // namespace

BENCHMARK(Greedy)->Arg(1024)->Arg(50257)->UseRealTime();
BENCHMARK(Temperature)->Arg(1024)->Arg(50257)->UseRealTime();
BENCHMARK(TopK)->Arg(1024)->Arg(50257)->UseRealTime();
BENCHMARK(TopP)->Arg(1024)->Arg(50257)->UseRealTime();
BENCHMARK(MinP)->Arg(1024)->Arg(50257)->UseRealTime();
BENCHMARK(AllTogether)->Arg(1024)->Arg(50257)->UseRealTime();
