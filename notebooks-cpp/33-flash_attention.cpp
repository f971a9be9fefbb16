// %% [markdown]
// # Flash attention
//
// The notebook of the lesson [flash attention](../lessons/33-flash_attention/README.md). It builds
// the method up from one row of four scores and compares it with the code in
// [flash_attention.cpp](../src/limpid/nn/flash_attention.cpp) and with plain attention in
// [scaled_dot_product_attention.cpp](../src/limpid/nn/scaled_dot_product_attention.cpp); change a
// number and run it again with `./dev notebook flash_attention`.

// %%
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "limpid/core/matmul.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"

#include "support/notebook.hpp"
#include "support/plot.hpp"

using namespace limpid;

Matrix<double> normal_matrix(Index rows, Index cols, Rng& rng) {
  Matrix<double> m(rows, cols);
  for (double& number : m.reshaped()) number = rng.normal();
  return m;
}

double largest_of(const Matrix<double>& m) {
  return m.cwiseAbs().maxCoeff<Eigen::PropagateNaN>();
}

// %% [markdown]
// ## One query, block by block
//
// A query remembers three things of all keys that it has met: the largest score m, the sum of
// exp(score - m), and the mixture of the values with the same exponentials, not yet divided. A value
// is one number here. The two switches are for breaking it, further down.

// %% online
struct Online {
  double m = -std::numeric_limits<double>::infinity();  // the largest score so far
  double sum = 0, y = 0;                                // relative to exp(m)
  bool mends_sum = true, mends_y = true;

  // One block of keys. Returns c, the factor that mends what was there before.
  double add(const std::vector<double>& scores, const std::vector<double>& values) {
    const double now = std::max(m, *std::max_element(scores.begin(), scores.end()));
    const double c = std::exp(m - now);
    m = now;
    if (mends_sum) sum *= c;
    if (mends_y) y *= c;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      const double e = std::exp(scores[j] - m);
      sum += e;
      y += e * values[j];
    }
    return c;
  }
};

// %% [markdown]
// Four keys in two blocks of two. The scores are ln 2, ln 1 and ln 4, ln 1, so the weights are 2, 1, 4
// and 1, divided by 8; the values are 8, 16, 4 and 8. On paper the output is (16 + 16 + 16 + 8) / 8 = 7.

// %% by_hand
const std::vector<double> kScores{std::log(2.0), 0, std::log(4.0), 0}, kValues{8, 16, 4, 8};

// The same row in the plain way: the largest score first, then all weights.
double plain_output(const std::vector<double>& scores, const std::vector<double>& values) {
  const double m = *std::max_element(scores.begin(), scores.end());
  double sum = 0, y = 0;
  for (std::size_t j = 0; j < scores.size(); ++j) sum += std::exp(scores[j] - m);
  for (std::size_t j = 0; j < scores.size(); ++j) y += std::exp(scores[j] - m) / sum * values[j];
  return y;
}

NB_CELL {
  Online row;
  std::printf("%-8s %8s %8s %8s %8s\n", "", "m", "c", "sum", "y");
  for (std::size_t block = 0; block < 2; ++block) {
    const auto from = static_cast<std::ptrdiff_t>(2 * block);
    const double c = row.add({kScores.begin() + from, kScores.begin() + from + 2},
                             {kValues.begin() + from, kValues.begin() + from + 2});
    std::printf("block %zu  %8.3f %8.3f %8.3f %8.3f\n", block + 1, row.m, c, row.sum, row.y);
  }
  std::printf("y / sum  %.3f, in the plain way %.3f\n", row.y / row.sum,
              plain_output(kScores, kValues));
  NB_CHECK(std::abs(row.y / row.sum - 7) <= 1e-14);
  NB_CHECK(std::abs(row.m + std::log(row.sum) - std::log(8.0)) <= 1e-15);
};

// %% [markdown]
// ## A longer walk
//
// Sixty-four keys in blocks of four. After each block y / sum is the right output *for the keys so
// far*; after the last block it is the output. Where m takes a step, everything was mended.

