#include "limpid/nn/multi_head_attention.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/parallel.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

using Attention = MultiHeadAttention<double>;

Attention random_attention(const AttentionOptions& options, Rng& rng) {
  Attention layer(options, rng);
  randomize(layer.parameters(), rng);
  return layer;
}

// The definition, one head after the other, with loops: queries, keys and values have their rows of
// the weight in this order.
Matrix<double> naive(const Attention& layer, const Matrix<double>& x, const Context& context) {
  const Index H = layer.options.heads, G = layer.options.kv_heads, D = layer.options.head_width;
  const auto project = [&](Index n, Index output) {
    double sum = layer.qkv.has_bias() ? layer.qkv.bias[output] : 0;
    for (Index c = 0; c < x.cols(); ++c) sum += x(n, c) * layer.qkv.weight(output, c);
    return sum;
  };
  Matrix<double> merged = Matrix<double>::Zero(x.rows(), H * D);
  for (Index n = 0; n < x.rows(); ++n) {
    const Index start = n / context.time * context.time;
    for (Index h = 0; h < H; ++h) {
      const Index g = h * G / H;  // heads 0 .. H/G - 1 share group 0, and so on
      Matrix<double> weight = Matrix<double>::Zero(1, context.time);
      for (Index j = 0; j < context.time; ++j) {
        if (layer.options.causal && start + j > n) continue;
        if (!context.key_mask.empty() &&
            context.key_mask[static_cast<std::size_t>(start + j)] == 0) {
          continue;
        }
        double score = 0;
        for (Index d = 0; d < D; ++d) {
          score += project(n, h * D + d) * project(start + j, (H + g) * D + d);
        }
        weight(0, j) = std::exp(score / std::sqrt(static_cast<double>(D)));
      }
      const double sum = weight.sum();
      for (Index j = 0; j < context.time && sum > 0; ++j) {
        for (Index d = 0; d < D; ++d) {
          merged(n, h * D + d) += weight(0, j) / sum * project(start + j, (H + G + g) * D + d);
        }
      }
    }
  }
  Matrix<double> y = merged * layer.out.weight.transpose();
  if (layer.out.has_bias()) y.rowwise() += layer.out.bias;
  return y;
}

Matrix<double> permuted(const Matrix<double>& m, const std::vector<Index>& order) {
  Matrix<double> result(m.rows(), m.cols());
  for (Index i = 0; i < m.rows(); ++i) result.row(i) = m.row(order[static_cast<std::size_t>(i)]);
  return result;
}

}  // namespace

TEST_CASE("by hand: two heads of width 1 on two tokens") {
  Rng rng(1);
  Attention layer({.width = 2, .heads = 2, .causal = false}, rng);
  // Head 0 asks with channel 0, head 1 with channel 1; both take channel 0 and 1 for their values.
  layer.qkv.weight << 1, 0,  // q of head 0
      0, 0,                  // q of head 1: 0, so it averages
      1, 0,                  // k of head 0
      0, 1,                  // k of head 1
      0, 1,                  // v of head 0
      1, 0;                  // v of head 1
  layer.out.weight << 1, 0,  //
      0, 10;
  layer.out.bias << 0.5, 0;
  const double root = std::sqrt(std::log(3.0));
  Matrix<double> x(2, 2), y(2, 2);
  x << root, 4,  //
      0, 8;
  // Head 0, token 0: scores (ln 3, 0), weights (3/4, 1/4), values (4, 8): 5. Token 1: scores 0: 6.
  // Head 1: the average of (root, 0) for both.
  y << 5.5, 10 * root / 2,  //
      6.5, 10 * root / 2;
  Attention::Cache cache;
  CHECK(max_difference(layer.forward(x, {.time = 2}, &cache), y) <= 1e-14);
  Matrix<double> map(2, 2);
  map << 0.75, 0.25,  //
      0.5, 0.5;
  REQUIRE(cache.probabilities.size() == 2);
  CHECK(max_difference(cache.probabilities[0], map) <= 1e-15);
  CHECK(max_difference(cache.probabilities[1], Matrix<double>::Constant(2, 2, 0.5)) <= 1e-15);
  // Causal: token 0 sees itself only.
  layer.options.causal = true;
  y.row(0) << 4.5, 10 * root;
  CHECK(max_difference(layer.forward(x, {.time = 2}, nullptr), y) <= 1e-14);
}

