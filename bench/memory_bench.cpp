// What core/memory gives: training steps with the allocator as it comes, which hands freed memory back to the
// system, and then with memory kept. In this order: the allocator cannot be told to forget.
#include <sys/resource.h>

#include "training_steps.hpp"

using namespace limpid;

namespace {

double page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_minflt);
}

void steps(benchmark::State& state, const bench::Size& size, bool keep) {
  if (keep) keep_freed_memory();
  Trainer trainer = bench::random_trainer(size);
  for (int step = 0; step < 3; ++step) trainer.step();
  const double before = page_faults();
  double operations = 0;
  for (auto _ : state) operations += trainer.step().flops;
  const auto steps = static_cast<double>(state.iterations());
  state.counters["page faults"] = (page_faults() - before) / steps;
  bench::count_work(state, {.operations = operations / steps});
}

#define LIMPID_STEPS(name, size, keep) \
  BENCHMARK_CAPTURE(steps, name, size, keep)->UseRealTime()->Unit(benchmark::kMillisecond)
LIMPID_STEPS(nano_returned, bench::kNano, false);
LIMPID_STEPS(baby_returned, bench::kBaby, false);
LIMPID_STEPS(nano_kept, bench::kNano, true);
LIMPID_STEPS(baby_kept, bench::kBaby, true);

}  // namespace