// %% walk
NB_CELL {
  Rng rng(5);
  std::vector<double> scores(64), values(64);
  for (std::size_t j = 0; j < 64; ++j) {
    scores[j] = 1.5 * rng.normal() + 0.04 * static_cast<double>(j);
    values[j] = rng.normal();
  }
  const double output = plain_output(scores, values);
  Online row;
  std::vector<double> blocks, maxima, outputs;
  int steps = 0;
  for (std::ptrdiff_t from = 0; from < 64; from += 4) {
    const double c = row.add({scores.begin() + from, scores.begin() + from + 4},
                             {values.begin() + from, values.begin() + from + 4});
    steps += c < 1 ? 1 : 0;
    blocks.push_back(static_cast<double>(blocks.size() + 1));
    maxima.push_back(row.m);
    outputs.push_back(row.y / row.sum);
    const std::vector<double> met(scores.begin(), scores.begin() + from + 4);
    NB_CHECK(std::abs(outputs.back() - plain_output(met, values)) <= 1e-14);
  }
  NB_CHECK(std::abs(outputs.back() - output) <= 1e-14);
  std::printf("%zu blocks, m took a step in %d of them\n", blocks.size(), steps);
  nb::show_svg("walk", nb::lines({.title = "One query meets 64 keys, four at a time",
                                  .x = "blocks of keys so far",
                                  .y = ""},
                                 {{"m, largest score", blocks, maxima},
                                  {"y / sum", blocks, outputs},
                                  {"plain attention", {1, 16}, {output, output}}}));
};

// %% [markdown]
// ## A block of queries against blocks of keys
//
// The same with matrices: the queries of a block take the steps together, and the scores of a block
// are one small product. Nothing has S columns. The log-sum-exp L = m + ln(sum) is kept for backward.

// %% blocks
struct Kept {
  Matrix<double> y;
  RowVector<double> log_sum_exp;
};

Kept attend(const Matrix<double>& q, const Matrix<double>& k, const Matrix<double>& v,
            Index block) {
  const Index T = q.rows(), S = k.rows(), D = q.cols();
  Kept kept{Matrix<double>::Zero(T, D), RowVector<double>(T)};
  RowVector<double> m = RowVector<double>::Constant(T, -std::numeric_limits<double>::infinity());
  RowVector<double> sum = RowVector<double>::Zero(T);
  for (Index key = 0; key < S; key += block) {
    const Index width = std::min(block, S - key);
    Matrix<double> e = matmul<double>(q, t(k.middleRows(key, width))) / std::sqrt(D);
    for (Index i = 0; i < T; ++i) {
      const double now = std::max(m[i], e.row(i).maxCoeff());
      const double c = std::exp(m[i] - now);
      m[i] = now;
      e.row(i) = (e.row(i).array() - now).exp().matrix();
      sum[i] = c * sum[i] + e.row(i).sum();
      kept.y.row(i) *= c;
    }
    kept.y += matmul<double>(e, v.middleRows(key, width));
  }
  for (Index i = 0; i < T; ++i) kept.y.row(i) /= sum[i];
  kept.log_sum_exp = (m.array() + sum.array().log()).matrix();
  return kept;
}

// A head with random numbers, and what plain attention makes of it. Without a mask.
struct Head {
  Matrix<double> q, k, v, dy, y, p, dq, dk, dv;

  Head(Index T, Index S, Index D, Rng& rng)
      : q(normal_matrix(T, D, rng)),
        k(normal_matrix(S, D, rng)),
        v(normal_matrix(S, D, rng)),
        dy(normal_matrix(T, D, rng)),
        y(T, D),
        dq(T, D),
        dk(Matrix<double>::Zero(S, D)),
        dv(Matrix<double>::Zero(S, D)) {
    const AttentionMask open{.causal = false};
    scaled_dot_product_attention<double>(y, q, k, v, open, &p);
    scaled_dot_product_attention_backward<double>(dq, dk, dv, dy, q, k, v, open, p);
  }
};

