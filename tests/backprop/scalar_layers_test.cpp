#include "scalar_layers.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "limpid/model/decoder.hpp"
#include "limpid/nn/gated_feed_forward.hpp"
#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/rms_norm.hpp"

#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// The scalar engine knows no backward pass but the chain rule: it is the second opinion about every
// one that was written by hand.

// NO by hand: the hand-worked cases are those of the concepts in nn
// NO property: as above
// NO gradient check: value_test.cpp has those of the engine; here it is the judge
// NO accumulation: as above
// NO edges: as above
// NO misuse: as above

namespace {

constexpr double kTolerance = 1e-10;

Value weighted_sum(const scalar::Rows& y, const Matrix<double>& dy) {
  Value total = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < y[i].size(); ++j) {
      total += y[i][j] * dy(static_cast<Index>(i), static_cast<Index>(j));
    }
  }
  return total;
}

// The gradients that backward left in a module, and those that the walk left in the leaves.
void check_gradients_agree(const Parameters<double>& parameters, const scalar::Weights& weights) {
  for (const Parameter<double>& p : parameters) {
    CAPTURE(p.name);
    const Matrix<double> expected = scalar::gradients_of(weights.matrix(p.name));
    REQUIRE(static_cast<Index>(p.grad.size()) == expected.size());
    const Eigen::Map<const Matrix<double>> by_hand(p.grad.data(), expected.rows(), expected.cols());
    CHECK(max_difference(by_hand, expected) <= kTolerance);
    // The bias of the keys adds the same to all scores of a row, which softmax does not feel.
    if (p.name.find("qkv.bias") == std::string::npos) {
      CHECK(expected.cwiseAbs().maxCoeff() > 1e-4);
    }
  }
}

// What both do with one layer: forward, the loss sum(dy * y), backward.
template <class Forward, class Backward, class Scalar>
void check_layer(const Matrix<double>& x, const Parameters<double>& parameters, Rng& rng,
                 Forward forward, Backward backward, Scalar scalar_layer) {
  randomize(parameters, rng);
  const scalar::Weights weights(parameters);
  const scalar::Rows leaves = scalar::rows_of(x);
  const scalar::Rows y = scalar_layer(leaves, weights);
  const Matrix<double> by_hand = forward();
  CHECK(max_difference(by_hand, scalar::numbers_of(y)) <= kTolerance);
  const Matrix<double> dy = random_matrix(by_hand.rows(), by_hand.cols(), rng);
  weighted_sum(y, dy).backward();
  CHECK(max_difference(backward(dy), scalar::gradients_of(leaves)) <= kTolerance);
  check_gradients_agree(parameters, weights);
}

}  // namespace

TEST_CASE("fixture: layer norm out of scalars agrees with nn's by hand") {
  Rng rng(1);
  LayerNorm<double> layer(5, 1e-2);
  LayerNorm<double>::Cache cache;
  const Matrix<double> x = random_matrix(3, 5, rng, 2);
  check_layer(
      x, layer.parameters(), rng, [&] { return layer.forward(x, &cache); },
      [&](const Matrix<double>& dy) { return layer.backward(dy, cache); },
      [](const scalar::Rows& rows, const scalar::Weights& w) {
        scalar::Rows y;
        for (const auto& row : rows) {
          y.push_back(scalar::layer_norm(row, w.vector("gain"), w.vector("bias"), 1e-2));
        }
        return y;
      });
}

TEST_CASE("fixture: RMS norm out of scalars agrees with nn's by hand") {
  Rng rng(2);
  RmsNorm<double> layer(5, 1e-2);
  RmsNorm<double>::Cache cache;
  const Matrix<double> x = random_matrix(3, 5, rng, 2);
  check_layer(
      x, layer.parameters(), rng, [&] { return layer.forward(x, &cache); },
      [&](const Matrix<double>& dy) { return layer.backward(dy, cache); },
      [](const scalar::Rows& rows, const scalar::Weights& w) {
        scalar::Rows y;
        for (const auto& row : rows) y.push_back(scalar::rms_norm(row, w.vector("gain"), 1e-2));
        return y;
      });
}

TEST_CASE("fixture: SwiGLU out of scalars agrees with nn's by hand") {
  Rng rng(3);
  GatedFeedForward<double> layer(4, 6, rng);
  GatedFeedForward<double>::Cache cache;
  const Matrix<double> x = random_matrix(3, 4, rng);
  check_layer(
      x, layer.parameters(), rng, [&] { return layer.forward(x, &cache); },
      [&](const Matrix<double>& dy) { return layer.backward(dy, cache); },
      [](const scalar::Rows& rows, const scalar::Weights& w) {
        scalar::Rows y;
        for (const auto& row : rows) y.push_back(scalar::gated_feed_forward(row, w, ""));
        return y;
      });
}

TEST_CASE("fixture: causal multi-head attention out of scalars agrees with nn's, plain and flash") {
  Rng rng(4);
  const Index time = 5, width = 6, heads = 4, head_width = 4;
  for (const Index flash_from : {0, 1}) {
    for (const Index kv_heads : {4, 2, 1}) {
      for (const double base : {0.0, 50.0}) {
        CAPTURE(flash_from);
        CAPTURE(kv_heads);
        CAPTURE(base);
        AttentionOptions options{.width = width,
                                 .heads = heads,
                                 .kv_heads = kv_heads,
                                 .head_width = head_width,
                                 .flash_from = flash_from};
        if (base > 0) options.rotary = RotaryOptions{.base = base, .positions = time};
        MultiHeadAttention<double> layer(options, rng);
        MultiHeadAttention<double>::Cache cache;
        const Matrix<double> x = random_matrix(time, width, rng);
        const Context context{.time = time};
        check_layer(
            x, layer.parameters(), rng, [&] { return layer.forward(x, context, &cache); },
            [&](const Matrix<double>& dy) { return layer.backward(dy, context, cache); },
            [&](const scalar::Rows& rows, const scalar::Weights& w) {
              const scalar::Heads shape{static_cast<std::size_t>(heads),
                                        static_cast<std::size_t>(kv_heads), base};
              return scalar::multi_head_attention(rows, w, "", shape);
            });
      }
    }
  }
}

TEST_CASE("fixture: a whole GPT of one layer out of scalars: logits, loss, every gradient") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    CAPTURE(family_name(family));
    Config config;
    config.family = family;
    config.vocab = 7;
    config.context = 5;
    config.layers = 1;
    config.heads = 2;
    config.kv_heads = family == Family::gpt2 ? 2 : 1;
    config.width = 8;
    config.hidden = 12;
    config.tied = family == Family::gpt2;
    Rng rng(5);
    Decoder<double> model(config, rng);
    randomize(model.parameters(), rng);
    const std::vector<std::int32_t> ids{3, 1, 4, 1, 5}, targets{1, 4, kIgnore, 5, 2};

    const scalar::Weights weights(model.parameters());
    const scalar::Rows logits = scalar::decoder(ids, weights, config);
    const Value loss = scalar::cross_entropy(logits, targets);
    loss.backward();

    const Context context{.time = 5};
    Decoder<double>::Cache cache;
    const Matrix<double> by_hand = model.forward(ids, context, &cache);
    CHECK(max_difference(by_hand, scalar::numbers_of(logits)) <= kTolerance);
    const auto result = cross_entropy<double>(by_hand, targets);
    CHECK(std::abs(result.loss - loss.number()) <= kTolerance);
    CHECK(max_difference(result.dlogits, scalar::gradients_of(logits)) <= kTolerance);
    model.backward(result.dlogits, context, cache);
    check_gradients_agree(model.parameters(), weights);
  }
}
