// Cross-entropy at the sizes of small GPTs. Logits are read, and their gradient written in their place.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/nn/cross_entropy.hpp"

#include "work.hpp"

using namespace limpid;

namespace {

std::vector<std::int32_t> random_targets(Index rows, Index vocabulary) {
  Rng rng(1);
  std::vector<std::int32_t> targets(static_cast<std::size_t>(rows));
  for (std::int32_t& target : targets) {
    target = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocabulary)));
  }
  return targets;
}

void loss_and_gradient(benchmark::State& state) {
  Matrix<float> logits = Matrix<float>::Random(state.range(0), state.range(1));
  const std::vector<std::int32_t> targets = random_targets(logits.rows(), logits.cols());
  for (auto _ : state) {
    // The gradient is made in the memory of the logits: give it back as the next logits.
    CrossEntropyResult<float> result = cross_entropy(std::move(logits), targets);
    benchmark::DoNotOptimize(result.loss);
    logits = std::move(result.dlogits);
  }
  bench::count_work(state, {.bytes = bench::float_bytes(2 * logits.size())});
}

void loss_alone(benchmark::State& state) {
  const Matrix<float> logits = Matrix<float>::Random(state.range(0), state.range(1));
  const std::vector<std::int32_t> targets = random_targets(logits.rows(), logits.cols());
  for (auto _ : state) benchmark::DoNotOptimize(cross_entropy_loss(logits, targets));
  bench::count_work(state, {.bytes = bench::float_bytes(logits.size())});
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench
      ->Args({768, 65})     // nano
      ->Args({2048, 1024})  // demo
      ->Args({256, 50257})  // gpt2
      ->ArgNames({"N", "V"})
      ->UseRealTime();
}

BENCHMARK(loss_and_gradient)->Apply(sizes);
BENCHMARK(loss_alone)->Apply(sizes);

}  // namespace
