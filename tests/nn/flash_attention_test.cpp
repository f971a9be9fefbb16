#include "limpid/nn/flash_attention.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

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

  Matrix<double> forward(const AttentionMask& mask,
                         RowVector<double>* log_sum_exp = nullptr) const {
    Matrix<double> y = Matrix<double>::Constant(q.rows(), q.cols(), 99);  // must be overwritten
    flash_attention<double>(y, q, k, v, mask, log_sum_exp);
    return y;
  }
};

struct Gradients {
  Matrix<double> dq, dk, dv;

  explicit Gradients(const Head& h)
      : dq(Matrix<double>::Constant(h.q.rows(), h.q.cols(), 99)),
        dk(Matrix<double>::Zero(h.k.rows(), h.k.cols())),
        dv(Matrix<double>::Zero(h.v.rows(), h.v.cols())) {}
  Gradients(const Head& h, const AttentionMask& mask) : Gradients(h) {
    RowVector<double> log_sum_exp;
    const Matrix<double> y = h.forward(mask, &log_sum_exp);
    add(h, mask, y, log_sum_exp);
  }
  void add(const Head& h, const AttentionMask& mask, const Matrix<double>& y,
           const RowVector<double>& log_sum_exp) {
    flash_attention_backward<double>(dq, dk, dv, h.dy, h.q, h.k, h.v, y, mask, log_sum_exp);
  }
};

// Clang 14 cannot capture structured bindings in a lambda, as CAPTURE does: so a struct.
struct Sizes {
  Index queries, keys, offset;
};

// A tile has up to 128 queries and 128 keys, 32 keys where the diagonal cuts it: just below, on and
// above these borders, queries behind a cache, more queries than keys, more keys than anyone sees.
const Sizes kSizes[] = {{1, 1, 0},      {5, 9, 4},     {31, 31, 0},     {33, 33, 0},
                        {127, 127, 0},  {128, 128, 0}, {129, 129, 0},   {257, 257, 0},
                        {130, 141, 11}, {3, 200, 197}, {1, 300, 299},   {260, 20, 0},
                        {40, 300, 77},  {64, 64, 5},   {129, 430, 300}, {200, 333, 133}};

std::vector<std::uint8_t> random_keys(Index count, Rng& rng) {
  std::vector<std::uint8_t> visible(static_cast<std::size_t>(count));
  for (std::uint8_t& bit : visible) bit = rng.uniform() < 0.7 ? 1 : 0;
  return visible;
}

// 131 keys of which all but three are hidden: the header's example, and the last key is in the
// second tile. Width 1, so the scale is 1, and with q = 1 a key is its score.
struct Example {
  Rng rng{1};
  Head head{1, 131, 1, rng};
  std::vector<std::uint8_t> visible = std::vector<std::uint8_t>(131, 0);
  AttentionMask mask;

  Example() {
    head.q << 1;
    head.k.setConstant(1e3);  // would win, if it were seen
    head.v.setConstant(1e9);
    show(0, std::log(1.0), 8);
    show(1, std::log(3.0), 16);
    show(130, std::log(4.0), 4);
    head.dy << 1;
    mask = {.causal = false, .keys = visible};
  }
  void show(Index key, double score, double value) {
    visible[static_cast<std::size_t>(key)] = 1;
    head.k(key, 0) = score;
    head.v(key, 0) = value;
  }
};

}  // namespace

TEST_CASE("by hand: three scores in two tiles") {
  // First tile: m = ln 3, sum = 4/3, y = 56/3. Second: m' = ln 4, c = 3/4, sum = 2, y = 18.
  const Example example;
  RowVector<double> log_sum_exp;
  const Matrix<double> y = example.head.forward(example.mask, &log_sum_exp);
  CHECK(std::abs(y(0, 0) - 9) <= 1e-14);
  REQUIRE(log_sum_exp.size() == 1);
  CHECK(std::abs(log_sum_exp[0] - std::log(8.0)) <= 1e-15);
}

