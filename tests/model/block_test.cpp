#include "limpid/model/block.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO fixture: the decoder's fixtures hold two blocks of each family

namespace {

Config small(Family family) {
  Config config;
  config.family = family;
  config.vocab = 5;
  config.context = 8;
  config.layers = 1;
  config.heads = 2;
  config.kv_heads = family == Family::gpt2 ? 2 : 1;
  config.width = 8;
  config.hidden = 12;
  return config;
}

// A part of its own, with the numbers of a block's.
template <class Part, class Other>
Part with_values_of(Part part, Other& other) {
  const Parameters<double> to = part.parameters(), from = other.parameters();
  REQUIRE(to.size() == from.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    REQUIRE(to[i].name == from[i].name);
    REQUIRE(to[i].value.size() == from[i].value.size());
    std::copy(from[i].value.begin(), from[i].value.end(), to[i].value.begin());
  }
  return part;
}

}  // namespace

TEST_CASE("by hand: branches that give nothing leave the stream as it is") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(1);
    Block<double> block(small(family), rng);
    for (const Parameter<double>& p : block.parameters()) {
      if (p.name.find("out.") != std::string::npos || p.name.find("down.") != std::string::npos) {
        std::fill(p.value.begin(), p.value.end(), 0);
      }
    }
    const Matrix<double> x = random_matrix(4, 8, rng);
    const Context context{.batch = 1, .time = 4};
    Block<double>::Cache cache;
    CHECK(max_difference(block.forward(x, context, &cache), x) == 0);
    // And dy reaches x undiminished.
    const Matrix<double> dy = random_matrix(4, 8, rng);
    CHECK(max_difference(block.backward(dy, context, cache), dy) == 0);
  }
}

TEST_CASE("by hand: a gpt2 block is what its parts make of x, one after the other") {
  Rng rng(11);
  Config config = small(Family::gpt2);
  config.norm_epsilon = 0.3;
  Block<double> block(config, rng);
  randomize(block.parameters(), rng);
  const auto norm1 = with_values_of(LayerNorm<double>(8, 0.3), block.norm1);
  const auto norm2 = with_values_of(LayerNorm<double>(8, 0.3), block.norm2);
  const auto attention = with_values_of(
      MultiHeadAttention<double>({.width = 8, .heads = 2, .bias = true}, rng), block.attention);
  const auto feed_forward = with_values_of(
      FeedForward<double>(8, 12, Activation::gelu_tanh, true, rng), block.feed_forward);
  const Context context{.batch = 2, .time = 3};
  const Matrix<double> x = random_matrix(6, 8, rng);
  const Matrix<double> middle = x + attention.forward(norm1.forward(x, nullptr), context, nullptr);
  const Matrix<double> y = middle + feed_forward.forward(norm2.forward(middle, nullptr), nullptr);
  CHECK(max_difference(block.forward(x, context, nullptr), y) <= 1e-13);
}

TEST_CASE("by hand: so is a llama block, with rotary positions in split halves") {
  Rng rng(12);
  Config config = small(Family::llama);
  config.norm_epsilon = 0.3;
  config.rotary_base = 50;
  Block<double> block(config, rng);
  randomize(block.parameters(), rng);
  const auto norm1 = with_values_of(RmsNorm<double>(8, 0.3), block.norm1);
  const auto norm2 = with_values_of(RmsNorm<double>(8, 0.3), block.norm2);
  const AttentionOptions options{.width = 8,
                                 .heads = 2,
                                 .kv_heads = 1,
                                 .bias = false,
                                 .rotary = RotaryOptions{RotaryLayout::split_halves, 50, 8}};
  const auto attention = with_values_of(MultiHeadAttention<double>(options, rng), block.attention);
  const auto feed_forward =
      with_values_of(GatedFeedForward<double>(8, 12, rng), block.feed_forward);
  const Context context{.batch = 2, .time = 3};
  const Matrix<double> x = random_matrix(6, 8, rng);
  const Matrix<double> middle = x + attention.forward(norm1.forward(x, nullptr), context, nullptr);
  const Matrix<double> y = middle + feed_forward.forward(norm2.forward(middle, nullptr), nullptr);
  CHECK(max_difference(block.forward(x, context, nullptr), y) <= 1e-13);
}

