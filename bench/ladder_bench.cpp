// The ladder of bench/ladder, its last step shared by all threads, and beside it the library's kernel and
// Eigen's product, with one thread and with all. A product that is wrong has no time.
#include <benchmark/benchmark.h>

#include "limpid/core/packed_matmul.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/core/reference_matmul.hpp"
#include "limpid/core/rng.hpp"

#include "ladder/ladder.hpp"
#include "work.hpp"

using namespace limpid;
using ladder::Floats;

namespace {

enum Threads { kOne, kAll };

// Small whole numbers: their sums are exact in any order, so products may be asked to be equal.
Floats whole_numbers(Index rows, Index cols, Rng& rng) {
  Floats m(rows, cols);
  for (float& number : m.reshaped())
    number = static_cast<float>(static_cast<int>(rng.below(9)) - 4);
  return m;
}

void library(const Floats& a, const Floats& b, Floats& c) {
  packed_matmul<float>(c, a, b, Store::set);
}
void eigen(const Floats& a, const Floats& b, Floats& c) {
  reference_matmul<float>(c, a, b, Store::set);
}

void step(benchmark::State& state, ladder::Step multiply, Threads use) {
  const Index m = state.range(0), k = state.range(1), n = state.range(2);
  Rng rng(1);
  const Floats a = whole_numbers(m, k, rng), b = whole_numbers(k, n, rng);
  Floats expected(m, n), c = Floats::Constant(m, n, -1);
  eigen(a, b, expected);
  set_threads(use == kOne ? 1 : physical_cores());
  for (auto _ : state) {
    multiply(a, b, c);
    benchmark::ClobberMemory();
  }
  bench::count_work(state, {.operations = 2.0 * static_cast<double>(m * k * n),
                            .bytes = bench::float_bytes(m * k + k * n + m * n)});
  set_threads(physical_cores());
  if (c != expected) state.SkipWithError("the product is wrong");
}

// A square, and the widening product of the size baby's feed-forward.
void in_caches(benchmark::internal::Benchmark* bench) {
  bench->Args({1024, 1024, 1024})->Args({2048, 384, 1536})->ArgNames({"M", "K", "N"});
  bench->UseRealTime()->Unit(benchmark::kMillisecond);
}
// And one whose b, 64 MB, is larger than a cache.
void sizes(benchmark::internal::Benchmark* bench) {
  in_caches(bench);
  bench->Args({128, 4096, 4096});
}

BENCHMARK_CAPTURE(step, naive, ladder::naive, kOne)->Apply(in_caches);
BENCHMARK_CAPTURE(step, loop_order, ladder::loop_order, kOne)->Apply(sizes);
BENCHMARK_CAPTURE(step, cache_blocking, ladder::cache_blocking, kOne)->Apply(sizes);
BENCHMARK_CAPTURE(step, register_tile, ladder::register_tile, kOne)->Apply(sizes);
BENCHMARK_CAPTURE(step, packing, ladder::packing, kOne)->Apply(sizes);
BENCHMARK_CAPTURE(step, library_one_thread, library, kOne)->Apply(sizes);
BENCHMARK_CAPTURE(step, eigen_one_thread, eigen, kOne)->Apply(sizes);
BENCHMARK_CAPTURE(step, shared_all_threads, ladder::shared, kAll)->Apply(sizes);
BENCHMARK_CAPTURE(step, library_all_threads, library, kAll)->Apply(sizes);
BENCHMARK_CAPTURE(step, eigen_all_threads, eigen, kAll)->Apply(sizes);

}  // namespace