NB_CELL {
  Rng rng(1);
  const Head head(48, 300, 16, rng);
  std::printf("%-22s %s\n", "keys in a block", "y as in plain attention");
  for (const Index block : {1, 2, 7, 64, 128, 300}) {
    const double error = largest_of(attend(head.q, head.k, head.v, block).y - head.y);
    std::printf("%-22d %s\n", static_cast<int>(block), error <= 1e-12 ? "to 1e-12" : "no");
    NB_CHECK(error <= 1e-12);
  }
  Matrix<double> y(48, 16);
  RowVector<double> log_sum_exp;
  flash_attention<double>(y, head.q, head.k, head.v, {.causal = false}, &log_sum_exp);
  const double error = largest_of(y - head.y);
  std::printf("%-22s %s\n", "the library's", error <= 1e-12 ? "to 1e-12" : "no");
  NB_CHECK(error <= 1e-12);
  NB_CHECK(largest_of(attend(head.q, head.k, head.v, 7).log_sum_exp - log_sum_exp) <= 1e-12);
};

// %% [markdown]
// ## What is remembered
//
// One number for each query, L. With it any weight can be made again from its score alone:
// p = exp(score - L). In the example by hand L = ln 8.

// %% remembered
NB_CELL {
  Matrix<double> score(1, 4), p(1, 4);
  score << kScores[0], kScores[1], kScores[2], kScores[3];
  const double L = std::log(8.0);
  p = (score.array() - L).exp().matrix();
  nb::print("score", score);
  std::printf("L            %8.3f\n", L);
  nb::print("weight", p);
  std::printf("their sum    %8.3f\n", p.sum());

  Rng rng(2);
  const Head head(48, 300, 16, rng);
  const RowVector<double> kept = attend(head.q, head.k, head.v, 64).log_sum_exp;
  Matrix<double> again = matmul<double>(head.q, t(head.k)) / 4;  // sqrt(16)
  again.colwise() -= kept.transpose();
  again = again.array().exp().matrix();
  NB_CHECK(largest_of(again - head.p) <= 1e-13);
};

// %% [markdown]
// ## Backward of the four keys
//
// With dy = 1 the gradient of a weight is its value: dp = (8, 16, 4, 8). Softmax's backward wants the
// average of dp under the weights. It is the row sum of p * dp, over all blocks, and it is dy * y.

// %% backward_by_hand
NB_CELL {
  Matrix<double> p(1, 4), dp(1, 4);
  p << 2, 1, 4, 1;
  p /= 8;
  dp << kValues[0], kValues[1], kValues[2], kValues[3];
  const double y = 7, dy = 1;
  const Matrix<double> product = (p.array() * dp.array()).matrix();
  nb::print("p", p);
  nb::print("dp", dp);
  nb::print("p * dp", product);
  std::printf("row sum      %8.3f\ndy * y       %8.3f\n", product.sum(), dy * y);
  const Matrix<double> ds = (p.array() * (dp.array() - dy * y)).matrix();
  nb::print("ds", ds);
  NB_CHECK(std::abs(product.sum() - dy * y) <= 1e-15);
  NB_CHECK(std::abs(ds.sum()) <= 1e-15);
};

// %% [markdown]
// ## Backward, block by block
//
// For each block of keys the weights are made again, used for dv, ds, dq and dk, and dropped. The
// average of every row is known before the first block. Compared with plain attention's gradients.

// %% backward
struct Gradients {
  Matrix<double> dq, dk, dv;
};

Gradients backward(const Head& head, const Kept& kept, Index block) {
  const Index T = head.q.rows(), S = head.k.rows();
  const double scale = 1 / std::sqrt(head.q.cols());
  Gradients g{Matrix<double>::Zero(T, head.q.cols()), Matrix<double>(S, head.q.cols()),
              Matrix<double>(S, head.q.cols())};
  const Eigen::VectorXd average = head.dy.cwiseProduct(kept.y).rowwise().sum();
  for (Index key = 0; key < S; key += block) {
    const Index width = std::min(block, S - key);
    const Matrix<double> k = head.k.middleRows(key, width), v = head.v.middleRows(key, width);
    Matrix<double> p = scale * matmul<double>(head.q, t(k));
    p.colwise() -= kept.log_sum_exp.transpose();
    p = p.array().exp().matrix();
    Matrix<double> dp = matmul<double>(head.dy, t(v));
    dp.colwise() -= average;
    const Matrix<double> ds = (scale * p.array() * dp.array()).matrix();
    g.dv.middleRows(key, width) = matmul<double>(t(p), head.dy);
    g.dk.middleRows(key, width) = matmul<double>(t(ds), head.q);
    g.dq += matmul<double>(ds, k);
  }
  return g;
}

