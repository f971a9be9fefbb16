#include "limpid/nn/kv_cache.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/core/parallel.hpp"
#include "limpid/nn/multi_head_attention.hpp"

#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: the cache serves generation, where nothing is differentiated
// NO fixture: it must equal the uncached forward, which has one
// NO accumulation: there are no gradients

namespace {

using Attention = MultiHeadAttention<double>;

Attention random_attention(const AttentionOptions& options, Rng& rng) {
  Attention layer(options, rng);
  randomize(layer.parameters(), rng);
  return layer;
}

// Rows first .. first + count - 1 of every sequence.
Matrix<double> slice(const Matrix<double>& x, Index batch, Index first, Index count) {
  const Index time = x.rows() / batch;
  Matrix<double> part(batch * count, x.cols());
  for (Index b = 0; b < batch; ++b) {
    part.middleRows(b * count, count) = x.middleRows(b * time + first, count);
  }
  return part;
}

// The largest difference between the whole forward and one in chunks of these sizes.
double chunked_difference(const Attention& layer, KeyValueCache<double>& past,
                          const Matrix<double>& x, const std::vector<Index>& chunks,
                          const std::vector<std::uint8_t>& visible = {}) {
  const Index batch = past.batch, time = x.rows() / batch;
  const Matrix<double> y =
      layer.forward(x, {.batch = batch, .time = time, .key_mask = visible}, nullptr);
  double difference = 0;
  Index first = 0;
  for (const Index count : chunks) {
    std::vector<std::uint8_t> mask;
    for (Index n = 0; !visible.empty() && n < batch * count; ++n) {
      mask.push_back(visible[static_cast<std::size_t>(n / count * time + first + n % count)]);
    }
    const Matrix<double> part = layer.forward_cached(
        slice(x, batch, first, count),
        {.batch = batch, .time = count, .offset = first, .key_mask = mask}, past);
    difference = std::max(difference, max_difference(part, slice(y, batch, first, count)));
    first += count;
    CHECK(past.length == first);
  }
  CHECK(first == time);
  return difference;
}

}  // namespace

TEST_CASE("by hand: two sequences, rows go behind the earlier ones of their own sequence") {
  KeyValueCache<double> cache(2, 3, 1);
  Matrix<double> keys(4, 1), values(4, 1);
  keys << 1, 2, 5, 6;
  values << 10, 20, 50, 60;
  cache.append(keys, values, {.batch = 2, .time = 2});
  CHECK(cache.length == 2);
  keys.resize(2, 1);
  values.resize(2, 1);
  keys << 3, 7;
  values << 30, 70;
  const std::vector<std::uint8_t> mask{0, 1};
  cache.append(keys, values, {.batch = 2, .time = 1, .offset = 2, .key_mask = mask});
  Matrix<double> expected(6, 1);
  expected << 1, 2, 3, 5, 6, 7;
  CHECK(max_difference(cache.keys, expected) == 0);
  CHECK(max_difference(cache.values, 10 * expected) == 0);
  CHECK(cache.visible == std::vector<std::uint8_t>{1, 1, 0, 1, 1, 1});
  CHECK(cache.length == 3);
  CHECK(cache.bytes() == 2 * 6 * 8 + 6);
}

TEST_CASE("property: equal to the uncached forward, token by token and in chunks") {
  Rng rng(1);
  const RotaryOptions interleaved{RotaryLayout::interleaved, 20, 80};
  const RotaryOptions split{RotaryLayout::split_halves, 20, 80};
  for (const AttentionOptions& options :
       {AttentionOptions{.width = 4, .heads = 1}, AttentionOptions{.width = 6, .heads = 3},
        AttentionOptions{.width = 8, .heads = 4, .kv_heads = 2, .bias = false, .rotary = split},
        AttentionOptions{
            .width = 5, .heads = 3, .kv_heads = 1, .head_width = 4, .rotary = interleaved}}) {
    const Attention layer = random_attention(options, rng);
    for (const Index batch : {1, 3}) {
      CAPTURE(options.width);
      CAPTURE(batch);
      const Matrix<double> x = random_matrix(batch * 7, options.width, rng);
      KeyValueCache<double> exact = layer.make_cache(batch, 7);  // the last row is used too
      CHECK(chunked_difference(layer, exact, x, {1, 1, 1, 1, 1, 1, 1}) <= 1e-13);
      KeyValueCache<double> roomy = layer.make_cache(batch, 20);
      CHECK(chunked_difference(layer, roomy, x, {3, 1, 2, 1}) <= 1e-13);
      roomy.reset();
      CHECK(chunked_difference(layer, roomy, x, {7}) <= 1e-13);
    }
    // Over the border of a block of queries.
    const Matrix<double> x = random_matrix(78, options.width, rng);
    KeyValueCache<double> past = layer.make_cache(1, 80);
    CHECK(chunked_difference(layer, past, x, {1, 66, 10, 1}) <= 1e-13);
  }
}

