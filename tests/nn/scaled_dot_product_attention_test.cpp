#include "limpid/nn/scaled_dot_product_attention.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/parallel.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

struct Head {
  Matrix<double> q, k, v, dy;

  Head(Index queries, Index keys, Index width, Rng& rng)
      : q(random_matrix(queries, width, rng)),
        k(random_matrix(keys, width, rng)),
        v(random_matrix(keys, width, rng)),
        dy(random_matrix(queries, width, rng)) {}

  Matrix<double> forward(const AttentionMask& mask, Matrix<double>* p = nullptr) const {
    Matrix<double> y = Matrix<double>::Constant(q.rows(), q.cols(), 99);  // must be overwritten
    scaled_dot_product_attention<double>(y, q, k, v, mask, p);
    return y;
  }
};

struct Gradients {
  Matrix<double> dq, dk, dv;

  Gradients(const Head& h, const AttentionMask& mask, const Matrix<double>& p)
      : dq(Matrix<double>::Constant(h.q.rows(), h.q.cols(), 99)),
        dk(Matrix<double>::Zero(h.k.rows(), h.k.cols())),
        dv(Matrix<double>::Zero(h.v.rows(), h.v.cols())) {
    add(h, mask, p);
  }
  void add(const Head& h, const AttentionMask& mask, const Matrix<double>& p) {
    scaled_dot_product_attention_backward<double>(dq, dk, dv, h.dy, h.q, h.k, h.v, mask, p);
  }
};

// Clang 14 cannot capture structured bindings in a lambda, as CAPTURE does: so a struct.
struct Sizes {
  Index queries, keys, offset;
};

// The formulas of the paper, one number after the other.
Matrix<double> naive(const Head& h, const AttentionMask& mask) {
  Matrix<double> y = Matrix<double>::Zero(h.q.rows(), h.q.cols());
  for (Index i = 0; i < h.q.rows(); ++i) {
    std::vector<double> weight(static_cast<std::size_t>(h.k.rows()), 0);
    double sum = 0;
    for (Index j = 0; j < h.k.rows(); ++j) {
      const auto at = static_cast<std::size_t>(j);
      if (mask.causal && j > mask.offset + i) continue;
      if (!mask.keys.empty() && mask.keys[at] == 0) continue;
      double score = 0;
      for (Index d = 0; d < h.q.cols(); ++d) score += h.q(i, d) * h.k(j, d);
      weight[at] = std::exp(score / std::sqrt(static_cast<double>(h.q.cols())));
      sum += weight[at];
    }
    for (Index j = 0; j < h.k.rows() && sum > 0; ++j) {
      y.row(i) += weight[static_cast<std::size_t>(j)] / sum * h.v.row(j);
    }
  }
  return y;
}

}  // namespace

TEST_CASE("by hand: two queries, two keys, width 4") {
  Rng rng(1);
  Head h(2, 2, 4, rng);
  // Scores are divided by sqrt(4) = 2: query 0 has 2 ln 3 / 2 = ln 3 for key 0 and 0 for key 1.
  h.q << 2 * std::log(3.0), 0, 0, 0,  //
      0, 0, 0, 0;
  h.k << 1, 0, 0, 0,  //
      0, 1, 0, 0;
  h.v << 4, 0, 0, 8,  //
      0, 4, 0, 8;
  Matrix<double> open(2, 4), causal(2, 4), p, p_open(2, 2), p_causal(2, 2);
  p_open << 0.75, 0.25,  //
      0.5, 0.5;
  open << 3, 1, 0, 8,  //
      2, 2, 0, 8;
  CHECK(max_difference(h.forward({.causal = false}, &p), open) <= 1e-14);
  CHECK(max_difference(p, p_open) <= 1e-15);
  // Causal: query 0 sees key 0 only.
  p_causal << 1, 0,  //
      0.5, 0.5;
  causal << 4, 0, 0, 8,  //
      2, 2, 0, 8;
  CHECK(max_difference(h.forward({.causal = true}, &p), causal) <= 1e-14);
  CHECK(max_difference(p, p_causal) <= 1e-15);
  // With an offset of 1, query 0 stands at position 1 and sees both.
  CHECK(max_difference(h.forward({.causal = true, .offset = 1}), open) <= 1e-14);
}

