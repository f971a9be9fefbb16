// What one iteration of a benchmark asks of the machine, as rates: bench/report.py holds them against the
// peaks that bench/machine_bench measures in the same run.
#pragma once

#include <benchmark/benchmark.h>

#include "limpid/core/parallel.hpp"

namespace limpid::bench {

struct Work {
  double operations = 0;  // in floating point; a fused multiply-add is two
  double bytes = 0;       // that must move: every input read once, every output written once
  int threads = limpid::threads();  // that it may use: whose peak it is held against
};

inline void count_work(benchmark::State& state, const Work& each) {
  const auto rate = [&](const char* name, double amount) {
    if (amount <= 0) return;
    state.counters[name] =
        benchmark::Counter(1e-9 * amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  rate("GFLOP/s", each.operations);
  rate("GB/s", each.bytes);
  state.counters["threads"] = each.threads;
}

// Bytes of so many floats.
inline double float_bytes(Index numbers) {
  return 4.0 * static_cast<double>(numbers);
}

}  // namespace limpid::bench
