#include "limpid/train/step_memory.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "limpid/core/rng.hpp"
#include "limpid/train/batches.hpp"
#include "limpid/train/trainer.hpp"

namespace limpid {
namespace {

// The process at one moment, in bytes.
struct Process {
  double resident = 0;            // pages that lie in memory
  double in_use = 0, unused = 0;  // of the allocator's memory
};

Process look_at_process() {
  Process process;
  std::ifstream file("/proc/self/statm");
  double all = 0, resident = 0;
  if (file >> all >> resident) {
    process.resident = resident * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
#if defined(__GLIBC__)
  const struct mallinfo2 heap = mallinfo2();
  process.in_use = static_cast<double>(heap.uordblks + heap.hblkhd);
  process.unused = static_cast<double>(heap.fordblks);
#endif
  return process;
}

// Memory that was freed but kept goes back to the system: what is used again shall count as growth.
void give_back_freed_memory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

double page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_minflt);
}

double float_bytes(double numbers) {
  return numbers * sizeof(float);
}

double size(const Parameters<float>& parameters) {
  double sum = 0;
  for (const Parameter<float>& parameter : parameters) {
    sum += static_cast<double>(parameter.value.size());
  }
  return sum;
}

double in_flight_per_row(const Config& model) {
  const auto C = static_cast<double>(model.width), F = static_cast<double>(model.hidden);
  return 2 * C + std::max(4 * C, model.family == Family::gpt2 ? F : 3 * F);
}

Batches random_batches(const RunOptions& options) {
  Rng rng(1);
  const Index time = options.model.context;
  Batches::Ids ids(static_cast<std::size_t>(time * (options.batch + 1) + 1));
  for (std::int32_t& id : ids) {
    id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(options.model.vocab)));
  }
  return Batches::windows(ids, {.batch = options.batch, .time = time});
}

}  // namespace

double StepMemory::counted() const {
  double sum = 0;
  for (const Part& part : parts) sum += part.bytes;
  return sum;
}

StepMemory measure_step_memory(const RunOptions& options) {
  give_back_freed_memory();
  const Process before = look_at_process();
  Trainer trainer(options, random_batches(options));
  // Which thread takes which memory varies, so the heap still grows a little for a few steps.
  constexpr int kFirst = 6, kMore = 4;
  for (int step = 0; step < kFirst; ++step) trainer.step();
  const double faults = page_faults();
  for (int step = 0; step < kMore; ++step) trainer.step();
  const double more_faults = page_faults() - faults;
  const Process after = look_at_process();

  const auto rows = static_cast<double>(options.batch * options.model.context);
  const double numbers = size(trainer.parameters);
  const double moments = 2 * size(trainer.adamw_parameters) + size(trainer.muon_parameters);
  const double logits = float_bytes(rows * static_cast<double>(options.model.vocab));
  const double in_flight = float_bytes(rows * in_flight_per_row(options.model));

  StepMemory memory;
  memory.page_faults = more_faults / kMore;
  memory.measured = after.resident - before.resident;
  memory.parts = {{"parameters", float_bytes(numbers)},
                  {"gradients", float_bytes(numbers)},
                  {"moments", float_bytes(moments)},
                  {"caches", static_cast<double>(trainer.cache_bytes())}};
  const double workspaces = after.in_use - before.in_use - memory.counted();
  const double gaps = after.unused - before.unused - logits - in_flight;
  memory.parts.push_back({"logits", logits});
  memory.parts.push_back({"in flight", in_flight});
  memory.parts.push_back({"workspaces", std::max(0.0, workspaces)});
  memory.parts.push_back({"gaps", std::max(0.0, gaps)});
  return memory;
}

}  // namespace limpid
