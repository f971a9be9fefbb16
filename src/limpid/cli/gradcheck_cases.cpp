#include "limpid/cli/gradcheck_cases.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

#include "limpid/cli/gradcheck_layers.hpp"
#include "limpid/nn/activation.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/nn/dropout.hpp"
#include "limpid/nn/embedding.hpp"
#include "limpid/nn/feed_forward.hpp"
#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/gated_feed_forward.hpp"
#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/learned_position.hpp"
#include "limpid/nn/linear.hpp"
#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/rms_norm.hpp"
#include "limpid/nn/rotary.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"
#include "limpid/nn/softmax.hpp"

namespace limpid::cli {
namespace {

Errors linear() {
  Rng rng(1);
  return check_plain(Linear<double>(kWidth, 5, true, rng), rng);
}

Errors embedding() {
  Rng rng(2);
  Embedding<double> layer(4, kWidth, rng);
  const std::vector<std::int32_t> ids{1, 3, 1, 0, 2};  // a token that occurs twice receives both
  const Numbers dy = random(5, kWidth, rng);
  layer.backward(dy, ids);
  return check_gradients(checked(layer.parameters()),
                         [&] { return weighted_sum(layer.forward(ids), dy); });
}

Errors learned_position() {
  Rng rng(3);
  LearnedPosition<double> layer(kTime, kWidth, rng);
  Numbers x = random(kRows, kWidth, rng);
  const Numbers dy = random(kRows, kWidth, rng);
  const Numbers dx = layer.backward(dy, kContext);
  std::vector<CheckedTensor> tensors = checked(layer.parameters());
  tensors.insert(tensors.begin(), checked("x", x, dx));
  return check_gradients(tensors, [&] { return weighted_sum(layer.forward(x, kContext), dy); });
}

Errors softmax_rows() {
  Rng rng(4);
  const Numbers x = random(3, 5, rng);
  const auto forward = [](Numbers m) {
    softmax<double>(m, 0.7);
    return m;
  };
  return check_function(x, rng, forward, [&](Numbers dy) {
    softmax_backward<double>(forward(x), dy, 0.7);
    return dy;
  });
}

Errors attention_head() {
  Rng rng(5);
  Numbers q = random(3, 4, rng), k = random(5, 4, rng), v = random(5, 4, rng);
  const Numbers dy = random(3, 4, rng);
  const AttentionMask mask{.causal = true, .offset = 2};
  Numbers y(3, 4), p;
  const auto forward = [&](Numbers* probabilities) {
    scaled_dot_product_attention<double>(y, q, k, v, mask, probabilities);
    return weighted_sum(y, dy);
  };
  forward(&p);
  Numbers dq(3, 4), dk = Numbers::Zero(5, 4), dv = Numbers::Zero(5, 4);
  scaled_dot_product_attention_backward<double>(dq, dk, dv, dy, q, k, v, mask, p);
  return check_gradients({checked("q", q, dq), checked("k", k, dk), checked("v", v, dv)},
                         [&] { return forward(nullptr); });
}

Errors flash_head() {
  Rng rng(16);
  // Two tiles of keys for every query.
  Numbers q = random(3, 2, rng), k = random(130, 2, rng), v = random(130, 2, rng);
  const Numbers dy = random(3, 2, rng);
  const AttentionMask mask{.causal = true, .offset = 127};
  Numbers y(3, 2);
  RowVector<double> log_sum_exp;
  const auto forward = [&] {
    flash_attention<double>(y, q, k, v, mask, &log_sum_exp);
    return weighted_sum(y, dy);
  };
  forward();
  Numbers dq(3, 2), dk = Numbers::Zero(130, 2), dv = Numbers::Zero(130, 2);
  flash_attention_backward<double>(dq, dk, dv, dy, q, k, v, y, mask, log_sum_exp);
  return check_gradients({checked("q", q, dq), checked("k", k, dk), checked("v", v, dv)}, forward);
}

Errors rotary() {
  Rng rng(6);
  Errors all;
  for (const RotaryLayout layout : {RotaryLayout::interleaved, RotaryLayout::split_halves}) {
    const Rotary<double> layer(4, {.layout = layout, .positions = kTime});
    const Numbers x = random(kRows, kWidth, rng);
    const auto forward = [&](Numbers m) {
      layer.forward(m, kContext);
      return m;
    };
    const auto backward = [&](Numbers dy) {
      layer.backward(dy, kContext);
      return dy;
    };
    append(all, layout == RotaryLayout::interleaved ? "interleaved: " : "split halves: ",
           check_function(x, rng, forward, backward));
  }
  return all;
}

Errors multi_head_attention() {
  Rng rng(7);
  const AttentionOptions plain{.width = kWidth, .heads = 4};
  AttentionOptions grouped{.width = kWidth, .heads = 4, .kv_heads = 2, .bias = false};
  grouped.rotary = RotaryOptions{.positions = kTime};
  Errors all;
  append(all, "", check_with_context(MultiHeadAttention<double>(plain, rng), rng));
  append(all,
         "grouped, rotary: ", check_with_context(MultiHeadAttention<double>(grouped, rng), rng));
  return all;
}

Errors layer_norm() {
  Rng rng(8);
  return check_plain(LayerNorm<double>(kWidth), rng);
}

Errors rms_norm() {
  Rng rng(9);
  return check_plain(RmsNorm<double>(kWidth), rng);
}

Errors activation() {
  Rng rng(10);
  Numbers x = random(4, 5, rng);
  // ReLU has a corner at 0, where no slope is right: stay away from it by more than the step.
  for (double& number : x.reshaped()) number += std::copysign(0.01, number);
  Errors all;
  for (const auto& [kind, name] :
       {std::pair{Activation::relu, "relu: "}, std::pair{Activation::gelu_tanh, "gelu_tanh: "},
        std::pair{Activation::gelu_erf, "gelu_erf: "}, std::pair{Activation::silu, "silu: "}}) {
    const auto forward = [kind = kind](const Numbers& m) {
      Numbers y(m.rows(), m.cols());
      activation_forward<double>(kind, m, y);
      return y;
    };
    const auto backward = [kind = kind, &x](const Numbers& dy) {
      Numbers dx(dy.rows(), dy.cols());
      activation_backward<double>(kind, x, dy, dx);
      return dx;
    };
    append(all, name, check_function(x, rng, forward, backward));
  }
  return all;
}

Errors feed_forward() {
  Rng rng(11);
  return check_plain(FeedForward<double>(kWidth, 12, Activation::gelu_tanh, true, rng), rng);
}

Errors gated_feed_forward() {
  Rng rng(12);
  return check_plain(GatedFeedForward<double>(kWidth, 12, rng), rng);
}

Errors dropout() {
  Rng rng(13);
  const Dropout<double> layer(0.4);
  Dropout<double>::Cache cache;
  // Every call drops the same numbers: each begins with the same random stream.
  const auto forward = [&](const Numbers& m) {
    Rng same(14);
    Context context = kContext;
    context.dropout = &same;
    return layer.forward(m, context, &cache);
  };
  return check_function(random(kRows, kWidth, rng), rng, forward,
                        [&](const Numbers& dy) { return layer.backward(dy, cache); });
}

Errors cross_entropy_loss_of_logits() {
  Rng rng(15);
  Numbers logits = random(4, 6, rng);
  const std::vector<std::int32_t> targets{2, 5, kIgnore, 0};
  const Numbers dlogits = cross_entropy<double>(logits, targets).dlogits;
  return check_gradients({checked("logits", logits, dlogits)},
                         [&] { return cross_entropy_loss(logits, targets); });
}

constexpr GradientCase kCases[] = {
    {"linear", linear},
    {"embedding", embedding},
    {"learned_position", learned_position},
    {"softmax", softmax_rows},
    {"scaled_dot_product_attention", attention_head},
    {"flash_attention", flash_head},
    {"rotary", rotary},
    {"multi_head_attention", multi_head_attention},
    {"layer_norm", layer_norm},
    {"rms_norm", rms_norm},
    {"activation", activation},
    {"feed_forward", feed_forward},
    {"gated_feed_forward", gated_feed_forward},
    {"dropout", dropout},
    {"cross_entropy", cross_entropy_loss_of_logits},
    {"block", check_block},
    {"decoder", check_decoder},
};

}  // namespace

std::span<const GradientCase> gradient_cases() {
  return kCases;
}

}  // namespace limpid::cli
