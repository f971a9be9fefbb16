// Sequences of a batch do not know each other: alone, beside others, in another order, and made longer by
// padding, each gives the same. Products of other sizes add in another order, hence the tolerances.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "limpid/nn/cross_entropy.hpp"

#include "random_models.hpp"
#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

using Ids = std::vector<std::int32_t>;

std::vector<double> gradients_of(Decoder<double>& model) {
  std::vector<double> all;
  for (const Parameter<double>& p : model.parameters()) {
    all.insert(all.end(), p.grad.begin(), p.grad.end());
  }
  return all;
}

}  // namespace

TEST_CASE("property: attention without a mask of its own needs one over the padding, and no more") {
  for_all([] {
    AttentionOptions options = pick_attention(pick_bool("order counts"));
    options.causal = false;  // padding stands behind, where only a causal mask would hide it
    const Index batch = pick("batch", 1, 4), time = pick("time", 1, 70);
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    const Matrix<double> x = random_matrix(batch * time, options.width, rng);
    Matrix<double> dy = random_matrix(batch * time, options.width, rng);
    std::vector<Index> lengths;
    std::vector<std::uint8_t> visible(static_cast<std::size_t>(batch * time), 1);
    for (Index b = 0; b < batch; ++b) {
      lengths.push_back(pick("length", 1, time));
      const auto padding = visible.begin() + b * time + lengths.back();
      std::fill(padding, visible.begin() + (b + 1) * time, std::uint8_t{0});
      dy.middleRows(b * time + lengths.back(), time - lengths.back()).setZero();  // nobody asks it
    }
    const Context context{.batch = batch, .time = time, .key_mask = visible};
    MultiHeadAttention<double>::Cache cache;
    const Matrix<double> y = layer.forward(x, context, &cache);
    const Matrix<double> dx = layer.backward(dy, context, cache);
    const Matrix<double> weight_grad = layer.qkv.weight_grad;
    zero_gradients(layer.parameters());
    for (Index b = 0; b < batch; ++b) {
      const Index length = lengths[static_cast<std::size_t>(b)];
      const auto own = [&](const Matrix<double>& all) -> Matrix<double> {
        return all.middleRows(b * time, length);
      };
      const Context alone{.time = length};
      RC_ASSERT(max_difference(layer.forward(own(x), alone, &cache), own(y)) <= 1e-12);
      RC_ASSERT(max_difference(layer.backward(own(dy), alone, cache), own(dx)) <= 1e-11);
      RC_ASSERT(dx.middleRows(b * time + length, time - length).isZero(0));
    }
    RC_ASSERT(max_difference(layer.qkv.weight_grad, weight_grad) <= 1e-11);
  });
}

TEST_CASE("property: a batch of padded sequences has the loss and gradients of its sequences") {
  for_all([] {
    const Config config = pick_config();
    const Index batch = pick("batch", 1, 4), time = pick("time", 1, config.context);
    Rng rng = pick_rng();
    Decoder<double> model(config, rng);
    randomize(model.parameters(), rng, 0.3);
    // What stands in the padding may be anything, as long as it is no target.
    const Ids ids = random_ids(batch * time, config.vocab, rng);
    Ids targets = random_ids(batch * time, config.vocab, rng);
    std::vector<Index> lengths;
    double count = 0;
    for (Index b = 0; b < batch; ++b) {
      lengths.push_back(pick("length", 1, time));
      std::fill(targets.begin() + b * time + lengths.back(), targets.begin() + (b + 1) * time,
                kIgnore);
      count += static_cast<double>(lengths.back());
    }
    Decoder<double>::Cache cache;
    const auto step = [&](const Ids& in, const Ids& out, const Context& context) {
      const auto result =
          cross_entropy(model.forward(in, context, &cache), out, {.divisor = count});
      model.backward(result.dlogits, context, cache);
      return result.loss;
    };
    const Context context{.batch = batch, .time = time};
    const Matrix<double> logits = model.forward(ids, context, nullptr);
    const double loss = step(ids, targets, context);
    const std::vector<double> together = gradients_of(model);
    zero_gradients(model.parameters());
    double sum = 0;
    for (Index b = 0; b < batch; ++b) {
      const Index length = lengths[static_cast<std::size_t>(b)];
      const auto own = [&](const Ids& all) {
        return Ids(all.begin() + b * time, all.begin() + b * time + length);
      };
      RC_ASSERT(max_difference(model.forward(own(ids), {.time = length}, nullptr),
                               logits.middleRows(b * time, length)) <= 1e-12);
      sum += step(own(ids), own(targets), {.time = length});
    }
    RC_ASSERT(std::abs(sum - loss) <= 1e-12);
    const std::vector<double> added = gradients_of(model);
    double largest = 0, size = 1;
    for (std::size_t i = 0; i < added.size(); ++i) {
      RC_ASSERT(std::isfinite(added[i] - together[i]));
      largest = std::max(largest, std::abs(added[i] - together[i]));
      size = std::max(size, std::abs(added[i]));
    }
    RC_ASSERT(largest <= 1e-12 * size);
  });
}

TEST_CASE("property: sequences in another order give the same logits in that order") {
  for_all([] {
    const Config config = pick_config();
    const Index batch = pick("batch", 1, 6), time = pick("time", 1, config.context);
    Rng rng = pick_rng();
    Decoder<double> model(config, rng);
    randomize(model.parameters(), rng);
    const Ids ids = random_ids(batch * time, config.vocab, rng);
    std::vector<Index> order(static_cast<std::size_t>(batch));
    std::iota(order.begin(), order.end(), Index{0});
    rng.shuffle(std::span(order));
    Ids moved;
    for (const Index b : order) {
      moved.insert(moved.end(), ids.begin() + b * time, ids.begin() + (b + 1) * time);
    }
    const Context context{.batch = batch, .time = time};
    const Matrix<double> logits = model.forward(ids, context, nullptr);
    const Matrix<double> others = model.forward(moved, context, nullptr);
    for (Index b = 0; b < batch; ++b) {
      const Index from = order[static_cast<std::size_t>(b)];
      RC_ASSERT(max_difference(others.middleRows(b * time, time),
                               logits.middleRows(from * time, time)) <= 1e-12);
    }
  });
}