TEST_CASE("by hand: backward of three scores in two tiles") {
  // p = (1, 3, 4) / 8; dv = p dy; dp = dy v = (8, 16, 4) with average 9 = dy y;
  // ds = p (dp - 9) = (-1, 21, -20) / 8; dk = ds q; dq = sum ds k = (21 ln 3 - 20 ln 4) / 8.
  const Example example;
  const Gradients g(example.head, example.mask);
  Matrix<double> dk = Matrix<double>::Zero(131, 1), dv = dk, dq(1, 1);
  dv(0, 0) = 1.0 / 8;
  dv(1, 0) = 3.0 / 8;
  dv(130, 0) = 4.0 / 8;
  dk(0, 0) = -1.0 / 8;
  dk(1, 0) = 21.0 / 8;
  dk(130, 0) = -20.0 / 8;
  dq << (21 * std::log(3.0) - 20 * std::log(4.0)) / 8;
  CHECK(max_difference(g.dv, dv) <= 1e-14);
  CHECK(max_difference(g.dk, dk) <= 1e-14);
  CHECK(max_difference(g.dq, dq) <= 1e-13);
}

TEST_CASE("by hand: the scale, and a causal query behind one older key") {
  Rng rng(2);
  Head h(2, 3, 4, rng);
  // Width 4 divides scores by 2: query 0 has ln 3 for key 0 and 0 for key 1, and does not see key 2.
  h.q << 2 * std::log(3.0), 0, 0, 0,  //
      0, 0, 0, 0;
  h.k << 1, 0, 0, 0,  //
      0, 1, 0, 0,     //
      9, 9, 9, 9;
  h.v << 4, 0, 0, 8,  //
      0, 4, 0, 8,     //
      2, 2, 6, 8;
  Matrix<double> y(2, 4);
  y << 3, 1, 0, 8,  //
      2, 2, 2, 8;
  RowVector<double> log_sum_exp;
  CHECK(max_difference(h.forward({.offset = 1}, &log_sum_exp), y) <= 1e-14);
  CHECK(std::abs(log_sum_exp[0] - std::log(4.0)) <= 1e-15);
  CHECK(std::abs(log_sum_exp[1] - std::log(3.0)) <= 1e-15);
}

TEST_CASE("property: equal to plain attention, values and gradients, over all borders and masks") {
  Rng rng(3);
  for (const Sizes& sizes : kSizes) {
    for (const Index width : {1, 5}) {
      const Head h(sizes.queries, sizes.keys, width, rng);
      const std::vector<std::uint8_t> visible = random_keys(sizes.keys, rng);
      CAPTURE(sizes.queries);
      CAPTURE(sizes.keys);
      for (const AttentionMask& mask :
           {AttentionMask{false, 0, {}}, AttentionMask{true, sizes.offset, {}},
            AttentionMask{false, 0, visible}, AttentionMask{true, sizes.offset, visible}}) {
        Matrix<double> y(sizes.queries, width), p;
        scaled_dot_product_attention<double>(y, h.q, h.k, h.v, mask, &p);
        Gradients plain(h);
        scaled_dot_product_attention_backward<double>(plain.dq, plain.dk, plain.dv, h.dy, h.q, h.k,
                                                      h.v, mask, p);
        const Gradients flash(h, mask);
        CHECK(max_difference(h.forward(mask), y) <= 1e-12);
        CHECK(max_difference(flash.dq, plain.dq) <= 1e-12);
        CHECK(max_difference(flash.dk, plain.dk) <= 1e-12);
        CHECK(max_difference(flash.dv, plain.dv) <= 1e-12);
      }
    }
  }
}

TEST_CASE("property: the order in which keys come does not matter, however the maximum moves") {
  Rng rng(4);
  Head h(7, 400, 3, rng);
  // Rising scores mend the sums in every tile, falling ones never.
  Head rising = h, falling = h;
  h.q.setOnes();
  for (Index j = 0; j < 400; ++j) h.k.row(j).setConstant(0.2 * static_cast<double>(j));
  rising.q = falling.q = h.q;
  rising.k = h.k;
  falling.k = h.k.colwise().reverse();
  falling.v = rising.v.colwise().reverse();
  const AttentionMask open{.causal = false};
  RowVector<double> up, down;
  CHECK(max_difference(rising.forward(open, &up), falling.forward(open, &down)) <= 1e-12);
  CHECK(max_difference(up, down) <= 1e-12);
  const Gradients a(rising, open), b(falling, open);
  CHECK(max_difference(a.dv, b.dv.colwise().reverse()) <= 1e-12);
}

TEST_CASE("property: the log-sum-exp makes rows that sum to 1") {
  Rng rng(5);
  const Head h(140, 140, 4, rng);
  RowVector<double> log_sum_exp;
  const Matrix<double> y = h.forward({}, &log_sum_exp);
  CHECK(max_difference(y, h.forward({})) == 0);  // asked for or not
  for (Index i = 0; i < 140; ++i) {
    const RowVector<double> scores = h.q.row(i) * h.k.topRows(i + 1).transpose() / 2;
    CHECK(std::abs((scores.array() - log_sum_exp[i]).exp().sum() - 1) <= 1e-13);
  }
}

