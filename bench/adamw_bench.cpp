// AdamW and gradient clipping, float. Both are limited by memory. A step reads 16 bytes and writes 12 for
// each weight, and does 15 operations; clipping reads 4, does 2, and reads and writes 4 more if it has to
// scale.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/train/adamw.hpp"
#include "limpid/train/clip.hpp"

#include "work.hpp"

namespace {

using namespace limpid;

// The tensors of a small model: `layers` blocks of width C, as matrices and vectors.
struct Tensors {
  std::vector<Matrix<float>> values, grads;

  Tensors(Index layers, Index width) {
    Rng rng(1);
    const auto add = [&](Index rows, Index cols) {
      values.push_back(Matrix<float>::Zero(rows, cols));
      grads.push_back(Matrix<float>::Zero(rows, cols));
      for (float& g : grads.back().reshaped()) g = static_cast<float>(0.01 * rng.normal());
    };
    for (Index layer = 0; layer < layers; ++layer) {
      add(3 * width, width);
      add(width, width);
      add(4 * width, width);
      add(width, 4 * width);
      for (int norm = 0; norm < 4; ++norm) add(1, width);
    }
  }
  Parameters<float> parameters() {
    Parameters<float> all;
    for (std::size_t i = 0; i < values.size(); ++i) {
      all.push_back(matrix_parameter("tensor" + std::to_string(i), values[i], grads[i]));
    }
    return all;
  }
  Index size() const {
    Index numbers = 0;
    for (const Matrix<float>& value : values) numbers += value.size();
    return numbers;
  }
};

void count_weights(benchmark::State& state, Index weights, double operations, double bytes) {
  const auto all = static_cast<double>(weights);
  bench::count_work(state, {.operations = operations * all, .bytes = bytes * all});
}

void AdamWStep(benchmark::State& state) {
  Tensors tensors(state.range(0), state.range(1));
  const Parameters<float> parameters = tensors.parameters();
  AdamW<float> optimizer(parameters);
  for (auto _ : state) optimizer.step(parameters, 1e-4);
  count_weights(state, tensors.size(), 15, 28);
}

// Weights whose gradients have been zero for so long that their moments would be denormal.
void AdamWStepOfIdleWeights(benchmark::State& state) {
  Tensors tensors(state.range(0), state.range(1));
  const Parameters<float> parameters = tensors.parameters();
  AdamW<float> optimizer(parameters);
  optimizer.step(parameters, 1e-4);
  zero_gradients(parameters);
  for (int step = 0; step < 900; ++step) optimizer.step(parameters, 1e-4);
  for (auto _ : state) optimizer.step(parameters, 1e-4);
  count_weights(state, tensors.size(), 15, 28);
}

void Clip(benchmark::State& state) {
  Tensors tensors(state.range(0), state.range(1));
  const Parameters<float> parameters = tensors.parameters();
  for (auto _ : state) benchmark::DoNotOptimize(clip_gradients(parameters, 1e9).norm);
  count_weights(state, tensors.size(), 2, 4);
}

}  // namespace

// nano: 4 layers of 128; baby: 6 of 384; a quarter of gpt2: 3 of 768.
BENCHMARK(AdamWStep)->Args({4, 128})->Args({6, 384})->Args({3, 768})->UseRealTime();
BENCHMARK(AdamWStepOfIdleWeights)->Args({4, 128})->UseRealTime();
BENCHMARK(Clip)->Args({4, 128})->Args({6, 384})->Args({3, 768})->UseRealTime();
