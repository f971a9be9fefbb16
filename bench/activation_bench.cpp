// Activations at the hidden sizes of small GPTs. Counted are the bytes of x, y, dy and dx; how many operations
// a tanh, an exp or an erf takes is a matter of taste.
#include <benchmark/benchmark.h>

#include "limpid/nn/activation.hpp"

#include "work.hpp"

using namespace limpid;

namespace {

void forward(benchmark::State& state, Activation kind) {
  const Matrix<float> x = 2 * Matrix<float>::Random(state.range(0), state.range(1));
  Matrix<float> y(x.rows(), x.cols());
  for (auto _ : state) {
    activation_forward<float>(kind, x, y);
    benchmark::ClobberMemory();
  }
  bench::count_work(state, {.bytes = bench::float_bytes(2 * x.size())});
}

void backward(benchmark::State& state, Activation kind) {
  const Matrix<float> x = 2 * Matrix<float>::Random(state.range(0), state.range(1));
  const Matrix<float> dy = Matrix<float>::Random(x.rows(), x.cols());
  Matrix<float> dx(x.rows(), x.cols());
  for (auto _ : state) {
    activation_backward<float>(kind, x, dy, dx);
    benchmark::ClobberMemory();
  }
  bench::count_work(state, {.bytes = bench::float_bytes(3 * x.size())});
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench
      ->Args({768, 512})    // nano
      ->Args({2048, 1536})  // baby
      ->Args({256, 3072})   // gpt2
      ->ArgNames({"N", "F"})
      ->UseRealTime();
}

BENCHMARK_CAPTURE(forward, relu, Activation::relu)->Apply(sizes);
BENCHMARK_CAPTURE(forward, gelu_tanh, Activation::gelu_tanh)->Apply(sizes);
BENCHMARK_CAPTURE(forward, gelu_erf, Activation::gelu_erf)->Apply(sizes);
BENCHMARK_CAPTURE(forward, silu, Activation::silu)->Apply(sizes);
BENCHMARK_CAPTURE(backward, relu, Activation::relu)->Apply(sizes);
BENCHMARK_CAPTURE(backward, gelu_tanh, Activation::gelu_tanh)->Apply(sizes);
BENCHMARK_CAPTURE(backward, gelu_erf, Activation::gelu_erf)->Apply(sizes);
BENCHMARK_CAPTURE(backward, silu, Activation::silu)->Apply(sizes);

}  // namespace
