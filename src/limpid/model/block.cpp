#include "limpid/model/block.hpp"

#include <cmath>
#include <utility>

#include "limpid/core/elementwise.hpp"

namespace limpid {
namespace {

AttentionOptions attention_options(const Config& config) {
  AttentionOptions options;
  options.width = config.width;
  options.heads = config.heads;
  options.kv_heads = config.kv_heads;
  options.bias = config.family == Family::gpt2;
  if (config.family == Family::llama) {
    options.rotary = RotaryOptions{RotaryLayout::split_halves, config.rotary_base, config.context};
  }
  return options;
}

}  // namespace

template <class Real>
Block<Real>::Block(const Config& config, Rng& rng)
    : norm1(make_norm<Real>(config)), norm2(make_norm<Real>(config)), dropout(config.dropout) {
  // 2L branches add to the stream; smaller first steps keep the sum of their variances at one branch's.
  const double out_scale = 1 / std::sqrt(2.0 * static_cast<double>(config.layers));
  attention = MultiHeadAttention<Real>(attention_options(config), rng, out_scale);
  if (config.family == Family::gpt2) {
    feed_forward =
        FeedForward<Real>(config.width, config.hidden, Activation::gelu_tanh, true, rng, out_scale);
  } else {
    feed_forward = GatedFeedForward<Real>(config.width, config.hidden, rng, out_scale);
  }
}

//   x = x + dropout(attention(norm1(x)))         tokens look at each other
//   x = x + dropout(feed_forward(norm2(x)))      each token for itself
//
// The branches read the stream and add to it; nothing is ever overwritten.
template <class Real>
auto Block<Real>::forward(Matrix x, const Context& context, Cache* cache) const -> Matrix {
  const auto part = [&](auto member) { return cache == nullptr ? nullptr : &(cache->*member); };

  Matrix branch = norm1.forward(x, part(&Cache::norm1));
  branch = attention.forward(std::move(branch), context, part(&Cache::attention));
  branch = dropout.forward(std::move(branch), context, part(&Cache::dropout1));
  add(x, branch);

  branch = norm2.forward(x, part(&Cache::norm2));
  branch = feed_forward.forward(std::move(branch), part(&Cache::feed_forward));
  branch = dropout.forward(std::move(branch), context, part(&Cache::dropout2));
  add(x, branch);
  return x;
}

// A sum hands its gradient to both sides as it is. So dy flows down the stream unchanged, and what comes
// out of the branch is added: however many blocks lie below, the loss reaches each on a path with slope 1.
template <class Real>
auto Block<Real>::backward(Matrix dy, const Context& context, const Cache& cache) -> Matrix {
  // dy stays in the stream; a copy of it goes through the branch only where dropout changes it.
  const auto into_branch = [&](const typename Dropout<Real>::Cache& dropped, auto&& branch) {
    return dropped.active ? branch(dropout.backward(dy, dropped)) : branch(dy);
  };

  Matrix branch = into_branch(cache.dropout2, [&](const Matrix& d) {
    return norm2.backward(feed_forward.backward(d, cache.feed_forward), cache.norm2);
  });
  add(dy, branch);

  branch = into_branch(cache.dropout1, [&](const Matrix& d) {
    return norm1.backward(attention.backward(d, context, cache.attention), cache.norm1);
  });
  add(dy, branch);
  return dy;
}

template <class Real>
auto Block<Real>::forward_cached(Matrix x, const Context& context, KeyValueCache<Real>& past) const
    -> Matrix {
  add(x, attention.forward_cached(norm1.forward(x, nullptr), context, past));
  add(x, feed_forward.forward(norm2.forward(x, nullptr), nullptr));
  return x;
}

template <class Real>
auto Block<Real>::parameters() -> Parameters<Real> {
  Parameters<Real> all;
  append_parameters(all, "norm1", norm1.parameters());
  append_parameters(all, "attention", attention.parameters());
  append_parameters(all, "norm2", norm2.parameters());
  append_parameters(all, "feed_forward", feed_forward.parameters());
  return all;
}

template <class Real>
Index Block<Real>::Cache::bytes() const {
  return norm1.bytes() + norm2.bytes() + attention.bytes() + feed_forward.bytes() +
         dropout1.bytes() + dropout2.bytes();
}

template class Block<float>;
template class Block<double>;

}  // namespace limpid
