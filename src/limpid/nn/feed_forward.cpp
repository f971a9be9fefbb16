#include "limpid/nn/feed_forward.hpp"

#include <utility>

#include "limpid/core/check.hpp"

namespace limpid {

template <class Real>
FeedForward<Real>::FeedForward(Index width, Index hidden, Activation kind, bool with_bias, Rng& rng,
                               double down_scale)
    : up(width, hidden, with_bias, rng),
      down(hidden, width, with_bias, rng, down_scale * initial_deviation(width)),
      activation(kind) {}

//   hidden = up(x)                      [N, F]
//   y      = down(activation(hidden))   [N, C]
//
// Backward needs the hidden numbers from before the bend, for its slope. When nobody will ask, the bend
// happens in their own memory.
template <class Real>
auto FeedForward<Real>::forward(Matrix x, Cache* cache) const -> Matrix {
  check_shape("feed_forward", "x", x, kAny, up.weight.cols());
  if (cache == nullptr) {
    Matrix hidden = up.forward(std::move(x), nullptr);
    activation_forward<Real>(activation, hidden, hidden);
    return down.forward(std::move(hidden), nullptr);
  }
  cache->hidden = up.forward(std::move(x), &cache->up);
  Matrix bent(cache->hidden.rows(), cache->hidden.cols());
  activation_forward<Real>(activation, cache->hidden, bent);
  return down.forward(std::move(bent), &cache->down);
}

// The same road backwards: through down, times the slope of the bend, through up.
template <class Real>
auto FeedForward<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("feed_forward", "dy", dy, cache.hidden.rows(), down.weight.rows());
  Matrix dhidden = down.backward(dy, cache.down);
  activation_backward<Real>(activation, cache.hidden, dhidden, dhidden);
  return up.backward(dhidden, cache.up);
}

template <class Real>
auto FeedForward<Real>::parameters() -> Parameters<Real> {
  Parameters<Real> all;
  append_parameters(all, "up", up.parameters());
  append_parameters(all, "down", down.parameters());
  return all;
}

template class FeedForward<float>;
template class FeedForward<double>;

}  // namespace limpid