NB_CELL {
  Rng rng(3);
  const Head head(48, 300, 16, rng);
  const auto word = [](double error) {
    NB_CHECK(error <= 1e-12);
    return error <= 1e-12 ? "to 1e-12" : "no";
  };
  std::printf("%-18s %-10s %-10s %s\n", "keys in a block", "dq", "dk", "dv");
  for (const Index block : {1, 7, 64, 300}) {
    const Gradients g = backward(head, attend(head.q, head.k, head.v, block), block);
    std::printf("%-18d %-10s %-10s %s\n", static_cast<int>(block), word(largest_of(g.dq - head.dq)),
                word(largest_of(g.dk - head.dk)), word(largest_of(g.dv - head.dv)));
  }
  Matrix<double> y(48, 16), dq(48, 16), dk = Matrix<double>::Zero(300, 16), dv = dk;
  RowVector<double> log_sum_exp;
  const AttentionMask open{.causal = false};
  flash_attention<double>(y, head.q, head.k, head.v, open, &log_sum_exp);
  flash_attention_backward<double>(dq, dk, dv, head.dy, head.q, head.k, head.v, y, open,
                                   log_sum_exp);
  std::printf("%-18s %-10s %-10s %s\n", "the library's", word(largest_of(dq - head.dq)),
              word(largest_of(dk - head.dk)), word(largest_of(dv - head.dv)));
};

// %% [markdown]
// ## Numbers kept for backward
//
// Counted, not timed: the sizes of what the library's attention layer holds after forward, for one
// head. Both keep x, q, k, v and the heads' outputs; the rest is p for the one, L for the other.

// %% kept
NB_CELL {
  Rng rng(4);
  nb::Series plain{"plain: p", {}, {}}, flash{"flash: L", {}, {}};
  std::printf("%6s %14s %14s\n", "T", "plain: p", "flash: L");
  for (const Index T : {64, 128, 256, 512, 1024, 2048}) {
    const auto numbers = [&](Index flash_from) {
      const MultiHeadAttention<float> layer({.width = 4, .heads = 1, .flash_from = flash_from},
                                            rng);
      MultiHeadAttention<float>::Cache cache;
      layer.forward(normal_matrix(T, 4, rng).cast<float>(), {.time = T}, &cache);
      Index count = 0;
      for (const Matrix<float>& p : cache.probabilities) count += p.size();
      for (const RowVector<float>& L : cache.log_sum_exp) count += L.size();
      return static_cast<double>(count);
    };
    plain.x.push_back(static_cast<double>(T));
    flash.x.push_back(static_cast<double>(T));
    plain.y.push_back(numbers(0));
    flash.y.push_back(numbers(1));
    std::printf("%6d %14.0f %14.0f\n", static_cast<int>(T), plain.y.back(), flash.y.back());
    NB_CHECK(plain.y.back() == static_cast<double>(T * T));
    NB_CHECK(flash.y.back() == static_cast<double>(T));
  }
  nb::show_svg("kept", nb::lines({.title = "Numbers that one head keeps for backward",
                                  .x = "T, tokens",
                                  .y = "numbers",
                                  .log_x = true,
                                  .log_y = true},
                                 {plain, flash}));
};

// %% [markdown]
// ## Which scores are computed at all
//
// Under a causal mask half of the scores are never wanted. Which of them does the library compute all
// the same? A NaN tells: 0 times NaN is NaN, so a NaN in the value of key j colours every query that
// has key j in one of its blocks, though the key is hidden and has weight 0.

