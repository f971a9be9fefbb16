/// A pre-norm transformer block: tokens look around (attention), then think (feed-forward).
///
///   h = x + attention(norm1(x))
///   y = h + feed_forward(norm2(h))
///
/// The sums are the point. x runs through all blocks as one "residual stream" to which every layer only
/// adds, so in backward dy reaches every depth undiminished, and each branch adds its own part:
///
///   dh = dy + norm2'(feed_forward'(dy))        dx = dh + norm1'(attention'(dh))
///
/// Norms stand inside the branches ("pre-norm"): the stream itself is never rescaled; x goes on as it is, and
/// only what a branch reads is normed.
///
/// SOURCE  Vaswani et al. 2017, arXiv:1706.03762, section 3.1; pre-norm: Radford et al. 2019 (GPT-2),
///         section 2.3, and Xiong et al. 2020, arXiv:2002.04745
/// SHAPES  x, y, dy, dx [N, C]
/// SAVES   only what its parts save: the stream itself is not needed in backward
/// USES    core, model/config, model/either, nn/context, nn/dropout, nn/feed_forward,
///         nn/gated_feed_forward, nn/kv_cache, nn/layer_norm, nn/multi_head_attention, nn/rms_norm
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/model/config.hpp"
#include "limpid/model/either.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/dropout.hpp"
#include "limpid/nn/feed_forward.hpp"
#include "limpid/nn/gated_feed_forward.hpp"
#include "limpid/nn/kv_cache.hpp"
#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/rms_norm.hpp"

namespace limpid {

/// Layer norm in the gpt2 family, RMS norm in the llama family.
template <class Real>
using Norm = Either<Real, LayerNorm<Real>, RmsNorm<Real>>;

template <class Real>
Norm<Real> make_norm(const Config& config) {
  if (config.family == Family::gpt2) return LayerNorm<Real>(config.width, config.norm_epsilon);
  return RmsNorm<Real>(config.width, config.norm_epsilon);
}

template <class Real>
class LIMPID_API Block {
 public:
  using Matrix = limpid::Matrix<Real>;

  struct Cache {
    typename Norm<Real>::Cache norm1, norm2;
    typename MultiHeadAttention<Real>::Cache attention;
    typename Either<Real, FeedForward<Real>, GatedFeedForward<Real>>::Cache feed_forward;
    typename Dropout<Real>::Cache dropout1, dropout2;
    Index bytes() const;
  };

  Block() = default;
  Block(const Config& config, Rng& rng);

  Matrix forward(Matrix x, const Context& context, Cache* cache) const;
  Matrix backward(Matrix dy, const Context& context, const Cache& cache);
  /// For generation: attends to the rows in `past` as well and appends the new ones to it.
  Matrix forward_cached(Matrix x, const Context& context, KeyValueCache<Real>& past) const;
  Parameters<Real> parameters();

  Norm<Real> norm1, norm2;
  MultiHeadAttention<Real> attention;
  Either<Real, FeedForward<Real>, GatedFeedForward<Real>> feed_forward;
  Dropout<Real> dropout;  // on what each branch adds
};

}  // namespace limpid
