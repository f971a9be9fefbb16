// A whole attention layer, as in the presets nano (B12 T64 C128 H4) and baby (B8 T256 C384 H6), and
// one token of cached decoding.
//
// Operations counted: 2 N C (3 C + C) for the products with weights and 4 N T C for scores and
// mixtures, the masked half counted; backward is twice that. Bytes: the weights (and in backward their
// gradients, read and written), x, y, and what is saved for backward; decoding reads keys and values.
#include <benchmark/benchmark.h>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/multi_head_attention.hpp"

#include "work.hpp"

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
  Index weights() const { return 4 * width * width; }

  Context context;
  Index width;
  limpid::Rng rng;
  Attention attention;
  Matrix<float> x;
};

void count(benchmark::State& state, double operations, double bytes) {
  limpid::bench::count_work(state, {.operations = operations, .bytes = bytes});
}

void forward(benchmark::State& state) {
  const Layer layer(state);
  Attention::Cache cache;
  for (auto _ : state) {
    const Matrix<float> y = layer.attention.forward(layer.x, layer.context, &cache);
    benchmark::DoNotOptimize(y.data());
  }
  const double bytes =
      limpid::bench::float_bytes(layer.weights() + layer.x.size() + layer.x.size());
  count(state, layer.operations(layer.context.time), bytes + static_cast<double>(cache.bytes()));
}

void backward(benchmark::State& state) {
  Layer layer(state);
  Attention::Cache cache;
  const Matrix<float> dy = layer.attention.forward(layer.x, layer.context, &cache);
  for (auto _ : state) {
    const Matrix<float> dx = layer.attention.backward(dy, layer.context, cache);
    benchmark::DoNotOptimize(dx.data());
  }
  const double bytes = limpid::bench::float_bytes(3 * layer.weights() + dy.size() + dy.size());
  count(state, 2 * layer.operations(layer.context.time),
        bytes + static_cast<double>(cache.bytes()));
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
  const Index remembered =
      layer.context.batch * past_tokens * layer.width;  // keys, and as many values
  count(state, rows * layer.operations(past_tokens + 1),
        limpid::bench::float_bytes(layer.weights() + 2 * remembered + x.size() + x.size()));
}

#define CASES ->ArgNames({"B", "T", "C", "H"})->Args({12, 64, 128, 4})->Args({8, 256, 384, 6})
BENCHMARK(forward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(backward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(decode) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
