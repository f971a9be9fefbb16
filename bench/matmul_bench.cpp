// Products at the sizes that training uses, by the library's kernel and by Eigen's.
#include <benchmark/benchmark.h>

#include "limpid/core/matmul.hpp"
#include "limpid/core/packed_matmul.hpp"
#include "limpid/core/reference_matmul.hpp"

#include "work.hpp"

using namespace limpid;

namespace {

enum Form { kForward, kInput, kWeight };  // y = x W^T,  dx = dy W,  dW += dy^T x

using Multiply = void (*)(View<float>, const Factor<float>&, const Factor<float>&, Store);

void product(benchmark::State& state, Form form, Multiply multiply) {
  const Index n = state.range(0), in = state.range(1), out = state.range(2);
  const Matrix<float> x = Matrix<float>::Random(n, in), w = Matrix<float>::Random(out, in),
                      dy = Matrix<float>::Random(n, out);
  Matrix<float> y(n, out), dx(n, in), dw = Matrix<float>::Zero(out, in);
  for (auto _ : state) {
    if (form == kForward) multiply(y, x, t(w), Store::set);
    if (form == kInput) multiply(dx, dy, w, Store::set);
    if (form == kWeight) multiply(dw, t(dy), x, Store::add);
    benchmark::ClobberMemory();
  }
  const Index read_too = form == kWeight ? out * in : 0;  // what dW held before
  bench::count_work(state, {.operations = 2.0 * static_cast<double>(n * in * out),
                            .bytes = bench::float_bytes(n * in + in * out + n * out + read_too)});
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench
      ->Args({768, 128, 384})    // nano: qkv
      ->Args({768, 128, 128})    // nano: attention's output
      ->Args({768, 128, 512})    // nano: up
      ->Args({768, 512, 128})    // nano: down
      ->Args({2048, 384, 1536})  // baby: up
      ->Args({2048, 1536, 384})  // baby: down
      ->Args({256, 768, 3072})   // gpt2: up
      ->Args({256, 768, 50257})  // gpt2: head
      ->Args({64, 32, 64})       // one head
      ->ArgNames({"N", "in", "out"})
      ->UseRealTime();
}

BENCHMARK_CAPTURE(product, forward / eigen, kForward, reference_matmul<float>)->Apply(sizes);
BENCHMARK_CAPTURE(product, forward / packed, kForward, packed_matmul<float>)->Apply(sizes);
BENCHMARK_CAPTURE(product, input / eigen, kInput, reference_matmul<float>)->Apply(sizes);
BENCHMARK_CAPTURE(product, input / packed, kInput, packed_matmul<float>)->Apply(sizes);
BENCHMARK_CAPTURE(product, weight / eigen, kWeight, reference_matmul<float>)->Apply(sizes);
BENCHMARK_CAPTURE(product, weight / packed, kWeight, packed_matmul<float>)->Apply(sizes);

}  // namespace