TEST_CASE("property: \"dog bites cat\" is \"cat bites dog\" permuted, unless order comes in") {
  Rng rng(2);
  const Matrix<double> words = random_matrix(3, 6, rng);  // cat, bites, dog
  const std::vector<Index> reversed{2, 1, 0};
  const Context context{.time = 3};
  AttentionOptions options{.width = 6, .heads = 3, .causal = false};
  const auto difference = [&](const AttentionOptions& o) {
    Rng same(3);
    const Attention layer = random_attention(o, same);
    return max_difference(layer.forward(permuted(words, reversed), context, nullptr),
                          permuted(layer.forward(words, context, nullptr), reversed));
  };
  CHECK(difference(options) <= 1e-14);
  options.rotary = RotaryOptions{};
  CHECK(difference(options) > 1e-3);
  options.rotary.reset();
  options.causal = true;
  CHECK(difference(options) > 1e-3);
}

TEST_CASE("property: equal to naive loops for every kind of head and mask") {
  Rng rng(4);
  const Context context{.batch = 3, .time = 5};
  std::vector<std::uint8_t> visible(15, 1);
  visible[0] = visible[4] = visible[7] = visible[10] = 0;
  for (const auto& [heads, kv_heads, head_width] :
       {std::array<Index, 3>{1, 1, 6}, {2, 2, 3}, {6, 2, 1}, {4, 1, 5}, {6, 3, 2}}) {
    for (const bool causal : {false, true}) {
      Attention layer = random_attention({.width = 6,
                                          .heads = heads,
                                          .kv_heads = kv_heads,
                                          .head_width = head_width,
                                          .causal = causal,
                                          .bias = causal},
                                         rng);
      const Matrix<double> x = random_matrix(15, 6, rng);
      Context masked = context;
      masked.key_mask = visible;
      for (const Index flash_from : {0, 1}) {
        layer.options.flash_from = flash_from;
        for (const Context& c : {context, masked}) {
          CHECK(max_difference(layer.forward(x, c, nullptr), naive(layer, x, c)) <= 1e-13);
        }
      }
    }
  }
}

TEST_CASE("property: sequences of a batch do not meet, a causal layer ignores the future") {
  Rng rng(5);
  const Attention layer =
      random_attention({.width = 8, .heads = 2, .rotary = RotaryOptions{}}, rng);
  const Matrix<double> x = random_matrix(12, 8, rng);
  const Context context{.batch = 2, .time = 6};
  const Matrix<double> y = layer.forward(x, context, nullptr);
  const Matrix<double> alone = layer.forward(x.bottomRows(6), {.time = 6}, nullptr);
  CHECK(max_difference(y.bottomRows(6), alone) <= 1e-14);
  Matrix<double> changed = x;
  changed.row(3) *= 2;
  const Matrix<double> after = layer.forward(changed, context, nullptr);
  CHECK(max_difference(after.topRows(3), y.topRows(3)) == 0);
  CHECK(max_difference(after.bottomRows(6), y.bottomRows(6)) == 0);
  for (Index n = 3; n < 6; ++n) CHECK(max_difference(after.row(n), y.row(n)) > 1e-4);
}

TEST_CASE("property: with rotary positions only distances count, so an offset changes nothing") {
  Rng rng(6);
  for (const RotaryLayout layout : {RotaryLayout::interleaved, RotaryLayout::split_halves}) {
    const Attention layer =
        random_attention({.width = 8, .heads = 2, .rotary = RotaryOptions{layout, 100, 64}}, rng);
    const Matrix<double> x = random_matrix(5, 8, rng);
    const Matrix<double> y = layer.forward(x, {.time = 5}, nullptr);
    CHECK(max_difference(layer.forward(x, {.time = 5, .offset = 31}, nullptr), y) <= 1e-12);
    CHECK(max_difference(naive(layer, x, {.time = 5}), y) > 1e-3);  // yet positions matter
  }
}

TEST_CASE("property: grouped queries are full heads whose keys and values are equal") {
  Rng rng(7);
  const Attention grouped =
      random_attention({.width = 6, .heads = 4, .kv_heads = 2, .head_width = 3}, rng);
  Attention full = random_attention({.width = 6, .heads = 4, .head_width = 3}, rng);
  full.out = grouped.out;
  const auto copy = [&](Index to, Index from) {
    full.qkv.weight.middleRows(to * 3, 3) = grouped.qkv.weight.middleRows(from * 3, 3);
    full.qkv.bias.segment(to * 3, 3) = grouped.qkv.bias.segment(from * 3, 3);
  };
  for (Index h = 0; h < 4; ++h) {
    copy(h, h);                  // queries
    copy(4 + h, 4 + h / 2);      // keys: heads 0, 1 share group 0
    copy(8 + h, 4 + 2 + h / 2);  // values
  }
  const Matrix<double> x = random_matrix(7, 6, rng);
  CHECK(max_difference(grouped.forward(x, {.time = 7}, nullptr),
                       full.forward(x, {.time = 7}, nullptr)) <= 1e-14);
}

