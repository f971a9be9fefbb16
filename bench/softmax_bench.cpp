// Softmax alone: rows of the widths that attention and the vocabulary have. Numbers per second.
#include <benchmark/benchmark.h>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/softmax.hpp"

namespace {

using limpid::Index;
using limpid::Matrix;

Matrix<float> random_rows(Index rows, Index cols) {
  limpid::Rng rng(1);
  Matrix<float> m(rows, cols);
  for (float& number : m.reshaped()) number = static_cast<float>(rng.normal());
  return m;
}

void count_numbers(benchmark::State& state) {
  const auto numbers = static_cast<double>(state.iterations() * state.range(0) * state.range(1));
  state.counters["numbers/s"] = benchmark::Counter(numbers, benchmark::Counter::kIsRate);
}

void forward(benchmark::State& state) {
  const Matrix<float> x = random_rows(state.range(0), state.range(1));
  Matrix<float> p = x;
  for (auto _ : state) {
    p = x;  // softmax works in place: without a fresh copy it would see its own output
    limpid::softmax<float>(p, 0.125F);
    benchmark::DoNotOptimize(p.data());
  }
  count_numbers(state);
}

void backward(benchmark::State& state) {
  Matrix<float> p = random_rows(state.range(0), state.range(1));
  const Matrix<float> dp = p;
  Matrix<float> dx = dp;
  limpid::softmax<float>(p);
  for (auto _ : state) {
    dx = dp;
    limpid::softmax_backward<float>(p, dx, 0.125F);
    benchmark::DoNotOptimize(dx.data());
  }
  count_numbers(state);
}

#define CASES ->ArgNames({"rows", "cols"})->Args({3072, 64})->Args({12288, 256})->Args({256, 50257})
BENCHMARK(forward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(backward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
