// Layers and models of random shapes, for properties.
#pragma once

#include <cstdint>
#include <vector>

#include "limpid/model/decoder.hpp"
#include "limpid/nn/multi_head_attention.hpp"

#include "support/property.hpp"

namespace limpid::test {

// Any numbers of heads and groups; plain or flash; with or without rotary positions where order may
// count.
inline AttentionOptions pick_attention(bool order_counts) {
  AttentionOptions options;
  options.width = pick("width", 1, 12);
  options.kv_heads = pick("key/value heads", 1, 3);
  options.heads = options.kv_heads * pick("queries for each", 1, 3);
  options.head_width = pick("head width", 1, 5);
  options.causal = order_counts;
  options.bias = pick_bool("bias");
  options.flash_from = pick_one<Index>("flash from", {0, 1});
  if (order_counts && pick_bool("rotary")) {
    options.head_width *= 2;
    options.rotary =
        RotaryOptions{.layout = pick_one<RotaryLayout>(
                          "layout", {RotaryLayout::split_halves, RotaryLayout::interleaved}),
                      .base = 100,
                      .positions = 1000};
  }
  return options;
}

inline Config pick_config() {
  Config config;
  config.family = pick_one<Family>("family: gpt2 is 0, llama 1", {Family::gpt2, Family::llama});
  config.vocab = pick("vocabulary", 2, 12);
  config.context = pick("context", 1, 12);
  config.layers = pick("layers", 1, 3);
  config.kv_heads = pick("key/value heads", 1, 2);
  config.heads = config.kv_heads;
  if (config.family == Family::llama) config.heads *= pick("queries for each", 1, 2);
  config.width = config.heads * 2 * pick("half of a head's width", 1, 3);
  config.hidden = pick("hidden", 1, 16);
  config.tied = pick_bool("tied");
  return config;
}

inline std::vector<std::int32_t> random_ids(Index count, Index vocab, Rng& rng) {
  std::vector<std::int32_t> ids;
  for (Index i = 0; i < count; ++i) {
    ids.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocab))));
  }
  return ids;
}

}  // namespace limpid::test