TEST_CASE("property: flash attention gives the same from flash_from tokens on, and keeps no maps") {
  Rng rng(17);
  Attention layer = random_attention({.width = 6, .heads = 4, .kv_heads = 2, .head_width = 2}, rng);
  const Matrix<double> x = random_matrix(2 * 150, 6, rng), dy = random_matrix(2 * 150, 6, rng);
  const Context context{.batch = 2, .time = 150};
  Attention::Cache plain, flash;
  layer.options.flash_from = 151;
  const Matrix<double> y = layer.forward(x, context, &plain);
  const Matrix<double> dx = layer.backward(dy, context, plain);
  const Matrix<double> weight_grad = layer.qkv.weight_grad;
  CHECK(plain.log_sum_exp.empty());
  CHECK(plain.probabilities.size() == 8);

  layer.options.flash_from = 150;
  zero_gradients(layer.parameters());
  CHECK(max_difference(layer.forward(x, context, &flash), y) <= 1e-12);
  CHECK(max_difference(layer.backward(dy, context, flash), dx) <= 1e-12);
  CHECK(max_difference(layer.qkv.weight_grad, weight_grad) <= 1e-11);
  CHECK(flash.probabilities.empty());
  CHECK(flash.log_sum_exp.size() == 8);
  CHECK(plain.bytes() - flash.bytes() == 8 * 8 * 150 * (150 - 1));

  // A cache that served one way serves the other next; whoever asks for the maps gets them.
  Context looking = context;
  looking.attention_maps = true;
  CHECK(max_difference(layer.forward(x, looking, &flash), y) == 0);
  CHECK(max_difference(layer.backward(dy, looking, flash), dx) == 0);
  CHECK(flash.log_sum_exp.empty());
  REQUIRE(flash.probabilities.size() == 8);
  CHECK(max_difference(flash.probabilities[5], plain.probabilities[5]) == 0);
}

TEST_CASE("property: with flash attention, cached decoding still equals the whole forward") {
  Rng rng(18);
  Attention layer =
      random_attention({.width = 8, .heads = 2, .rotary = RotaryOptions{.positions = 80}}, rng);
  const Matrix<double> x = random_matrix(71, 8, rng);
  const Matrix<double> y = layer.forward(x, {.time = 71}, nullptr);
  layer.options.flash_from = 1;
  KeyValueCache<double> past = layer.make_cache(1, 80);
  for (Index first = 0, count = 40; first < 71; first += count, count = first < 70 ? 30 : 1) {
    const Matrix<double> part =
        layer.forward_cached(x.middleRows(first, count), {.time = count, .offset = first}, past);
    CHECK(max_difference(part, y.middleRows(first, count)) <= 1e-13);
  }
  CHECK(past.length == 71);
}

TEST_CASE("property: the cache holds the attention maps and tells its size") {
  Rng rng(8);
  const Attention layer = random_attention({.width = 6, .heads = 3, .kv_heads = 1}, rng);
  const Matrix<double> x = random_matrix(8, 6, rng);
  Attention::Cache cache;
  const Matrix<double> y = layer.forward(x, {.batch = 2, .time = 4}, &cache);
  CHECK(max_difference(y, layer.forward(x, {.batch = 2, .time = 4}, nullptr)) <= 1e-15);
  REQUIRE(cache.probabilities.size() == 6);
  for (const Matrix<double>& map : cache.probabilities) {
    CHECK(max_difference(map.rowwise().sum(), Matrix<double>::Ones(4, 1)) <= 1e-14);
    CHECK(map(0, 0) == 1);
    CHECK(map(1, 2) == 0);
  }
  // x, qkv rows of (3 + 2) * 2 columns, 6 maps, merged heads
  CHECK(cache.bytes() == 8 * (8 * 6 + 8 * 10 + 6 * 16 + 8 * 6));
}