TEST_CASE("by hand: backward of one query over two keys, width 1") {
  Rng rng(2);
  Head h(1, 2, 1, rng);
  h.q << std::log(3.0);
  h.k << 1, 0;
  h.v << 8, 4;
  h.dy << 2;
  // p = (3/4, 1/4); dv = p dy; dp = dy v = (16, 8), average 14; ds = p (dp - 14) = (1.5, -1.5);
  // dq = 1.5 * 1 - 1.5 * 0; dk = ds * ln 3.
  Matrix<double> p;
  const AttentionMask mask{.causal = false};
  h.forward(mask, &p);
  const Gradients g(h, mask, p);
  Matrix<double> dk(2, 1), dv(2, 1);
  dv << 1.5, 0.5;
  dk << 1.5 * std::log(3.0), -1.5 * std::log(3.0);
  CHECK(max_difference(g.dv, dv) <= 1e-14);
  CHECK(max_difference(g.dk, dk) <= 1e-14);
  CHECK(max_difference(g.dq, Matrix<double>::Constant(1, 1, 1.5)) <= 1e-14);
}

TEST_CASE("property: equal to naive loops, over block borders, with every mask") {
  Rng rng(3);
  for (const Sizes& sizes : {Sizes{1, 1, 0},
                             {5, 9, 4},
                             {63, 63, 0},
                             {64, 64, 0},
                             {65, 65, 0},
                             {130, 141, 11},
                             {3, 200, 197},
                             {70, 20, 0}}) {
    const Head h(sizes.queries, sizes.keys, 5, rng);
    std::vector<std::uint8_t> visible(static_cast<std::size_t>(sizes.keys));
    for (std::uint8_t& bit : visible) bit = rng.uniform() < 0.7 ? 1 : 0;
    CAPTURE(sizes.queries);
    CAPTURE(sizes.keys);
    for (const AttentionMask& mask :
         {AttentionMask{false, 0, {}}, AttentionMask{true, sizes.offset, {}},
          AttentionMask{false, 0, visible}, AttentionMask{true, sizes.offset, visible}}) {
      Matrix<double> p;
      const Matrix<double> y = h.forward(mask, &p);
      CHECK(max_difference(y, naive(h, mask)) <= 1e-13);
      CHECK(max_difference(y, h.forward(mask)) <= 1e-15);  // kept or not
      CHECK(max_difference(y, p * h.v) <= 1e-13);          // and what is kept is what was used
    }
  }
}

TEST_CASE("property: a causal output ignores the future, and only the future") {
  Rng rng(4);
  Head h(130, 130, 3, rng);
  const Matrix<double> before = h.forward({});
  for (const Index changed : {1, 63, 64, 100, 129}) {
    const Head kept = h;
    h.k.row(changed).setConstant(5);
    h.v.row(changed).setConstant(7);
    const Matrix<double> after = h.forward({});
    CHECK(max_difference(after.topRows(changed), before.topRows(changed)) == 0);
    CHECK((after.row(changed) - before.row(changed)).cwiseAbs().maxCoeff() > 1e-6);
    h = kept;
  }
}

TEST_CASE("property: views of a larger matrix give the same, and nothing beside them is written") {
  Rng rng(5);
  const Head h(7, 7, 3, rng);
  Matrix<double> rows = random_matrix(9, 14, rng), y = rows, grads = rows;
  rows.block(1, 2, 7, 3) = h.q;
  rows.block(1, 5, 7, 3) = h.k;
  rows.block(1, 10, 7, 3) = h.v;
  Matrix<double> p;
  scaled_dot_product_attention<double>(y.block(1, 4, 7, 3), rows.block(1, 2, 7, 3),
                                       rows.block(1, 5, 7, 3), rows.block(1, 10, 7, 3), {}, &p);
  Matrix<double> expected = y;
  expected.block(1, 4, 7, 3) = h.forward({});
  CHECK(max_difference(y, expected) <= 1e-14);

  const Matrix<double> before = grads;
  scaled_dot_product_attention_backward<double>(
      grads.block(1, 2, 7, 3), grads.block(1, 5, 7, 3), grads.block(1, 10, 7, 3), h.dy,
      rows.block(1, 2, 7, 3), rows.block(1, 5, 7, 3), rows.block(1, 10, 7, 3), {}, p);
  const Gradients g(h, {}, p);
  expected = before;
  expected.block(1, 2, 7, 3) = g.dq;
  expected.block(1, 5, 7, 3) += g.dk;
  expected.block(1, 10, 7, 3) += g.dv;
  CHECK(max_difference(grads, expected) <= 1e-14);
}

