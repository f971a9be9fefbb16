// Small models for tests of files: every parameter has a value, and models are compared bit by bit.
#pragma once

#include <cstdint>
#include <cstring>

#include "limpid/model/config.hpp"
#include "limpid/model/decoder.hpp"

#include "support/random.hpp"

namespace limpid::test {

// The smallest that has layers to tell apart, and keys that several heads share.
inline Config tiny_config(Family family, bool tied) {
  Config config;
  config.family = family;
  config.vocab = 5;
  config.context = 3;
  config.layers = 2;
  config.width = 4;
  config.heads = 2;
  config.kv_heads = family == Family::llama ? 1 : 2;
  config.hidden = 3;
  config.tied = tied;
  return config;
}

inline Decoder<float> random_model(const Config& config, std::uint64_t seed) {
  Rng rng(seed);
  Decoder<float> model(config, rng);
  randomize(model.parameters(), rng, 1);
  return model;
}

inline bool same_bits(Decoder<float>& a, Decoder<float>& b) {
  const Parameters<float> left = a.parameters(), right = b.parameters();
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].name != right[i].name || left[i].value.size() != right[i].value.size())
      return false;
    if (std::memcmp(left[i].value.data(), right[i].value.data(), left[i].value.size_bytes()) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace limpid::test
