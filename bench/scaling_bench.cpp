// What a token costs in training when one size grows and the others stay: context T, width C, layers L,
// vocabulary V, with 512 tokens a step. And the size baby with 1, 2, .. threads.
//
// bench/report.py plots the cost beside the formula: 6 x (parameters without positions) + 12 x layers x
// width x context operations for each token.
#include <set>

#include "limpid/core/parallel.hpp"

#include "training_steps.hpp"

using namespace limpid;
using bench::Size;
using bench::time_training_steps;

namespace {

constexpr Index kTokens = 512;
constexpr Size kBase{.layers = 4, .heads = 8, .width = 256, .time = 128, .batch = 4, .vocab = 1024};
static_assert(kBase.time * kBase.batch == kTokens);

void over_context(benchmark::State& state) {
  Size size = kBase;
  size.time = state.range(0);
  size.batch = kTokens / size.time;
  time_training_steps(state, size);
}

void over_width(benchmark::State& state) {
  Size size = kBase;
  size.width = state.range(0);
  size.heads = size.width / 32;  // heads of the same width
  time_training_steps(state, size);
}

void over_layers(benchmark::State& state) {
  Size size = kBase;
  size.layers = state.range(0);
  time_training_steps(state, size);
}

void over_vocabulary(benchmark::State& state) {
  Size size = kBase;
  size.vocab = state.range(0);
  time_training_steps(state, size);
}

void over_threads(benchmark::State& state) {
  set_threads(static_cast<int>(state.range(0)));
  time_training_steps(state, bench::kBaby);
  set_threads(physical_cores());
}

// 1, 2, 4 .. and all cores.
void thread_counts(benchmark::internal::Benchmark* bench) {
  std::set<int> counts{physical_cores()};
  for (int count = 1; count < physical_cores(); count *= 2) counts.insert(count);
  for (const int count : counts) bench->Arg(count);
  bench->ArgName("threads")->UseRealTime()->Unit(benchmark::kMillisecond);
}

#define LIMPID_OVER(name, letter) \
  BENCHMARK(name)->UseRealTime()->Unit(benchmark::kMillisecond)->ArgName(letter)
LIMPID_OVER(over_context, "T")->RangeMultiplier(2)->Range(16, kTokens);
LIMPID_OVER(over_width, "C")->Arg(64)->Arg(128)->Arg(256)->Arg(384)->Arg(512);
LIMPID_OVER(over_layers, "L")->RangeMultiplier(2)->Range(1, 8);
LIMPID_OVER(over_vocabulary, "V")->RangeMultiplier(4)->Range(64, 16384);
BENCHMARK(over_threads)->Apply(thread_counts);

}  // namespace
