// A backward pass is the transpose of a derivative, and so it is linear in dy, whatever the layer:
//
//   backward(a dy1 + b dy2) = a backward(dy1) + b backward(dy2)
//
// A layer that multiplied dy by dy, added what is not of dy, or kept anything of the last call would fail.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "limpid/nn/activation.hpp"
#include "limpid/nn/dropout.hpp"
#include "limpid/nn/embedding.hpp"
#include "limpid/nn/feed_forward.hpp"
#include "limpid/nn/gated_feed_forward.hpp"
#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/learned_position.hpp"
#include "limpid/nn/linear.hpp"
#include "limpid/nn/rms_norm.hpp"
#include "limpid/nn/softmax.hpp"

#include "random_models.hpp"
#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

// dx and the gradients of all parameters, one behind the other.
using Gradient = std::vector<double>;

Gradient together(const Matrix<double>& dx, const Parameters<double>& parameters) {
  Gradient all(dx.data(), dx.data() + dx.size());
  for (const Parameter<double>& p : parameters) all.insert(all.end(), p.grad.begin(), p.grad.end());
  return all;
}

// `backward` starts with gradients of 0 each time.
template <class Backward>
void check_linear(Index rows, Index cols, Rng& rng, Backward backward) {
  const double a = rng.normal(), b = rng.normal();
  const Matrix<double> dy1 = random_matrix(rows, cols, rng), dy2 = random_matrix(rows, cols, rng);
  const Gradient one = backward(dy1), two = backward(dy2), both = backward(a * dy1 + b * dy2);
  RC_ASSERT(both.size() == one.size());
  double largest = 0, size = 0;
  for (std::size_t i = 0; i < both.size(); ++i) {
    const double sum = a * one[i] + b * two[i];
    const double difference = std::abs(both[i] - sum);
    largest = std::isnan(difference) ? difference : std::max(largest, difference);
    size = std::max(size, std::abs(a * one[i]) + std::abs(b * two[i]));
    if (std::isnan(largest)) break;
  }
  RC_ASSERT(largest <= 1e-13 * size);
}

// Layers whose forward takes x and a cache.
template <class Layer>
void check_layer(Layer& layer, Index rows, Index in, Index out, Rng& rng) {
  randomize(layer.parameters(), rng);
  typename Layer::Cache cache;
  layer.forward(random_matrix(rows, in, rng), &cache);
  check_linear(rows, out, rng, [&](const Matrix<double>& dy) {
    zero_gradients(layer.parameters());
    const Matrix<double> dx = layer.backward(dy, cache);
    return together(dx, layer.parameters());
  });
}

Index pick_width(const char* name) {
  return pick(name, 1, 40);
}

}  // namespace

TEST_CASE("property: linear, feed-forward and SwiGLU are linear in dy") {
  for_all([] {
    const Index rows = pick("rows", 1, 40), width = pick_width("width"),
                other = pick_width("hidden");
    const auto kind = pick_one<std::string>("layer", {"linear", "feed forward", "gated"});
    Rng rng = pick_rng();
    if (kind == "linear") {
      Linear<double> layer(width, other, pick_bool("bias"), rng);
      check_layer(layer, rows, width, other, rng);
    } else if (kind == "gated") {
      GatedFeedForward<double> layer(width, other, rng);
      check_layer(layer, rows, width, width, rng);
    } else {
      const auto bend = pick_one<Activation>(
          "activation",
          {Activation::relu, Activation::gelu_tanh, Activation::gelu_erf, Activation::silu});
      FeedForward<double> layer(width, other, bend, pick_bool("bias"), rng);
      check_layer(layer, rows, width, width, rng);
    }
  });
}

TEST_CASE("property: norms are linear in dy") {
  for_all([] {
    const Index rows = pick("rows", 1, 40), width = pick_width("width");
    const bool centred = pick_bool("layer norm");
    Rng rng = pick_rng();
    if (centred) {
      LayerNorm<double> layer(width);
      check_layer(layer, rows, width, width, rng);
    } else {
      RmsNorm<double> layer(width);
      check_layer(layer, rows, width, width, rng);
    }
  });
}