TEST_CASE("property: a causal output ignores the future, and only the future") {
  Rng rng(6);
  Head h(200, 200, 3, rng);
  const Matrix<double> before = h.forward({});
  for (const Index changed : {1, 31, 32, 127, 128, 150, 199}) {
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
  Rng rng(7);
  const Head h(7, 7, 3, rng);
  Matrix<double> rows = random_matrix(9, 14, rng), merged = rows, grads = rows;
  rows.block(1, 2, 7, 3) = h.q;
  rows.block(1, 5, 7, 3) = h.k;
  rows.block(1, 10, 7, 3) = h.v;
  RowVector<double> log_sum_exp;
  flash_attention<double>(merged.block(1, 4, 7, 3), rows.block(1, 2, 7, 3), rows.block(1, 5, 7, 3),
                          rows.block(1, 10, 7, 3), {}, &log_sum_exp);
  Matrix<double> expected = merged;
  expected.block(1, 4, 7, 3) = h.forward({});
  CHECK(max_difference(merged, expected) <= 1e-14);

  expected = grads;
  flash_attention_backward<double>(grads.block(1, 2, 7, 3), grads.block(1, 5, 7, 3),
                                   grads.block(1, 10, 7, 3), h.dy, rows.block(1, 2, 7, 3),
                                   rows.block(1, 5, 7, 3), rows.block(1, 10, 7, 3),
                                   merged.block(1, 4, 7, 3), {}, log_sum_exp);
  const Gradients g(h, {});
  expected.block(1, 2, 7, 3) = g.dq;
  expected.block(1, 5, 7, 3) += g.dk;
  expected.block(1, 10, 7, 3) += g.dv;
  CHECK(max_difference(grads, expected) <= 1e-14);
}

TEST_CASE("property: the same bits with any number of threads") {
  Rng rng(8);
  const Matrix<float> q = random_matrix(300, 17, rng).cast<float>();
  const Matrix<float> k = random_matrix(300, 17, rng).cast<float>();
  const Matrix<float> v = random_matrix(300, 17, rng).cast<float>();
  CHECK(same_bits_with_all_threads([&] {
    Matrix<float> y(300, 17), dq(300, 17), dk = Matrix<float>::Zero(300, 17), dv = dk;
    RowVector<float> log_sum_exp;
    flash_attention<float>(y, q, k, v, {}, &log_sum_exp);
    flash_attention_backward<float>(dq, dk, dv, q, q, k, v, y, {}, log_sum_exp);
    return std::vector<Matrix<float>>{y, log_sum_exp, dq, dk, dv};
  }));
}

TEST_CASE("property: what attention keeps grows with the length, not with its square") {
  Rng rng(9);
  const MultiHeadAttention<double> flash({.width = 4, .heads = 2, .flash_from = 1}, rng);
  const MultiHeadAttention<double> plain({.width = 4, .heads = 2, .flash_from = 0}, rng);
  const auto bytes = [&](const MultiHeadAttention<double>& layer, Index time) {
    MultiHeadAttention<double>::Cache cache;
    layer.forward(random_matrix(time, 4, rng), {.time = time}, &cache);
    return cache.bytes();
  };
  for (const Index time : {1, 100, 400}) {
    // x, q k v and the merged heads of every token; then a number, or a row of them, for each head.
    CHECK(bytes(flash, time) == 8 * time * (4 + 12 + 4 + 2));
    CHECK(bytes(plain, time) == 8 * time * (4 + 12 + 4 + 2 * time));
  }
}

TEST_CASE("gradient check: q, k and v, with every mask, over the borders of tiles") {
  Rng rng(10);
  for (const Sizes& sizes : {Sizes{1, 1, 0}, {3, 4, 1}, {34, 35, 1}, {131, 132, 1}}) {
    Head h(sizes.queries, sizes.keys, sizes.queries == 1 ? 2 : 3, rng);
    std::vector<std::uint8_t> visible(static_cast<std::size_t>(sizes.keys), 1);
    if (sizes.keys > 2) visible[0] = visible[2] = 0;
    for (const AttentionMask& mask :
         {AttentionMask{false, 0, {}}, AttentionMask{true, sizes.offset, visible}}) {
      const Gradients g(h, mask);
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

TEST_CASE("fixture: PyTorch's softmax, logsumexp and autograd in float64") {
  for (const char* name : {"plain", "causal", "masked", "tiles"}) {
    CAPTURE(name);
    const Fixture fixture("flash_attention", name);
    Rng rng(11);
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
    RowVector<double> log_sum_exp;
    CHECK(max_difference(h.forward(mask, &log_sum_exp), fixture.matrix("y")) <= 1e-10);
    CHECK(max_difference(log_sum_exp, fixture.matrix("log_sum_exp")) <= 1e-10);
    const Gradients g(h, mask);
    CHECK(max_difference(g.dq, fixture.matrix("dq")) <= 1e-10);
    CHECK(max_difference(g.dk, fixture.matrix("dk")) <= 1e-10);
    CHECK(max_difference(g.dv, fixture.matrix("dv")) <= 1e-10);
  }
}

TEST_CASE("accumulation: dk and dv are added to, dq is written, forward changes nothing") {
  Rng rng(12);
  const Head h(140, 140, 4, rng);
  RowVector<double> log_sum_exp;
  const Matrix<double> y = h.forward({}, &log_sum_exp);
  const RowVector<double> first = log_sum_exp;
  Gradients g(h, {});
  const Gradients once = g;
  CHECK(max_difference(h.forward({}, &log_sum_exp), y) == 0);
  CHECK(max_difference(log_sum_exp, first) == 0);
  g.add(h, {}, y, log_sum_exp);
  CHECK(max_difference(g.dq, once.dq) == 0);
  CHECK(max_difference(g.dk, 2 * once.dk) <= 1e-12);
  CHECK(max_difference(g.dv, 2 * once.dv) <= 1e-12);
}

TEST_CASE("edges: scores of 1e8") {
  Rng rng(13);
  Head h(2, 3, 1, rng);
  h.q << 1e4, -1e4;
  h.k << 1e4, -1e4, 0;
  h.v << 1, 2, 3;
  Matrix<double> expected(2, 1), dv(3, 1);
  expected << 1, 2;
  dv << h.dy(0, 0), h.dy(1, 0), 0;
  const AttentionMask mask{.causal = false};
  CHECK(max_difference(h.forward(mask), expected) == 0);
  const Gradients g(h, mask);
  CHECK(g.dq.isZero(0));
  CHECK(g.dk.isZero(0));
  CHECK(max_difference(g.dv, dv) == 0);
}

TEST_CASE("edges: a maximum that leaps by 1e8 from tile to tile") {
  Rng rng(14);
  Head h(1, 257, 1, rng);  // one key in the third tile
  h.q << 1;
  for (Index j = 0; j < 257; ++j) h.k(j, 0) = 1e8 * static_cast<double>(j / 128);
  h.v(256, 0) = 5;
  const AttentionMask mask{.causal = false};
  CHECK(h.forward(mask)(0, 0) == 5);
  h.k *= -1;  // now the first tile has all the weight
  CHECK(std::abs(h.forward(mask)(0, 0) - h.v.topRows(128).mean()) <= 1e-14);
  const Gradients g(h, mask);
  CHECK(g.dq.allFinite());
  CHECK(g.dk.allFinite());
  CHECK(g.dv.bottomRows(129).isZero(0));
}

TEST_CASE("edges: in float, a log-sum-exp of 1e8 has lost ln 2, and weights stay at most 1") {
  Matrix<float> q(1, 1), k(2, 1), v(2, 1), y(1, 1), dq(1, 1);
  q << 1e4F;
  k << 1e4F, 1e4F;
  v << 1, 3;
  const Matrix<float> dy = Matrix<float>::Ones(1, 1);
  Matrix<float> dk = Matrix<float>::Zero(2, 1), dv = dk;
  RowVector<float> log_sum_exp;
  const AttentionMask mask{.causal = false};
  flash_attention<float>(y, q, k, v, mask, &log_sum_exp);
  CHECK(y(0, 0) == 2);  // forward has not lost it
  flash_attention_backward<float>(dq, dk, dv, dy, q, k, v, y, mask, log_sum_exp);
  CHECK(dv.minCoeff() >= 0.5F);
  CHECK(dv.maxCoeff() <= 1.F);
  CHECK(dq.allFinite());
  CHECK(dk.allFinite());
}

TEST_CASE("edges: queries that see nothing give zeros and finite gradients") {
  Rng rng(15);
  const Head h(3, 3, 2, rng);
  const std::vector<std::uint8_t> visible{0, 0, 1};  // causal: queries 0 and 1 see nothing
  const AttentionMask mask{true, 0, visible};
  RowVector<double> log_sum_exp;
  const Matrix<double> y = h.forward(mask, &log_sum_exp);
  CHECK(y.topRows(2).isZero(0));
  CHECK(log_sum_exp[0] == std::numeric_limits<double>::infinity());
  CHECK(max_difference(y.row(2), h.v.row(2)) <= 1e-15);
  const Gradients g(h, mask);
  CHECK(g.dq.isZero(1e-15));
  CHECK(g.dk.isZero(1e-15));
  CHECK(g.dv.topRows(2).isZero(0));
  CHECK(max_difference(g.dv.row(2), h.dy.row(2)) <= 1e-15);
  // No keys at all, no queries at all.
  CHECK(Head(2, 0, 3, rng).forward({}).isZero(0));
  CHECK(Head(0, 2, 3, rng).forward({}).rows() == 0);
  CHECK(Gradients(Head(2, 0, 3, rng), {}).dq.isZero(0));
  CHECK(Gradients(Head(0, 2, 3, rng), {}).dk.isZero(0));
}

TEST_CASE("edges: whole tiles hidden, first or last") {
  Rng rng(16);
  const Head h(2, 400, 3, rng);
  for (const Index only : {0, 127, 128, 300, 399}) {
    std::vector<std::uint8_t> visible(400, 0);
    visible[static_cast<std::size_t>(only)] = 1;
    const AttentionMask mask{.causal = false, .keys = visible};
    const Matrix<double> y = h.forward(mask);
    for (Index i = 0; i < 2; ++i) CHECK(max_difference(y.row(i), h.v.row(only)) <= 1e-15);
    const Gradients g(h, mask);
    CHECK(g.dq.isZero(1e-14));
    CHECK(max_difference(g.dv.row(only), h.dy.colwise().sum()) <= 1e-14);
    CHECK(std::abs(g.dv.cwiseAbs().sum() - g.dv.row(only).cwiseAbs().sum()) == 0);
  }
}

TEST_CASE("edges: a NaN makes its own row NaN and no other") {
  Rng rng(17);
  Head h(150, 150, 3, rng);
  h.q(140, 1) = std::numeric_limits<double>::quiet_NaN();
  const Matrix<double> y = h.forward({});
  CHECK(y.row(140).array().isNaN().all());
  CHECK(y.topRows(140).allFinite());
  CHECK(y.bottomRows(9).allFinite());
  // Also where all other keys are hidden.
  h.q(140, 1) = 1;
  h.k.row(0).setConstant(std::numeric_limits<double>::quiet_NaN());
  std::vector<std::uint8_t> visible(150, 0);
  visible[0] = 1;
  CHECK(h.forward({.keys = visible}).array().isNaN().all());
}

TEST_CASE("misuse: shapes, masks and offsets that do not fit") {
  Rng rng(18);
  Head h(2, 3, 4, rng);
  const std::vector<std::uint8_t> two{1, 1};
  CHECK_THROWS_WITH_AS(h.forward({true, 0, two}),
                       "flash_attention: mask.keys has 2 entries, expected 3",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(h.forward({.offset = -1}),
                       "flash_attention: mask.offset is -1, expected >= 0", std::invalid_argument);
  RowVector<double> log_sum_exp;
  const Matrix<double> y = h.forward({}, &log_sum_exp);
  Gradients g(h);
  CHECK_THROWS_WITH_AS(g.add(h, {}, y, log_sum_exp.head(1)),
                       "flash_attention: log_sum_exp has shape [1, 1], expected [1, 2]",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(g.add(h, {}, y.topRows(1), log_sum_exp),
                       "flash_attention: y has shape [1, 4], expected [2, 4]",
                       std::invalid_argument);
  g.dk.resize(2, 4);
  CHECK_THROWS_WITH_AS(g.add(h, {}, y, log_sum_exp),
                       "flash_attention: dk has shape [2, 4], expected [3, 4]",
                       std::invalid_argument);
  h.k.resize(3, 5);
  CHECK_THROWS_WITH_AS(h.forward({}), "flash_attention: k has shape [3, 5], expected [*, 4]",
                       std::invalid_argument);
  h.k.resize(2, 4);
  CHECK_THROWS_WITH_AS(h.forward({}), "flash_attention: v has shape [3, 4], expected [2, 4]",
                       std::invalid_argument);
}
