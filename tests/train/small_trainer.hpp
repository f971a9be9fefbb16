// A trainer that takes milliseconds: ids 0 .. 9 in a pattern with some noise, a model of a few thousand
// numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "limpid/train/trainer.hpp"

namespace limpid::test {

inline RunOptions small_options() {
  RunOptions options = preset("nano");
  options.model.vocab = 10;
  options.model.layers = 1;
  options.model.heads = options.model.kv_heads = 2;
  options.model.width = 16;
  options.model.hidden = 32;
  options.model.context = 8;
  options.batch = 4;
  options.steps = 50;
  options.learning_rate = {1e-2, 1e-3, 5, 50, Decay::cosine};
  return options;
}

inline std::vector<std::int32_t> small_ids() {
  Rng rng(3);
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 500; ++i) {
    ids.push_back(rng.below(10) == 0 ? static_cast<std::int32_t>(rng.below(10)) : i % 10);
  }
  return ids;
}

inline Trainer small_trainer(const RunOptions& options = small_options()) {
  return Trainer(
      options, Batches::windows(small_ids(), {.batch = options.batch,
                                              .time = options.model.context,
                                              .seed = stream(options.seed, Stream::data).bits()}));
}

inline std::vector<float> all_numbers(const Trainer& trainer) {
  std::vector<float> all;
  for (const Parameter<float>& p : trainer.parameters) {
    all.insert(all.end(), p.value.begin(), p.value.end());
  }
  return all;
}

}  // namespace limpid::test