TEST_CASE("property: activations, softmax, rotary and dropout are linear in dy") {
  for_all([] {
    const Index rows = pick("rows", 1, 40), width = 2 * pick_width("half of the width");
    const auto kind =
        pick_one<std::string>("layer", {"activation", "softmax", "rotary", "dropout"});
    Rng rng = pick_rng();
    const Matrix<double> x = random_matrix(rows, width, rng);
    const Parameters<double> none;
    if (kind == "activation") {
      const auto bend = pick_one<Activation>(
          "activation",
          {Activation::relu, Activation::gelu_tanh, Activation::gelu_erf, Activation::silu});
      check_linear(rows, width, rng, [&](const Matrix<double>& dy) {
        Matrix<double> dx(rows, width);
        activation_backward<double>(bend, x, dy, dx);
        return together(dx, none);
      });
    } else if (kind == "softmax") {
      Matrix<double> p = x;
      softmax<double>(p);
      check_linear(rows, width, rng, [&](Matrix<double> dp) {
        softmax_backward<double>(p, dp);
        return together(dp, none);
      });
    } else if (kind == "rotary") {
      const Rotary<double> rotary(width, {.positions = rows});
      check_linear(rows, width, rng, [&](Matrix<double> dx) {
        rotary.backward(dx, {.time = rows});
        return together(dx, none);
      });
    } else {
      const Dropout<double> dropout(0.4);
      Rng stream(7);
      Context context{.time = rows};
      context.dropout = &stream;
      Dropout<double>::Cache cache;
      dropout.forward(x, context, &cache);
      check_linear(rows, width, rng, [&](const Matrix<double>& dy) {
        return together(dropout.backward(dy, cache), none);
      });
    }
  });
}

TEST_CASE("property: embeddings and learned positions are linear in dy") {
  for_all([] {
    const Index batch = pick("batch", 1, 4), time = pick("time", 1, 12),
                width = pick_width("width");
    const Index vocab = pick("vocabulary", 1, 20);
    Rng rng = pick_rng();
    Embedding<double> table(vocab, width, rng);
    LearnedPosition<double> positions(time + 2, width, rng);
    const std::vector<std::int32_t> ids = random_ids(batch * time, vocab, rng);
    const Context context{.batch = batch, .time = time, .offset = pick("offset", 0, 2)};
    check_linear(batch * time, width, rng, [&](const Matrix<double>& dy) {
      zero_gradients(table.parameters());
      zero_gradients(positions.parameters());
      const Matrix<double> dx = positions.backward(dy, context);
      table.backward(dx, ids);
      Parameters<double> both = table.parameters();
      append_parameters(both, "positions", positions.parameters());
      return together(dx, both);
    });
  });
}

TEST_CASE("property: attention is linear in dy, plain and flash, causal and not, grouped and not") {
  for_all([] {
    const AttentionOptions options = pick_attention(pick_bool("causal"));
    const Context context{.batch = pick("batch", 1, 3), .time = pick("time", 1, 140)};
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    MultiHeadAttention<double>::Cache cache;
    layer.forward(random_matrix(context.rows(), options.width, rng), context, &cache);
    check_linear(context.rows(), options.width, rng, [&](const Matrix<double>& dy) {
      zero_gradients(layer.parameters());
      const Matrix<double> dx = layer.backward(dy, context, cache);
      return together(dx, layer.parameters());
    });
  });
}

TEST_CASE("property: blocks and whole models are linear in dy") {
  for_all([] {
    const Config config = pick_config();
    const Context context{.batch = pick("batch", 1, 3), .time = pick("time", 1, config.context)};
    Rng rng = pick_rng();
    if (pick_bool("only a block")) {
      Block<double> block(config, rng);
      randomize(block.parameters(), rng);
      Block<double>::Cache cache;
      block.forward(random_matrix(context.rows(), config.width, rng), context, &cache);
      check_linear(context.rows(), config.width, rng, [&](const Matrix<double>& dy) {
        zero_gradients(block.parameters());
        const Matrix<double> dx = block.backward(dy, context, cache);
        return together(dx, block.parameters());
      });
    } else {
      Decoder<double> model(config, rng);
      randomize(model.parameters(), rng);
      Decoder<double>::Cache cache;
      model.forward(random_ids(context.rows(), config.vocab, rng), context, &cache);
      check_linear(context.rows(), config.vocab, rng, [&](const Matrix<double>& dlogits) {
        zero_gradients(model.parameters());
        model.backward(dlogits, context, cache);
        return together(Matrix<double>(), model.parameters());
      });
    }
  });
}