TEST_CASE(
    "property: fresh weights deviate as the width says, the last product by the asked factor, "
    "names and shapes are a file's") {
  Rng rng(9);
  Attention layer({.width = 96, .heads = 6, .kv_heads = 2}, rng, 0.25);
  const auto deviation = [](const Matrix<double>& m) {
    return std::sqrt(m.array().square().mean());
  };
  CHECK(std::abs(deviation(layer.qkv.weight) / initial_deviation(96) - 1) <= 0.025);
  CHECK(std::abs(deviation(layer.out.weight) / initial_deviation(96) - 0.25) <= 0.0075);
  const Parameters<double> parameters = layer.parameters();
  REQUIRE(parameters.size() == 4);
  CHECK(parameters[0].name == "qkv.weight");
  CHECK(parameters[0].shape == std::vector<Index>{160, 96});
  CHECK(parameters[1].name == "qkv.bias");
  CHECK(parameters[2].name == "out.weight");
  CHECK(parameters[2].shape == std::vector<Index>{96, 96});
  CHECK(parameters[3].name == "out.bias");
  Attention without({.width = 4, .heads = 2, .bias = false}, rng);
  CHECK(without.parameters().size() == 2);
}

TEST_CASE("property: the same bits with any number of threads") {
  const int before = threads();
  for (const auto& [batch, time, kv_heads, flash_from] :
       {std::array<Index, 4>{3, 70, 2, 0}, {1, 150, 1, 0}, {5, 9, 4, 0}, {3, 150, 2, 1}}) {
    const Context context{.batch = batch, .time = time};
    Matrix<float> first[5];
    for (const int count : {1, 2, 3, 8}) {
      set_threads(count);
      Rng rng(10);
      MultiHeadAttention<float> layer({.width = 52,
                                       .heads = 4,
                                       .kv_heads = kv_heads,
                                       .head_width = 14,
                                       .rotary = RotaryOptions{},
                                       .flash_from = flash_from},
                                      rng);
      const Matrix<float> x = random_matrix(batch * time, 52, rng).cast<float>();
      MultiHeadAttention<float>::Cache cache;
      Matrix<float> all[5];
      all[0] = layer.forward(x, context, &cache);
      all[1] = layer.backward(x, context, cache);
      all[2] = layer.qkv.weight_grad;
      all[3] = layer.out.weight_grad;
      all[4] = layer.qkv.bias_grad;
      for (int i = 0; i < 5; ++i) {
        if (count == 1) first[i] = all[i];
        CAPTURE(i);
        CHECK((all[i].array() == first[i].array()).all());
      }
    }
  }
  set_threads(before);
}

