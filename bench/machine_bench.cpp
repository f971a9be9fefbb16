// The machine's peaks, against which bench/report.py holds every other benchmark: fused multiply-adds out of
// registers, and bytes to and from memory, for working sets from the first cache to memory itself.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "limpid/core/parallel.hpp"
#include "limpid/core/vector.hpp"

#include "work.hpp"

namespace {

using namespace limpid;

constexpr Index kLanesOfFloat = kLanes<float>;

// Tells the compiler that v may have changed, at no cost. Without it the sums below would be worked out
// when compiling, or only the last turn of the loop kept.
inline void changed(Vector<float>& v) {
#if defined(__AVX512F__)
  asm volatile("" : "+v"(v));  // any of the 32 vector registers
#elif defined(__x86_64__)
  asm volatile("" : "+x"(v));
#elif defined(__aarch64__)
  asm volatile("" : "+w"(v));
#else
  asm volatile("" : "+m"(v));
#endif
}

// A multiply-add takes some four cycles and a core begins one or two in each, so a dozen independent sums
// keep it busy; 12 sums and two factors fit even 16 registers.
constexpr int kSums = 12;

float multiply_adds(Index turns) {
  Vector<float> factor = Vector<float>{} + 0.5F, addend = Vector<float>{} + 1.0F;
  Vector<float> sum[kSums] = {};
  for (Index turn = 0; turn < turns; ++turn) {
#pragma GCC unroll 12
    for (int s = 0; s < kSums; ++s) {
      Vector<float> next = sum[s] * factor + addend;
      changed(next);
      sum[s] = next;
    }
  }
  float result = 0;
  for (const Vector<float>& s : sum) result += s[0];
  return result;
}

void fused_multiply_add(benchmark::State& state) {
  const auto count = static_cast<int>(state.range(0));
  set_threads(count);
  constexpr Index kTurns = 200'000;
  for (auto _ : state) {
    parallel_for(count, 1, [](Index, Index) { benchmark::DoNotOptimize(multiply_adds(kTurns)); });
  }
  const double each = 2.0 * kSums * kLanesOfFloat * kTurns;
  bench::count_work(state, {.operations = each * count, .threads = count});
  set_threads(physical_cores());
}

// The part of a working set that one thread goes through again and again. Numbers are summed, and moved,
// eight vectors at a time.
constexpr Index kStep = 8 * kLanesOfFloat;

float read(const float* a, Index size) {
  Vector<float> sum[8] = {};
  for (Index i = 0; i < size; i += kStep) {
    for (int s = 0; s < 8; ++s) sum[s] += load(a + i + s * kLanesOfFloat);
  }
  float result = 0;
  for (const Vector<float>& s : sum) result += s[0];
  return result;
}

void triad(float* a, const float* b, const float* c, Index size) {
  for (Index i = 0; i < size; i += kStep) {
    for (int s = 0; s < 8; ++s) {
      const Index at = i + s * kLanesOfFloat;
      store(a + at, load(b + at) + 0.5F * load(c + at));
    }
  }
}

// `streams` arrays that take `bytes` together. Every thread has its own part of each and goes over it
// often enough that starting threads does not count.
template <class Body>
void over_memory(benchmark::State& state, int streams, Body&& body) {
  const auto count = static_cast<int>(state.range(0));
  const Index bytes = state.range(1);
  set_threads(count);
  const Index part = std::max<Index>(1, bytes / (4 * streams * count) / kStep) * kStep;
  Matrix<float> numbers = Matrix<float>::Constant(streams, part * count, 0.5F);
  const double moved = bench::float_bytes(streams * part * count);
  const Index turns = std::max<Index>(1, (Index{16} << 20) / static_cast<Index>(moved));
  for (auto _ : state) {
    parallel_for(count, 1, [&](Index piece, Index) {
      for (Index turn = 0; turn < turns; ++turn) {
        body(numbers, piece * part, part);
        benchmark::ClobberMemory();
      }
    });
  }
  bench::count_work(state, {.bytes = moved * static_cast<double>(turns), .threads = count});
  set_threads(physical_cores());
}

void read_memory(benchmark::State& state) {
  over_memory(state, 1, [](const Matrix<float>& numbers, Index first, Index size) {
    benchmark::DoNotOptimize(read(numbers.data() + first, size));
  });
}

// a = b + factor * c, as in the STREAM benchmark; the line of a that a write must first fetch is not counted.
void triad_memory(benchmark::State& state) {
  over_memory(state, 3, [](Matrix<float>& numbers, Index first, Index size) {
    triad(numbers.row(0).data() + first, numbers.row(1).data() + first,
          numbers.row(2).data() + first, size);
  });
}

void thread_counts(benchmark::internal::Benchmark* bench) {
  bench->ArgName("threads")->Arg(1)->UseRealTime()->Unit(benchmark::kMicrosecond);
  if (physical_cores() > 1) bench->Arg(physical_cores());
}

// From 32 KB, all in first caches, to 256 MB, much larger than any cache.
void working_sets(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"threads", "bytes"})->UseRealTime()->Unit(benchmark::kMicrosecond);
  for (const int count : {1, physical_cores()}) {
    for (Index bytes = Index{32} << 10; bytes <= Index{256} << 20; bytes *= 4) {
      bench->Args({count, bytes});
    }
    bench->Args({count, Index{256} << 20});
    if (physical_cores() == 1) break;
  }
}

BENCHMARK(fused_multiply_add)->Apply(thread_counts);
BENCHMARK(read_memory)->Apply(working_sets);
BENCHMARK(triad_memory)->Apply(working_sets);

}  // namespace