// %% tiles
NB_CELL {
  const Index T = 512, step = 32;
  Rng rng(6);
  const Matrix<double> q = normal_matrix(T, 1, rng), k = normal_matrix(T, 1, rng);
  Matrix<double> computed = Matrix<double>::Zero(T / step, T / step);
  for (Index key = 0; key < T; key += step) {
    Matrix<double> v = normal_matrix(T, 1, rng), y(T, 1);
    v(key, 0) = std::numeric_limits<double>::quiet_NaN();
    flash_attention<double>(y, q, k, v, {.causal = true}, nullptr);
    for (Index i = 0; i < T; ++i) {
      if (std::isnan(y(i, 0))) computed(i / step, key / step) += 1.0 / static_cast<double>(step);
    }
  }
  const double share = computed.mean();
  std::printf("computed: %.1f%% of the scores; %.1f%% are wanted\n", 100 * share,
              100 * (static_cast<double>(T) + 1) / (2 * static_cast<double>(T)));
  NB_CHECK(share < 0.54);
  std::vector<std::string> names;
  for (Index i = 0; i < T; i += step) {
    names.push_back(i % 128 == 0 ? std::to_string(i) : "");
  }
  nb::show_svg("tiles",
               nb::heat_map({.title = "Computed under a causal mask, in squares of 32 by 32",
                             .x = "key",
                             .y = "query"},
                            computed, {.rows = names, .columns = names}));
};

// %% [markdown]
// ## Break it: keep the old sums
//
// The four keys again, without c, and with c for the sum alone. Then 64 keys in blocks of 8; one of
// them has a high score and a large value, and how wrong the output is depends on where it stands.

// %% broken
NB_CELL {
  const auto output = [](const std::vector<double>& scores, const std::vector<double>& values,
                         std::size_t block, bool mends_sum, bool mends_y) {
    Online row;
    row.mends_sum = mends_sum;
    row.mends_y = mends_y;
    for (std::size_t from = 0; from < scores.size(); from += block) {
      const auto at = static_cast<std::ptrdiff_t>(from),
                 end = static_cast<std::ptrdiff_t>(std::min(from + block, scores.size()));
      row.add({scores.begin() + at, scores.begin() + end},
              {values.begin() + at, values.begin() + end});
    }
    return row.y / row.sum;
  };
  std::printf("right                %6.3f\n", output(kScores, kValues, 2, true, true));
  std::printf("nothing mended       %6.3f\n", output(kScores, kValues, 2, false, false));
  std::printf("the sum alone mended %6.3f\n", output(kScores, kValues, 2, true, false));
  std::printf("one block of four    %6.3f\n", output(kScores, kValues, 4, false, false));

  nb::Series nothing{"nothing mended", {}, {}}, sum_alone{"sum alone mended", {}, {}};
  Rng rng(7);
  std::vector<double> scores(64), values(64);
  for (std::size_t j = 0; j < 64; ++j) {
    scores[j] = rng.uniform();
    values[j] = rng.uniform();
  }
  for (std::size_t high = 0; high < 64; ++high) {
    std::vector<double> now = scores, heard = values;
    now[high] = 4;
    heard[high] = 10;
    const double right = output(now, heard, 8, true, true);
    nothing.x.push_back(static_cast<double>(high));
    sum_alone.x.push_back(static_cast<double>(high));
    nothing.y.push_back(std::abs(output(now, heard, 8, false, false) / right - 1));
    sum_alone.y.push_back(std::abs(output(now, heard, 8, true, false) / right - 1));
    if (high < 8) NB_CHECK(nothing.y.back() <= 1e-14 && sum_alone.y.back() <= 1e-14);
  }
  std::printf("high score in the last block: the sum alone mended makes y %.1f times as large\n",
              1 + sum_alone.y.back());
  nb::show_svg("broken", nb::lines({.title = "Error of the output, by where the high score stands",
                                    .x = "key with the high score",
                                    .y = "relative error"},
                                   {nothing, sum_alone}));
};

// %% [markdown]
// ## Break it: a large L in float
//
// L is rounded like any number, by up to half the gap to the next float, and exp(score - L) is off by
// that share. How wide is the gap?

// %% rounding
NB_CELL {
  std::printf("%12s %18s\n", "L about", "to the next float");
  for (const float L : {1.F, 10.F, 100.F, 10000.F, 100000000.F}) {
    const float next = std::nextafter(L, std::numeric_limits<float>::infinity());
    std::printf("%12.0f %18.1e\n", static_cast<double>(L), static_cast<double>(next - L));
  }
};
