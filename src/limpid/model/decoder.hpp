/// The whole model: a decoder-only transformer that reads tokens and, after each of them, gives a number
/// to every token of the vocabulary: the higher, the likelier it comes next.
///
///   x      = embedding(ids) + positions        gpt2; the llama family turns queries and keys instead
///   x      = block(x), L times
///   logits = head(final_norm(x))               tied: the head is the embedding's matrix
///
/// A causal mask keeps every row from seeing later ones, so one pass over T tokens asks T questions, each
/// with its own answer: the next token.
///
/// A tied matrix is used twice, as a table to read from and as the head, and its gradient adds up both.
///
/// SOURCE  Radford et al. 2019 (GPT-2), section 2.3; Touvron et al. 2023 (Llama), arXiv:2302.13971,
///         section 2.2; tied embedding: Press, Wolf 2017, arXiv:1608.05859
/// SHAPES  ids [N];  logits, dlogits [N, V];  the stream [N, C]
/// SAVES   what its parts save; the last norm's output for the head's gradient; the ids
/// USES    core, model/block, model/config, nn/context, nn/dropout, nn/embedding,
///         nn/initial_deviation, nn/kv_cache, nn/learned_position
/// ERRORS  std::invalid_argument when the number of ids differs from the context's rows, when a sequence
///         is longer than the model's context, and what the parts throw
/// COST    Config::training_flops_per_token: 2 operations per weight and token forward, 4 backward
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/model/block.hpp"
#include "limpid/model/config.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/dropout.hpp"
#include "limpid/nn/embedding.hpp"
#include "limpid/nn/initial_deviation.hpp"
#include "limpid/nn/kv_cache.hpp"
#include "limpid/nn/learned_position.hpp"

namespace limpid {

template <class Real>
class LIMPID_API Decoder {
 public:
  using Matrix = limpid::Matrix<Real>;
  using Ids = std::span<const std::int32_t>;

  struct Cache {
    std::vector<std::int32_t> ids;  ///< whose rows of the embedding receive the gradient
    typename Dropout<Real>::Cache dropout;
    std::vector<typename Block<Real>::Cache> blocks;
    typename Norm<Real>::Cache final_norm;
    Matrix head_input;  ///< the head's weight gradient is dlogits^T times this
    Index bytes() const;
  };

  /// Fresh weights, drawn in the order of parameters(). ERRORS  an impossible config
  Decoder(const Config& config, Rng& rng);

  Matrix forward(Ids ids, const Context& context, Cache* cache) const;
  void backward(const Matrix& dlogits, const Context& context, const Cache& cache);

  /// One cache per layer, for `capacity` tokens (at most the model's context) of each sequence.
  std::vector<KeyValueCache<Real>> make_caches(Index batch, Index capacity) const;
  /// The logits after each sequence's last token [B, V]; earlier tokens are remembered in `past`.
  Matrix forward_cached(Ids ids, Context context, std::vector<KeyValueCache<Real>>& past) const;

  Parameters<Real> parameters();

  Config config;
  Embedding<Real> embedding;
  std::optional<LearnedPosition<Real>> positions;  // gpt2
  Dropout<Real> dropout;                           // on the sum of both
  std::vector<Block<Real>> blocks;
  Norm<Real> final_norm;
  Matrix head, head_grad;  // [V, C], empty when tied

 private:
  Matrix embed(Ids ids, const Context& context) const;
  const Matrix& head_weight() const { return config.tied ? embedding.weight : head; }
};

}  // namespace limpid
