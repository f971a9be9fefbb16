#include "limpid/train/step_memory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/model/decoder.hpp"

#include "small_trainer.hpp"

using namespace limpid;
using namespace limpid::test;

// That all parts together are what a process grows by is tested in tests/cli, in a process of its own.
// NO gradient check: memory has no gradient
// NO fixture: how much memory a step takes depends on this house's code
// NO accumulation: nothing accumulates
// NO misuse: options are checked where they are made

namespace {

double part(const StepMemory& memory, std::string_view name) {
  for (const StepMemory::Part& p : memory.parts) {
    if (p.name == name) return p.bytes;
  }
  FAIL("no part is called ", name);
  return 0;
}

}  // namespace

TEST_CASE("by hand: one layer of width 16") {
  const RunOptions options = small_options();  // V 10, T 8, C 16, F 32, batch 4
  const StepMemory memory = measure_step_memory(options);
  // Embedding and positions 10*16 + 8*16; norms 3 * 2*16; attention 4*16*16 + 4*16; feed-forward
  // 2*16*32 + 32 + 16.
  const double P = 160 + 128 + 96 + 1024 + 64 + 1024 + 48, N = 4 * 8;
  CHECK(part(memory, "parameters") == 4 * P);
  CHECK(part(memory, "gradients") == 4 * P);
  CHECK(part(memory, "moments") == 8 * P);
  CHECK(part(memory, "logits") == 4 * N * 10);
  CHECK(part(memory, "in flight") == 4 * N * (2 * 16 + 4 * 16));
  double sum = 0;
  for (const StepMemory::Part& p : memory.parts) sum += p.bytes;
  CHECK(memory.counted() == sum);
}

TEST_CASE("by hand: Muon keeps one number a weight for the blocks' matrices") {
  RunOptions options = small_options();
  options.optimizer = "muon";
  const double matrices = 4 * 16 * 16 + 2 * 16 * 32, rest = 160 + 128 + 96 + 64 + 48;
  CHECK(part(measure_step_memory(options), "moments") == 4 * matrices + 8 * rest);
}

TEST_CASE("property: the caches are those of a forward pass over full rows") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    RunOptions options = small_options();
    options.model.family = family;
    Rng rng(1);
    const Decoder<float> model(options.model, rng);
    const Context context{.batch = options.batch, .time = options.model.context};
    const std::vector<std::int32_t> ids(static_cast<std::size_t>(context.rows()), 3);
    Decoder<float>::Cache cache;
    model.forward(ids, context, &cache);
    CHECK(part(measure_step_memory(options), "caches") == static_cast<double>(cache.bytes()));
  }
}

TEST_CASE("edges: one row of one token") {
  RunOptions options = small_options();
  options.batch = 1;
  options.model.context = 1;
  const StepMemory memory = measure_step_memory(options);
  CHECK(part(memory, "logits") == 40);
  CHECK(memory.page_faults >= 0);
}
