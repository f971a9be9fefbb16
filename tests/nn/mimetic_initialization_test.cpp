#include "limpid/nn/mimetic_initialization.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "limpid/core/matmul.hpp"

#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: it sets weights and computes nothing from an input
// NO fixture: PyTorch has no such initialization
// NO accumulation: it has no gradients
// NO misuse: whatever a MultiHeadAttention can be made from, it can be started so

namespace {

using Attention = MultiHeadAttention<double>;

Attention started(Index width, Index heads, Index kv_heads, const MimeticOptions& options) {
  Rng rng(5);
  Attention attention({.width = width, .heads = heads, .kv_heads = kv_heads, .bias = false}, rng);
  mimetic_initialization(attention, rng, options);
  return attention;
}

// Output weights times the values that each head uses, summed over the heads.
Matrix<double> value_path(const Attention& attention) {
  const AttentionOptions& o = attention.options;
  const Index D = o.head_width;
  Matrix<double> sum = Matrix<double>::Zero(o.width, o.width);
  for (Index h = 0; h < o.heads; ++h) {
    const Index g = h * o.kv_heads / o.heads;
    matmul_add<double>(sum, attention.out.weight.middleCols(h * D, D),
                       attention.qkv.weight.middleRows((o.heads + o.kv_heads + g) * D, D));
  }
  return sum;
}

}  // namespace

TEST_CASE("by hand: what is attended to is handed on unchanged, times `copying`") {
  const Matrix<double> path = value_path(started(12, 3, 3, {.copying = 0.5}));
  CHECK(max_difference(path, 0.5 * Matrix<double>::Identity(12, 12)) <= 1e-14);
}

TEST_CASE("by hand: with queries and keys that say nothing, the layer is a running mean") {
  Attention attention = started(8, 2, 2, {.copying = 1});
  attention.qkv.weight.topRows(16).setZero();
  Rng rng(6);
  const Matrix<double> x = random_matrix(5, 8, rng);
  const Matrix<double> y = attention.forward(x, {.batch = 1, .time = 5}, nullptr);
  for (Index row = 0; row < 5; ++row) {
    const RowVector<double> mean = x.topRows(row + 1).colwise().mean();
    CHECK((y.row(row) - mean).cwiseAbs().maxCoeff() <= 1e-14);
  }
}

TEST_CASE("property: a token looks most at the tokens that are its like") {
  const Attention attention = started(64, 2, 2, {.likeness = 1});
  Rng rng(7);
  Matrix<double> x = random_matrix(20, 64, rng);
  x.row(19) = x.row(4);
  Attention::Cache cache;
  attention.forward(x, {.batch = 1, .time = 20}, &cache);
  for (const Matrix<double>& map : cache.probabilities) {
    for (Index key = 0; key < 19; ++key) {
      if (key != 4) CHECK(map(19, key) < 0.5 * map(19, 4));
    }
  }
}

TEST_CASE("property: grouped heads share a value and hand it on once, not once each") {
  const Matrix<double> path = value_path(started(16, 4, 2, {.copying = 1}));
  // Two groups of width 4 span 8 of the 16 directions: the path projects on them.
  CHECK(max_difference(matmul<double>(path, path), path) <= 1e-14);
  CHECK(std::abs(path.trace() - 8) <= 1e-13);
}

TEST_CASE("edges: zero likeness and zero copying; heads wider than the stream") {
  const Attention none = started(8, 2, 2, {.copying = 0, .likeness = 0});
  CHECK(none.out.weight.cwiseAbs().maxCoeff() == 0);
  // The random start, of which no number is 4 deviations large.
  CHECK(none.qkv.weight.topRows(16).cwiseAbs().maxCoeff() <= 4 * initial_deviation(8));

  Rng rng(8);
  Attention wide({.width = 4, .heads = 2, .head_width = 4, .bias = false}, rng);
  mimetic_initialization(wide, rng, {.copying = 1});
  // 8 value rows in 4 directions: two full sets, so the path is twice the identity.
  CHECK(max_difference(value_path(wide), 2 * Matrix<double>::Identity(4, 4)) <= 1e-14);
}
