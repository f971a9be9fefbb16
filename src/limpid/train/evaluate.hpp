/// How well a model predicts a text that it was not trained on.
///
///   nats per token   mean of -log p(target)                     depends on the tokenizer
///   perplexity       e^(nats per token)                         "as unsure as among this many tokens"
///   bits per byte    sum of -log2 p(target) / bytes of the text compares models of any tokenizer
///
/// A special token such as the end of a text is a target that must be predicted, and has no bytes.
///
/// SOURCE  Shannon 1951, "Prediction and Entropy of Printed English"; Jurafsky, Martin, "Speech and
///         Language Processing", section 3.3
/// USES    core, model/decoder, nn/context, nn/cross_entropy, tokenizer/tokenizer, train/batches
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/tokenizer/tokenizer.hpp"
#include "limpid/train/batches.hpp"

namespace limpid {

struct TextLoss {
  double nats = 0;  ///< sum over the targets
  Index tokens = 0;
  Index bytes = 0;  ///< of the targets' text

  double nats_per_token() const { return nats / static_cast<double>(tokens); }
  double bits_per_byte() const { return nats / std::log(2.0) / static_cast<double>(bytes); }
  double perplexity() const { return std::exp(nats_per_token()); }
};

/// Loss over all batches.
LIMPID_API TextLoss evaluate(const Decoder<float>& model, const Tokenizer& tokenizer,
                             std::span<const Batch> batches);

/// Bytes of the text that these targets stand for.
/// ERRORS  std::invalid_argument when the tokenizer does not keep the text (wordpiece)
LIMPID_API Index target_bytes(const Tokenizer& tokenizer, std::span<const std::int32_t> targets);

/// The first batches that hold at least this many targets.
LIMPID_API std::span<const Batch> first_batches(std::span<const Batch> batches, Index tokens);

}  // namespace limpid