TEST_CASE("property: with a key/value cache a token gets what it gets among all the others") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(13);
    Block<double> block(small(family), rng);
    randomize(block.parameters(), rng);
    const Matrix<double> x = random_matrix(5, 8, rng);
    const Matrix<double> y = block.forward(x, {.batch = 1, .time = 5}, nullptr);
    KeyValueCache<double> past = block.attention.make_cache(1, 8);
    for (Index i = 0; i < 5; ++i) {
      const Context context{.batch = 1, .time = 1, .offset = i};
      CHECK(max_difference(block.forward_cached(x.row(i), context, past), y.row(i)) <= 1e-13);
    }
  }
}

TEST_CASE("property: what each branch adds starts smaller by the root of the number of branches") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Config config = small(family);
    config.layers = 8;
    config.width = 64;
    config.hidden = 160;
    Rng rng(14);
    Block<double> block(config, rng);
    int seen = 0;
    for (const Parameter<double>& p : block.parameters()) {
      if (p.name != "attention.out.weight" && p.name != "feed_forward.down.weight") continue;
      const Eigen::Map<const Eigen::ArrayXd> w(p.value.data(), static_cast<Index>(p.value.size()));
      CHECK(std::abs(std::sqrt(w.square().mean()) / initial_deviation(64) - 0.25) <= 0.02);
      ++seen;
    }
    CHECK(seen == 2);
  }
}

TEST_CASE("property: what is added does not depend on the length of the stream's vectors") {
  // The norms stand inside the branches, so 100 x and x make the same addition (but for eps).
  Config config = small(Family::llama);
  config.norm_epsilon = 1e-12;
  Rng rng(2);
  Block<double> block(config, rng);
  randomize(block.attention.parameters(), rng);
  const Matrix<double> x = random_matrix(3, 8, rng);
  const Context context{.batch = 1, .time = 3};
  const Matrix<double> once =
      block.attention.forward(block.norm1.forward(x, nullptr), context, nullptr);
  const Matrix<double> large = 100 * x;
  CHECK(max_difference(
            block.attention.forward(block.norm1.forward(large, nullptr), context, nullptr), once) <=
        1e-9);
}

TEST_CASE("gradient check: x and every parameter, both families, with and without dropout") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const double dropout : {0.0, 0.4}) {
      Config config = small(family);
      config.dropout = dropout;
      Rng rng(3);
      Block<double> block(config, rng);
      randomize(block.parameters(), rng);
      Matrix<double> x = random_matrix(6, 8, rng);
      const Matrix<double> dy = random_matrix(6, 8, rng);
      const auto run = [&](Block<double>::Cache* cache) {
        Rng stream(5);
        Context context{.batch = 2, .time = 3};
        context.dropout = &stream;
        return block.forward(x, context, cache);
      };
      Block<double>::Cache cache;
      run(&cache);
      const Matrix<double> dx = block.backward(dy, {.batch = 2, .time = 3}, cache);
      std::vector<CheckedTensor> tensors = checked(block.parameters());
      tensors.push_back(checked("x", x, dx));
      for (const GradientError& row :
           check_gradients(tensors, [&] { return weighted_sum(run(nullptr), dy); })) {
        CAPTURE(row.name);
        CHECK(row.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("accumulation: two backwards double the parameter gradients") {
  Rng rng(4);
  Block<double> block(small(Family::gpt2), rng);
  randomize(block.parameters(), rng);
  const Matrix<double> x = random_matrix(4, 8, rng), dy = random_matrix(4, 8, rng);
  const Context context{.batch = 1, .time = 4};
  Block<double>::Cache cache;
  block.forward(x, context, &cache);
  block.backward(dy, context, cache);
  std::vector<double> once;
  for (const auto& p : block.parameters()) once.insert(once.end(), p.grad.begin(), p.grad.end());
  block.backward(dy, context, cache);
  std::size_t i = 0;
  for (const auto& p : block.parameters()) {
    for (const double g : p.grad) CHECK(std::abs(g - 2 * once[i++]) <= 1e-12);
  }
}

TEST_CASE("edges: one token of one sequence; a cache that counts its bytes") {
  Rng rng(5);
  const Block<double> block(small(Family::llama), rng);
  Block<double>::Cache cache;
  CHECK(block.forward(random_matrix(1, 8, rng), {.batch = 1, .time = 1}, &cache).allFinite());
  CHECK(cache.bytes() > 0);
}

TEST_CASE("misuse: another width is named by the part that sees it") {
  Rng rng(6);
  const Block<double> block(small(Family::gpt2), rng);
  CHECK_THROWS_AS(block.forward(Matrix<double>::Zero(2, 7), {.batch = 1, .time = 2}, nullptr),
                  std::invalid_argument);
}
