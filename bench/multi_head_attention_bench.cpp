// A whole attention layer, as in the presets nano (B12 T64 C128 H4) and baby (B8 T256 C384 H6), and
// one token of cached decoding.
//
// Operations counted: 2 N C (3 C + C) for the products with weights and 4 N T C for scores and
// mixtures, the masked half counted; backward is twice that.
#include <benchmark/benchmark.h>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/multi_head_attention.hpp"

namespace {

using limpid::Context;
using limpid::Index;
using limpid::Matrix;
using Attention = limpid::MultiHeadAttention<float>;

struct Layer {
  explicit Layer(const benchmark::State& state)
      : context{.batch = state.range(0), .time = state.range(1)},
        width(state.range(2)),
        rng(1),
        attention({.width = width, .heads = state.range(3)}, rng),
        x(context.rows(), width) {
    for (float& number : x.reshaped()) number = static_cast<float>(rng.normal());
  }
  double operations(Index keys) const {
    const auto rows = static_cast<double>(context.rows()), channels = static_cast<double>(width);
    return 8 * rows * channels * channels + 4 * rows * channels * static_cast<double>(keys);
  }

  Context context;
  Index width;
  limpid::Rng rng;
  Attention attention;
  Matrix<float> x;
};

void count_operations(benchmark::State& state, double each) {
  state.counters["GFLOP/s"] = benchmark::Counter(
      1e-9 * each * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void forward(benchmark::State& state) {
  const Layer layer(state);
  Attention::Cache cache;
  for (auto _ : state) {
    const Matrix<float> y = layer.attention.forward(layer.x, layer.context, &cache);
    benchmark::DoNotOptimize(y.data());
  }
  count_operations(state, layer.operations(layer.context.time));
}

void backward(benchmark::State& state) {
  Layer layer(state);
  Attention::Cache cache;
  const Matrix<float> dy = layer.attention.forward(layer.x, layer.context, &cache);
  for (auto _ : state) {
    const Matrix<float> dx = layer.attention.backward(dy, layer.context, cache);
    benchmark::DoNotOptimize(dx.data());
  }
  count_operations(state, 2 * layer.operations(layer.context.time));
}

// One more token for each sequence, behind T that are remembered.
void decode(benchmark::State& state) {
  const Layer layer(state);
  const Index past_tokens = layer.context.time;
  limpid::KeyValueCache<float> past =
      layer.attention.make_cache(layer.context.batch, past_tokens + 1);
  layer.attention.forward_cached(layer.x, layer.context, past);
  const Context one{.batch = layer.context.batch, .time = 1, .offset = past_tokens};
  const Matrix<float> x = layer.x.topRows(one.rows());
  for (auto _ : state) {
    past.length = past_tokens;
    const Matrix<float> y = layer.attention.forward_cached(x, one, past);
    benchmark::DoNotOptimize(y.data());
  }
  const double rows = 1 / static_cast<double>(past_tokens);
  count_operations(state, rows * layer.operations(past_tokens + 1));
}

#define CASES ->ArgNames({"B", "T", "C", "H"})->Args({12, 64, 128, 4})->Args({8, 256, 384, 6})
BENCHMARK(forward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(backward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(decode) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
