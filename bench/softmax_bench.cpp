// Softmax alone: rows of the widths that attention and the vocabulary have. It works in place, so each
// turn begins with a copy (8 bytes a number); softmax itself reads and writes 8, its backward 12.
#include <benchmark/benchmark.h>

#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/softmax.hpp"

#include "work.hpp"

namespace {

using limpid::Index;
using limpid::Matrix;

Matrix<float> random_rows(Index rows, Index cols) {
  limpid::Rng rng(1);
  Matrix<float> m(rows, cols);
  for (float& number : m.reshaped()) number = static_cast<float>(rng.normal());
  return m;
}

void forward(benchmark::State& state) {
  const Matrix<float> x = random_rows(state.range(0), state.range(1));
  Matrix<float> p = x;
  for (auto _ : state) {
    p = x;  // without a fresh copy it would see its own output
    limpid::softmax<float>(p, 0.125F);
    benchmark::DoNotOptimize(p.data());
  }
  limpid::bench::count_work(state, {.bytes = limpid::bench::float_bytes(4 * x.size())});
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
  limpid::bench::count_work(state, {.bytes = limpid::bench::float_bytes(5 * dp.size())});
}

#define CASES ->ArgNames({"rows", "cols"})->Args({3072, 64})->Args({12288, 256})->Args({256, 50257})
BENCHMARK(forward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(backward) CASES->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