TEST_CASE("property: hidden rows stay hidden, for each sequence its own") {
  Rng rng(2);
  const Attention layer = random_attention({.width = 6, .heads = 2}, rng);
  const Matrix<double> x = random_matrix(10, 6, rng);
  const std::vector<std::uint8_t> visible{0, 0, 1, 1, 1, 1, 1, 1, 0, 1};  // padded on the left
  KeyValueCache<double> past = layer.make_cache(2, 6);
  CHECK(chunked_difference(layer, past, x, {2, 2, 1}, visible) <= 1e-13);
  // After a reset a call without a mask hides nothing.
  past.reset();
  CHECK(chunked_difference(layer, past, x, {4, 1}) <= 1e-13);
}

TEST_CASE("property: after a reset the old text has left no trace") {
  Rng rng(3);
  const Attention layer =
      random_attention({.width = 6, .heads = 1, .rotary = RotaryOptions{.positions = 9}}, rng);
  KeyValueCache<double> past = layer.make_cache(1, 9);
  layer.forward_cached(random_matrix(9, 6, rng), {.time = 9}, past);
  past.reset();
  CHECK(past.length == 0);
  CHECK(past.capacity == 9);
  CHECK(chunked_difference(layer, past, random_matrix(5, 6, rng), {1, 4}) <= 1e-13);
}

TEST_CASE("property: the same bits with any number of threads") {
  const int before = threads();
  Matrix<float> first;
  for (const int count : {1, 2, 3, 8}) {
    set_threads(count);
    Rng rng(4);
    const MultiHeadAttention<float> layer({.width = 64, .heads = 8, .kv_heads = 4}, rng);
    KeyValueCache<float> past = layer.make_cache(3, 40);
    layer.forward_cached(random_matrix(3 * 39, 64, rng).cast<float>(), {.batch = 3, .time = 39},
                         past);
    const Matrix<float> y = layer.forward_cached(random_matrix(3, 64, rng).cast<float>(),
                                                 {.batch = 3, .time = 1, .offset = 39}, past);
    if (count == 1) first = y;
    CHECK((y.array() == first.array()).all());
  }
  set_threads(before);
}

TEST_CASE("edges: one token, a capacity of one") {
  Rng rng(5);
  const Attention layer = random_attention({.width = 2, .heads = 2}, rng);
  KeyValueCache<double> past = layer.make_cache(1, 1);
  CHECK(chunked_difference(layer, past, random_matrix(1, 2, rng), {1}) <= 1e-14);
}

TEST_CASE("misuse: no room, another offset, batch or width; a failed call leaves the cache alone") {
  Rng rng(6);
  const Attention layer = random_attention({.width = 4, .heads = 2}, rng);
  KeyValueCache<double> past = layer.make_cache(1, 3);
  const Matrix<double> x = random_matrix(2, 4, rng);
  layer.forward_cached(x, {.time = 2}, past);
  CHECK_THROWS_WITH_AS(layer.forward_cached(x, {.time = 2, .offset = 2}, past),
                       "kv_cache: 2 more tokens after 2 exceed the capacity of 3",
                       std::invalid_argument);
  for (const Index offset : {1, 3}) {
    CHECK_THROWS_WITH_AS(
        layer.forward_cached(x.topRows(1), {.time = 1, .offset = offset}, past),
        ("kv_cache: offset is " + std::to_string(offset) + ", expected the cache's length 2")
            .c_str(),
        std::invalid_argument);
  }
  CHECK_THROWS_WITH_AS(layer.forward_cached(x, {.batch = 2, .time = 1, .offset = 2}, past),
                       "kv_cache: batch is 2, expected 1", std::invalid_argument);
  const std::vector<std::uint8_t> mask(3, 1);
  CHECK_THROWS_WITH_AS(
      layer.forward_cached(x.topRows(1), {.time = 1, .offset = 2, .key_mask = mask}, past),
      "kv_cache: key_mask has 3 entries, expected 1", std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      layer.forward_cached(Matrix<double>::Zero(1, 5), {.time = 1, .offset = 2}, past),
      "multi_head_attention: x has shape [1, 5], expected [1, 4]", std::invalid_argument);
  CHECK(past.length == 2);
  CHECK_THROWS_WITH_AS(
      past.append(Matrix<double>::Zero(1, 3), Matrix<double>::Zero(1, 4), {.time = 1, .offset = 2}),
      "kv_cache: new_keys has shape [1, 3], expected [1, 4]", std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      past.append(Matrix<double>::Zero(1, 4), Matrix<double>::Zero(2, 4), {.time = 1, .offset = 2}),
      "kv_cache: new_values has shape [2, 4], expected [1, 4]", std::invalid_argument);

  KeyValueCache<double> narrow(1, 3, 2);
  CHECK_THROWS_WITH_AS(layer.forward_cached(x, {.time = 2}, narrow),
                       "multi_head_attention: past.keys has shape [3, 2], expected [*, 4]",
                       std::invalid_argument);
  const Attention open = random_attention({.width = 4, .heads = 2, .causal = false}, rng);
  CHECK_THROWS_WITH_AS(open.forward_cached(x, {.time = 2}, past),
                       "multi_head_attention: a cache needs causal attention: old rows would see "
                       "the new ones",
                       std::invalid_argument);
}