TEST_CASE("property: the same bits with any number of threads") {
  const int before = threads();
  Rng rng(6);
  const Matrix<float> q = random_matrix(300, 17, rng).cast<float>();
  const Matrix<float> k = random_matrix(300, 17, rng).cast<float>();
  const Matrix<float> v = random_matrix(300, 17, rng).cast<float>();
  Matrix<float> first[4];
  for (const int count : {1, 2, 3, 8}) {
    set_threads(count);
    Matrix<float> y(300, 17), dq(300, 17), p;
    Matrix<float> dk = Matrix<float>::Zero(300, 17), dv = dk;
    scaled_dot_product_attention<float>(y, q, k, v, {}, &p);
    scaled_dot_product_attention_backward<float>(dq, dk, dv, q, q, k, v, {}, p);
    const Matrix<float> all[4] = {y, dq, dk, dv};
    for (int i = 0; i < 4; ++i) {
      if (count == 1) first[i] = all[i];
      CHECK((all[i].array() == first[i].array()).all());
    }
  }
  set_threads(before);
}

TEST_CASE("gradient check: q, k and v, with every mask, over a block border") {
  Rng rng(7);
  for (const Sizes& sizes : {Sizes{1, 1, 0}, {3, 4, 1}, {67, 68, 1}}) {
    Head h(sizes.queries, sizes.keys, sizes.queries == 1 ? 2 : 3, rng);
    std::vector<std::uint8_t> visible(static_cast<std::size_t>(sizes.keys), 1);
    if (sizes.keys > 2) visible[0] = visible[2] = 0;
    for (const AttentionMask& mask :
         {AttentionMask{false, 0, {}}, AttentionMask{true, sizes.offset, visible}}) {
      Matrix<double> p;
      h.forward(mask, &p);
      const Gradients g(h, mask, p);
      CAPTURE(sizes.queries);
      if (sizes.keys == 1) {  // one key always has weight 1: no gradient reaches q and k
        CHECK(g.dq.isZero(1e-15));
        CHECK(g.dk.isZero(1e-15));
      }
      std::vector<CheckedTensor> tensors{checked("v", h.v, g.dv)};
      if (sizes.keys > 1) tensors.push_back(checked("q", h.q, g.dq));
      if (sizes.keys > 1) tensors.push_back(checked("k", h.k, g.dk));
      for (const GradientError& row :
           check_gradients(tensors, [&] { return weighted_sum(h.forward(mask), h.dy); })) {
        CAPTURE(row.name);
        CHECK(row.largest > 1e-3);
        CHECK(row.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("fixture: PyTorch's autograd in float64") {
  for (const char* name : {"plain", "causal", "causal_offset", "masked"}) {
    CAPTURE(name);
    const Fixture fixture("scaled_dot_product_attention", name);
    Rng rng(8);
    Head h(1, 1, 1, rng);
    h.q = fixture.matrix("q");
    h.k = fixture.matrix("k");
    h.v = fixture.matrix("v");
    h.dy = fixture.matrix("dy");
    std::vector<std::uint8_t> visible;
    for (const Index bit : fixture.integers("visible")) {
      visible.push_back(static_cast<std::uint8_t>(bit));
    }
    const AttentionMask mask{fixture.number("causal") == 1,
                             static_cast<Index>(fixture.number("offset")), visible};
    Matrix<double> p;
    CHECK(max_difference(h.forward(mask, &p), fixture.matrix("y")) <= 1e-10);
    CHECK(max_difference(p, fixture.matrix("p")) <= 1e-10);
    const Gradients g(h, mask, p);
    CHECK(max_difference(g.dq, fixture.matrix("dq")) <= 1e-10);
    CHECK(max_difference(g.dk, fixture.matrix("dk")) <= 1e-10);
    CHECK(max_difference(g.dv, fixture.matrix("dv")) <= 1e-10);
  }
}

TEST_CASE("accumulation: dk and dv are added to, dq is written, forward changes nothing") {
  Rng rng(9);
  const Head h(70, 70, 4, rng);
  Matrix<double> p;
  const Matrix<double> y = h.forward({}, &p);
  Gradients g(h, {}, p);
  const Gradients once = g;
  CHECK(max_difference(h.forward({}, &p), y) == 0);
  g.add(h, {}, p);
  CHECK(max_difference(g.dq, once.dq) == 0);
  CHECK(max_difference(g.dk, 2 * once.dk) <= 1e-12);
  CHECK(max_difference(g.dv, 2 * once.dv) <= 1e-12);
}

TEST_CASE("edges: scores of 1e8") {
  Rng rng(10);
  Head h(2, 3, 1, rng);
  h.q << 1e4, -1e4;
  h.k << 1e4, -1e4, 0;
  h.v << 1, 2, 3;
  Matrix<double> expected(2, 1), p;
  expected << 1, 2;
  const AttentionMask mask{.causal = false};
  CHECK(max_difference(h.forward(mask, &p), expected) == 0);
  const Gradients g(h, mask, p);
  CHECK(g.dq.allFinite());
  CHECK(g.dk.allFinite());
  CHECK(g.dv.allFinite());
}

TEST_CASE("edges: queries that see nothing give zeros and finite gradients") {
  Rng rng(11);
  const Head h(3, 3, 2, rng);
  const std::vector<std::uint8_t> visible{0, 0, 1};  // causal: queries 0 and 1 see nothing
  const AttentionMask mask{true, 0, visible};
  Matrix<double> p;
  const Matrix<double> y = h.forward(mask, &p);
  CHECK(y.topRows(2).isZero(0));
  CHECK(max_difference(y.row(2), h.v.row(2)) <= 1e-15);
  const Gradients g(h, mask, p);
  CHECK(g.dq.isZero(1e-15));
  CHECK(g.dk.isZero(1e-15));
  CHECK(g.dv.topRows(2).isZero(0));
  CHECK(max_difference(g.dv.row(2), h.dy.row(2)) <= 1e-15);
  // No keys at all, no queries at all.
  CHECK(Head(2, 0, 3, rng).forward({}).isZero(0));
  CHECK(Head(0, 2, 3, rng).forward({}).rows() == 0);
}

TEST_CASE("misuse: shapes, masks and offsets that do not fit") {
  Rng rng(12);
  Head h(2, 3, 4, rng);
  const std::vector<std::uint8_t> two{1, 1};
  CHECK_THROWS_WITH_AS(h.forward({true, 0, two}),
                       "scaled_dot_product_attention: mask.keys has 2 entries, expected 3",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(h.forward({.offset = -1}),
                       "scaled_dot_product_attention: mask.offset is -1, expected >= 0",
                       std::invalid_argument);
  Matrix<double> p;
  h.forward({}, &p);
  CHECK_THROWS_WITH_AS(
      Gradients(h, {}, p.topRows(1)),
      "scaled_dot_product_attention: probabilities has shape [1, 3], expected [2, 3]",
      std::invalid_argument);
  h.k.resize(3, 5);
  CHECK_THROWS_WITH_AS(h.forward({}),
                       "scaled_dot_product_attention: k has shape [3, 5], expected [*, 4]",
                       std::invalid_argument);
  h.k.resize(2, 4);
  CHECK_THROWS_WITH_AS(h.forward({}),
                       "scaled_dot_product_attention: v has shape [3, 4], expected [2, 4]",
                       std::invalid_argument);
}
