// Memory of a training step by part, in megabytes: counted from sizes, and what the process really grew by;
// and the page faults of a step whose memory has all been used before.
#include <string>

#include "limpid/train/step_memory.hpp"

#include "training_steps.hpp"

using namespace limpid;

namespace {

void step_memory(benchmark::State& state, const RunOptions& options) {
  keep_freed_memory();
  StepMemory memory;
  for (auto _ : state) memory = measure_step_memory(options);
  for (const StepMemory::Part& part : memory.parts) {
    state.counters[std::string(part.name) + " MB"] = 1e-6 * part.bytes;
  }
  state.counters["counted MB"] = 1e-6 * memory.counted();
  state.counters["measured MB"] = 1e-6 * memory.measured;
  state.counters["page faults"] = memory.page_faults;
}

RunOptions demo() {
  RunOptions options = preset("demo");
  options.model.vocab = 1536;
  return options;
}

#define LIMPID_STEP_MEMORY(name, options) \
  BENCHMARK_CAPTURE(step_memory, name, options)->Iterations(1)->Unit(benchmark::kMillisecond)
LIMPID_STEP_MEMORY(nano, bench::run_options(bench::kNano));
LIMPID_STEP_MEMORY(baby, bench::run_options(bench::kBaby));
LIMPID_STEP_MEMORY(demo, demo());
LIMPID_STEP_MEMORY(gpt2, bench::run_options(bench::kGpt2));

}  // namespace
