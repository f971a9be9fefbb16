/// What a training step holds in memory, part by part, and beside it what the process really grew by.
///
/// Counted from sizes (P parameters, N = batch * time rows, all of them full):
///
///   parameters      4 P bytes
///   gradients       4 P
///   moments         8 P with AdamW; 4 for every number that Muon trains
///   caches          what forward saves for backward: Decoder::Cache::bytes()
///   logits          4 N V, and their gradient in the same place
///   in flight       the widest moment of a block's backward: the stream's gradient, a branch's gradient, and
///                   the hidden ones between: 4 N (2 C + max(4 C, F)), llama 4 N (2 C + max(4 C, 3 F))
///
/// Said by the allocator, where it says (glibc):
///
///   workspaces      in use between steps besides the above: the panels that products pack, the batches
///   gaps            kept free, but never where and as large as it was needed
///
/// USES    core, train/batches, train/run_options, train/trainer
/// COST    the time of ten training steps
#pragma once

#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/train/run_options.hpp"

namespace limpid {

struct LIMPID_API StepMemory {
  struct Part {
    std::string_view name;
    double bytes;
  };
  std::vector<Part> parts;
  double counted() const;  ///< all parts together

  double measured = 0;     ///< bytes by which the process grew; 0 where the system does not say
  double page_faults = 0;  ///< of a step, once all memory has been used before
};

/// Trains a fresh model on random tokens for a few steps, and throws it away. Exact in a fresh process: memory
/// that lies free already hides gaps.
/// REQUIRES options.validate() passes; keep_freed_memory() was called
LIMPID_API StepMemory measure_step_memory(const RunOptions& options);

}  // namespace limpid
