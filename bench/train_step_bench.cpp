// A full training step (forward, backward, clipping, AdamW) of three sizes of the gpt2 family.
//
// Operations per token: 6 x (parameters without positions) + 12 x layers x width x context, the masked half
// of attention counted. bench/peers/pytorch_train_step.py does the same work in PyTorch.
#include "training_steps.hpp"

using namespace limpid::bench;

namespace {

void train_step(benchmark::State& state, const Size& size) {
  time_training_steps(state, size);
}

BENCHMARK_CAPTURE(train_step, nano, kNano)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(train_step, baby, kBaby)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(train_step, gpt2, kGpt2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