TEST_CASE("gradient check: x and every parameter, every kind of head and mask") {
  Rng rng(11);
  std::vector<std::uint8_t> visible(6, 1);
  visible[3] = visible[2] = 0;  // the first row of the second sequence sees nothing
  const RotaryOptions interleaved{RotaryLayout::interleaved, 20, 16};
  const RotaryOptions split{RotaryLayout::split_halves, 20, 16};
  for (const AttentionOptions& options :
       {AttentionOptions{.width = 4, .heads = 1},
        AttentionOptions{.width = 6, .heads = 2, .causal = false, .bias = false},
        AttentionOptions{.width = 3, .heads = 4, .kv_heads = 2, .head_width = 2, .rotary = split},
        AttentionOptions{
            .width = 5, .heads = 3, .kv_heads = 1, .head_width = 4, .rotary = interleaved}}) {
    for (const auto& [masked, flash_from] :
         {std::pair{false, 0}, {true, 0}, {false, 1}, {true, 1}}) {
      Context context{.batch = 2, .time = 3, .offset = 2};
      if (masked) context.key_mask = visible;
      Attention layer = random_attention(options, rng);
      layer.options.flash_from = flash_from;
      Matrix<double> x = random_matrix(6, options.width, rng);
      const Matrix<double> dy = random_matrix(6, options.width, rng);
      Attention::Cache cache;
      layer.forward(x, context, &cache);
      const Matrix<double> dx = layer.backward(dy, context, cache);
      std::vector<CheckedTensor> tensors = checked(layer.parameters());
      CHECK(tensors.size() == (options.bias ? 4 : 2));
      tensors.push_back(checked("x", x, dx));
      for (const GradientError& row : check_gradients(
               tensors, [&] { return weighted_sum(layer.forward(x, context, nullptr), dy); })) {
        CAPTURE(options.heads);
        CAPTURE(context.key_mask.size());
        CAPTURE(layer.options.flash_from);
        CAPTURE(row.name);
        CHECK(row.largest > 1e-3);
        CHECK(row.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("fixture: PyTorch's MultiheadAttention, and grouped rotary heads by its autograd") {
  for (const char* name :
       {"torch_plain", "torch_causal_padded", "grouped_split", "grouped_interleaved"}) {
    CAPTURE(name);
    const Fixture fixture("multi_head_attention", name);
    const auto integer = [&](const char* key) { return static_cast<Index>(fixture.number(key)); };
    AttentionOptions options{.width = integer("width"),
                             .heads = integer("heads"),
                             .kv_heads = integer("kv_heads"),
                             .head_width = integer("head_width"),
                             .causal = integer("causal") == 1,
                             .bias = integer("bias") == 1};
    if (integer("rotary") != 0) {
      options.rotary = RotaryOptions{
          integer("rotary") == 1 ? RotaryLayout::split_halves : RotaryLayout::interleaved,
          fixture.number("base"), 16};
    }
    std::vector<std::uint8_t> visible;
    for (const Index bit : fixture.integers("visible")) {
      visible.push_back(static_cast<std::uint8_t>(bit));
    }
    const Context context{.batch = integer("batch"),
                          .time = integer("time"),
                          .offset = integer("offset"),
                          .key_mask = visible};
    Rng rng(12);
    Attention layer(options, rng);
    for (const Parameter<double>& parameter : layer.parameters()) {
      fixture.load(parameter, parameter.name);
    }
    for (const Index flash_from : {0, 1}) {
      CAPTURE(flash_from);
      layer.options.flash_from = flash_from;
      zero_gradients(layer.parameters());
      Attention::Cache cache;
      const Matrix<double> y = layer.forward(fixture.matrix("x"), context, &cache);
      CHECK(max_difference(y, fixture.matrix("y")) <= 1e-10);
      const Matrix<double> maps = fixture.matrix("probabilities");  // [B * H * T, T]
      const auto heads = static_cast<std::size_t>(context.batch * options.heads);
      REQUIRE(cache.probabilities.size() == (flash_from == 0 ? heads : 0));
      for (std::size_t i = 0; i < cache.probabilities.size(); ++i) {
        CHECK(max_difference(cache.probabilities[i],
                             maps.middleRows(static_cast<Index>(i) * context.time, context.time)) <=
              1e-10);
      }
      const Matrix<double> dx = layer.backward(fixture.matrix("dy"), context, cache);
      CHECK(max_difference(dx, fixture.matrix("dx")) <= 1e-10);
      CHECK(max_difference(layer.qkv.weight_grad, fixture.matrix("d.qkv.weight")) <= 1e-10);
      CHECK(max_difference(layer.out.weight_grad, fixture.matrix("d.out.weight")) <= 1e-10);
      if (options.bias) {
        CHECK(max_difference(layer.qkv.bias_grad, fixture.matrix("d.qkv.bias")) <= 1e-10);
        CHECK(max_difference(layer.out.bias_grad, fixture.matrix("d.out.bias")) <= 1e-10);
      }
    }
  }
}

TEST_CASE("accumulation: two backwards double the parameter gradients, forward changes nothing") {
  Rng rng(13);
  Attention layer = random_attention({.width = 6, .heads = 4, .kv_heads = 2, .head_width = 2}, rng);
  const Matrix<double> x = random_matrix(14, 6, rng), dy = random_matrix(14, 6, rng);
  const Context context{.batch = 2, .time = 7};
  Attention::Cache cache;
  const Matrix<double> y = layer.forward(x, context, &cache);
  const Matrix<double> dx = layer.backward(dy, context, cache);
  std::vector<std::vector<double>> once;
  for (const auto& p : layer.parameters()) once.emplace_back(p.grad.begin(), p.grad.end());
  CHECK(max_difference(layer.forward(x, context, &cache), y) == 0);
  CHECK(max_difference(layer.backward(dy, context, cache), dx) == 0);
  const Parameters<double> parameters = layer.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    double difference = 0;
    for (std::size_t j = 0; j < once[i].size(); ++j) {
      difference = std::max(difference, std::abs(parameters[i].grad[j] - 2 * once[i][j]));
    }
    CHECK(difference <= 1e-12);
  }
}

TEST_CASE("edges: one token, one head, width 1") {
  Rng rng(14);
  // One token attends to itself alone: y is the value, mixed.
  Attention layer = random_attention({.width = 5, .heads = 1}, rng);
  const Matrix<double> x = random_matrix(3, 5, rng);
  const Matrix<double> values =
      (x * layer.qkv.weight.bottomRows(5).transpose()).rowwise() + layer.qkv.bias.tail(5);
  const Matrix<double> expected =
      (values * layer.out.weight.transpose()).rowwise() + layer.out.bias;
  CHECK(max_difference(layer.forward(x, {.batch = 3, .time = 1}, nullptr), expected) <= 1e-13);
  const Attention narrow = random_attention({.width = 1, .heads = 1}, rng);
  const Matrix<double> column = random_matrix(67, 1, rng);
  CHECK(max_difference(narrow.forward(column, {.time = 67}, nullptr),
                       naive(narrow, column, {.time = 67})) <= 1e-13);
}

TEST_CASE("edges: inputs of 1e4 (scores of 1e8), fully masked rows") {
  Rng rng(15);
  Attention layer = random_attention({.width = 4, .heads = 2}, rng);
  const Matrix<double> large = random_matrix(6, 4, rng, 1e4);
  for (const Index flash_from : {0, 1}) {
    CAPTURE(flash_from);
    layer.options.flash_from = flash_from;
    Attention::Cache cache;
    CHECK(layer.forward(large, {.time = 6}, &cache).allFinite());
    CHECK(layer.backward(large, {.time = 6}, cache).allFinite());

    // All keys hidden: the heads say nothing, only out's bias remains; and nothing learns but it.
    const std::vector<std::uint8_t> none(6, 0);
    const Context context{.time = 6, .key_mask = none};
    const Matrix<double> x = random_matrix(6, 4, rng);
    zero_gradients(layer.parameters());
    const Matrix<double> y = layer.forward(x, context, &cache);
    for (Index n = 0; n < 6; ++n) CHECK(max_difference(y.row(n), layer.out.bias) == 0);
    CHECK(layer.backward(x, context, cache).isZero(0));
    CHECK(layer.qkv.weight_grad.isZero(0));
    CHECK(layer.out.weight_grad.isZero(0));
    CHECK(max_difference(layer.out.bias_grad, x.colwise().sum()) <= 1e-13);
  }
}

TEST_CASE("misuse: impossible options, inputs that do not fit") {
  Rng rng(16);
  const auto make = [&](const AttentionOptions& options) { Attention(options, rng); };
  CHECK_THROWS_WITH_AS(make({.width = 10, .heads = 3}),
                       "multi_head_attention: width is 10, expected a multiple of the 3 heads",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.width = 8, .heads = 4, .kv_heads = 3}),
                       "multi_head_attention: heads is 4, expected a multiple of the 3 kv_heads",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.width = 8, .heads = 0}),
                       "multi_head_attention: width is 8 and heads is 0, expected both >= 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.width = 8, .heads = 2, .head_width = -4}),
                       "multi_head_attention: head_width is -4, expected >= 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.width = 8, .heads = 2, .flash_from = -1}),
                       "multi_head_attention: flash_from is -1, expected >= 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.width = 6, .heads = 2, .rotary = RotaryOptions{}}),
                       "rotary: head width is 3, expected an even number above 0",
                       std::invalid_argument);

  Attention layer({.width = 4, .heads = 2}, rng);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(6, 5), {.time = 6}, nullptr),
                       "multi_head_attention: x has shape [6, 5], expected [6, 4]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>::Zero(6, 4), {.batch = 2, .time = 4}, nullptr),
                       "multi_head_attention: x has shape [6, 4], expected [8, 4]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(layer.forward(Matrix<double>(0, 4), {.batch = 0, .time = 4}, nullptr),
                       "multi_head_attention: x has no rows, expected at least one",
                       std::invalid_argument);
  const std::vector<std::uint8_t> mask(5, 1);
  CHECK_THROWS_WITH_AS(
      layer.forward(Matrix<double>::Zero(6, 4), {.time = 6, .key_mask = mask}, nullptr),
      "multi_head_attention: key_mask has 5 entries, expected 6", std::invalid_argument);
  Attention::Cache cache;
  layer.forward(Matrix<double>::Zero(6, 4), {.time = 6}, &cache);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(6, 3), {.time = 6}, cache),
                       "multi_head_attention: dy has shape [6, 3], expected [6, 4]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      layer.backward(Matrix<double>::Zero(6, 4), {.time = 6, .key_mask = mask}, cache),
      "multi_head_attention: key_mask has 5 entries, expected 6", std::invalid_argument);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(5, 4), {.time = 5}, cache),
                       "multi_head_attention: cache.rows has shape [6, 12], expected [5, 12]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(layer.backward(Matrix<double>::Zero(6, 4), {.batch = 2, .time = 3}, cache),
                       "multi_head_attention: cache has 2 heads, expected 4",
                       std::invalid_argument);
}
