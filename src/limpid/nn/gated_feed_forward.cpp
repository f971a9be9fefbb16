#include "limpid/nn/gated_feed_forward.hpp"

#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/nn/activation.hpp"

namespace limpid {

template <class Real>
GatedFeedForward<Real>::GatedFeedForward(Index width, Index hidden, Rng& rng, double down_scale)
    : gate_up(width, 2 * hidden, false, rng),
      down(hidden, width, false, rng, down_scale * initial_deviation(width)) {}

template <class Real>
auto GatedFeedForward<Real>::forward(Matrix x, Cache* cache) const -> Matrix {
  check_shape("gated_feed_forward", "x", x, kAny, gate_up.weight.cols());
  Matrix hidden = gate_up.forward(std::move(x), cache == nullptr ? nullptr : &cache->gate_up);
  const Index width = hidden.cols() / 2;
  Matrix gated(hidden.rows(), width);
  parallel_rows(hidden.rows(), width, [&](Index begin, Index end) {
    const Index n = end - begin;
    const ConstView<Real> gate = hidden.block(begin, 0, n, width);
    const ConstView<Real> up = hidden.block(begin, width, n, width);
    activation_forward<Real>(Activation::silu, gate, gated.middleRows(begin, n));
    gated.middleRows(begin, n).array() *= up.array();
  });
  if (cache == nullptr) return down.forward(std::move(gated), nullptr);
  cache->hidden = std::move(hidden);
  return down.forward(std::move(gated), &cache->down);
}

template <class Real>
auto GatedFeedForward<Real>::backward(const Matrix& dy, const Cache& cache) -> Matrix {
  check_shape("gated_feed_forward", "dy", dy, cache.hidden.rows(), down.weight.rows());
  Matrix dgated = down.backward(dy, cache.down);

  // The product rule: each factor's gradient is the other factor times dgated.
  //   dup = dgated * silu(gate)        dgate = dgated * up * silu'(gate)
  Matrix dhidden(cache.hidden.rows(), cache.hidden.cols());
  const Index width = cache.hidden.cols() / 2;
  parallel_rows(dhidden.rows(), width, [&](Index begin, Index end) {
    const Index n = end - begin;
    const ConstView<Real> gate = cache.hidden.block(begin, 0, n, width);
    const ConstView<Real> up = cache.hidden.block(begin, width, n, width);
    View<Real> dgate = dhidden.block(begin, 0, n, width);
    View<Real> dup = dhidden.block(begin, width, n, width);
    activation_forward<Real>(Activation::silu, gate, dup);
    dup.array() *= dgated.middleRows(begin, n).array();
    dgate = dgated.middleRows(begin, n).cwiseProduct(up);
    activation_backward<Real>(Activation::silu, gate, dgate, dgate);
  });
  return gate_up.backward(dhidden, cache.gate_up);
}

template <class Real>
auto GatedFeedForward<Real>::parameters() -> Parameters<Real> {
  Parameters<Real> all;
  append_parameters(all, "gate_up", gate_up.parameters());
  append_parameters(all, "down", down.parameters());
  return all;
}

template class GatedFeedForward<float>;
template class GatedFeedForward<double>;

}  // namespace limpid
