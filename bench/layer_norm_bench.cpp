// The two norms at the widths of small GPTs, in millions of numbers per second.
#include <benchmark/benchmark.h>

#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/rms_norm.hpp"

using namespace limpid;

namespace {

template <class Norm>
void forward(benchmark::State& state) {
  const Matrix<float> x = Matrix<float>::Random(state.range(0), state.range(1));
  const Norm norm(x.cols());
  typename Norm::Cache cache;
  for (auto _ : state) benchmark::DoNotOptimize(norm.forward(x, &cache));
  state.SetItemsProcessed(state.iterations() * x.size());
}

template <class Norm>
void backward(benchmark::State& state) {
  const Matrix<float> x = Matrix<float>::Random(state.range(0), state.range(1));
  const Matrix<float> dy = Matrix<float>::Random(x.rows(), x.cols());
  Norm norm(x.cols());
  typename Norm::Cache cache;
  norm.forward(x, &cache);
  for (auto _ : state) benchmark::DoNotOptimize(norm.backward(dy, cache));
  state.SetItemsProcessed(state.iterations() * x.size());
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench
      ->Args({768, 128})   // nano
      ->Args({2048, 384})  // baby
      ->Args({256, 768})   // gpt2
      ->ArgNames({"N", "C"})
      ->UseRealTime();
}

BENCHMARK(forward<LayerNorm<float>>)->Apply(sizes);
BENCHMARK(backward<LayerNorm<float>>)->Apply(sizes);
BENCHMARK(forward<RmsNorm<float>>)->Apply(sizes);
BENCHMARK(backward<RmsNorm<float>>)->Apply(sizes);

}  // namespace
