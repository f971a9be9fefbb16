// The two norms at the widths of small GPTs. Forward reads x and writes x_hat and y, backward reads dy
// and x_hat and writes dx. Operations of each number, by the formulas in the headers: layer norm 8
// forward and 11 backward, RMS norm 4 and 8.
#include <benchmark/benchmark.h>

#include <type_traits>

#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/rms_norm.hpp"

#include "work.hpp"

using namespace limpid;

namespace {

void count_numbers(benchmark::State& state, double operations) {
  const Index numbers = state.range(0) * state.range(1);
  bench::count_work(state, {.operations = operations * static_cast<double>(numbers),
                            .bytes = bench::float_bytes(3 * numbers)});
}

template <class Norm>
constexpr bool kCentres = std::is_same_v<Norm, LayerNorm<float>>;

template <class Norm>
void forward(benchmark::State& state) {
  const Matrix<float> x = Matrix<float>::Random(state.range(0), state.range(1));
  const Norm norm(x.cols());
  typename Norm::Cache cache;
  for (auto _ : state) benchmark::DoNotOptimize(norm.forward(x, &cache));
  count_numbers(state, kCentres<Norm> ? 8 : 4);
}

template <class Norm>
void backward(benchmark::State& state) {
  const Matrix<float> x = Matrix<float>::Random(state.range(0), state.range(1));
  const Matrix<float> dy = Matrix<float>::Random(x.rows(), x.cols());
  Norm norm(x.cols());
  typename Norm::Cache cache;
  norm.forward(x, &cache);
  for (auto _ : state) benchmark::DoNotOptimize(norm.backward(dy, cache));
  count_numbers(state, kCentres<Norm> ? 11 : 8);
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
