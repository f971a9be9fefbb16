// The embedding at the sizes of small GPTs: rows are copied forward, and added up backward.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "limpid/nn/embedding.hpp"

#include "work.hpp"

using namespace limpid;

namespace {

std::vector<std::int32_t> random_ids(Index rows, Index vocabulary) {
  Rng rng(1);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(rows));
  for (std::int32_t& id : ids) {
    id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocabulary)));
  }
  return ids;
}

// Drawing 38 million weights would take longer than all the rest.
Embedding<float> table_of(Index vocabulary, Index width) {
  Embedding<float> table;
  table.weight = Matrix<float>::Constant(vocabulary, width, 0.5F);
  table.weight_grad = Matrix<float>::Zero(vocabulary, width);
  return table;
}

void forward(benchmark::State& state) {
  const Embedding<float> table = table_of(state.range(1), state.range(2));
  const std::vector<std::int32_t> ids = random_ids(state.range(0), state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(table.forward(ids));
  bench::count_work(state, {.bytes = bench::float_bytes(2 * state.range(0) * state.range(2))});
}

void backward(benchmark::State& state) {
  Embedding<float> table = table_of(state.range(1), state.range(2));
  const std::vector<std::int32_t> ids = random_ids(state.range(0), state.range(1));
  const Matrix<float> dy = Matrix<float>::Random(state.range(0), state.range(2));
  for (auto _ : state) {
    table.backward(dy, ids);
    benchmark::ClobberMemory();
  }
  const Index numbers = state.range(0) * state.range(2);
  bench::count_work(state, {.operations = static_cast<double>(numbers),
                            .bytes = bench::float_bytes(3 * numbers)});
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench
      ->Args({768, 65, 128})     // nano
      ->Args({2048, 1024, 256})  // demo
      ->Args({256, 50257, 768})  // gpt2
      ->ArgNames({"N", "V", "C"})
      ->UseRealTime();
}

BENCHMARK(forward)->Apply(sizes);
BENCHMARK(backward)->Apply(sizes);

}  // namespace
