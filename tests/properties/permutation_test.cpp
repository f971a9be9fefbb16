// Attention without mask and without positions sees a set: tokens in another order give the same outputs
// in that other order, and so it is with gradients. This is why models need positions.
#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "limpid/nn/multi_head_attention.hpp"

#include "random_models.hpp"
#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

std::vector<Index> random_order(Index count, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  rng.shuffle(std::span(order));
  return order;
}

Matrix<double> permuted(const Matrix<double>& x, const std::vector<Index>& order) {
  return x(order, Eigen::all);
}

}  // namespace

TEST_CASE("property: tokens in another order: outputs and gradients in that order") {
  for_all([] {
    const AttentionOptions options = pick_attention(false);
    const Index time = pick("time", 1, 140);
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    const Matrix<double> x = random_matrix(time, options.width, rng),
                         dy = random_matrix(time, options.width, rng);
    // Hidden keys move with their tokens.
    std::vector<std::uint8_t> visible, visible_permuted;
    for (Index i = 0; i < time; ++i) visible.push_back(rng.uniform() < 0.8 ? 1 : 0);
    const std::vector<Index> order = random_order(time, rng);
    for (const Index i : order) visible_permuted.push_back(visible[static_cast<std::size_t>(i)]);

    MultiHeadAttention<double>::Cache cache;
    const Context context{.time = time, .key_mask = visible};
    const Matrix<double> y = layer.forward(x, context, &cache);
    const Matrix<double> dx = layer.backward(dy, context, cache);
    const Matrix<double> weight_grad = layer.qkv.weight_grad;

    zero_gradients(layer.parameters());
    const Context other{.time = time, .key_mask = visible_permuted};
    RC_ASSERT(max_difference(layer.forward(permuted(x, order), other, &cache),
                             permuted(y, order)) <= 1e-12);
    RC_ASSERT(max_difference(layer.backward(permuted(dy, order), other, cache),
                             permuted(dx, order)) <= 1e-11);
    // A weight does not care which token its gradient comes from.
    RC_ASSERT(max_difference(layer.qkv.weight_grad, weight_grad) <= 1e-11);
  });
}

TEST_CASE("property: with a causal mask the order of what a token sees still does not count") {
  // Only the last token sees all others: they may change places, and its output stays.
  for_all([] {
    AttentionOptions options = pick_attention(false);
    options.causal = true;
    const Index time = pick("time", 1, 140);
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    const Matrix<double> x = random_matrix(time, options.width, rng);
    std::vector<Index> order = random_order(time - 1, rng);
    order.push_back(time - 1);
    const Context context{.time = time};
    const Matrix<double> y = layer.forward(x, context, nullptr);
    RC_ASSERT(max_difference(layer.forward(permuted(x, order), context, nullptr).row(time - 1),
                             y.row(time - 1)) <= 1e-12);
  });
}
