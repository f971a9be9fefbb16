/// Writing: ask the model for the next token, draw one, append it, ask again.
///
/// Keys and values of earlier tokens are kept (nn/kv_cache), so each step computes one row per sequence.
/// A model has a longest sequence. When it is full, the newer half is read again from the beginning and
/// the writing goes on with half the memory: the older half is forgotten.
///
/// Several sequences are written side by side as one batch: the weights are read from memory once for all
/// of them, which is what a step of one row spends its time on.
///
/// USES    core, generate/sampling, model/decoder, nn/context, nn/kv_cache
/// ERRORS  std::invalid_argument: an empty prompt, a prompt longer than the model's context, a negative
///         max_tokens, and what sampling throws
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/generate/sampling.hpp"
#include "limpid/model/decoder.hpp"

namespace limpid {

struct GenerateOptions {
  SamplingOptions sampling;
  Index max_tokens = 200;                ///< of each sequence, the prompt not counted
  std::optional<std::int32_t> end = {};  ///< a sequence is over when it draws this token
  Index vocabulary =
      0;  ///< only ids below are drawn, 0: all (a model may have more rows than tokens)
};

/// Called with every token that is drawn, its end token included; false stops its sequence.
using OnToken = std::function<bool(Index sequence, std::int32_t id)>;

/// Continues each prompt. Sequence i draws from rngs[i] alone, so but for rounding (products with more
/// rows add in another order) what it writes does not depend on its neighbours. Returns the drawn tokens,
/// end tokens included.
/// REQUIRES prompts of equal length, as many generators as prompts
LIMPID_API std::vector<std::vector<std::int32_t>> generate(
    const Decoder<float>& model, std::span<const std::vector<std::int32_t>> prompts,
    const GenerateOptions& options, std::span<Rng> rngs, const OnToken& on_token = {});

}  // namespace limpid
