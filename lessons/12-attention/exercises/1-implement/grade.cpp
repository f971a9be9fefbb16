#include "support/grade.hpp"

#include <cmath>

#include "limpid/nn/scaled_dot_product_attention.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

M rows(const std::vector<M>& all) {
  M m(static_cast<Index>(all.size()), all.front().cols());
  for (Index i = 0; i < m.rows(); ++i) m.row(i) = all[static_cast<std::size_t>(i)];
  return m;
}

// The lesson's head: D = 4, so the scale is 1/2. Every query is (2, 0, 0, 0), so its scores for the
// three keys are 0, ln 2 and ln 3, and its weights, when it sees all of them, 1/6, 2/6 and 3/6.
const M kQ = rows({row({2, 0, 0, 0}), row({2, 0, 0, 0}), row({2, 0, 0, 0})});
const M kK =
    rows({row({0, 1, 0, 0}), row({std::log(2.0), 0, 1, 0}), row({std::log(3.0), 0, 0, 1})});
const M kV = rows({row({6, 0, 0, 1}), row({0, 6, 0, 1}), row({0, 0, 6, 1})});

M forward(const M& q, const AttentionMask& mask, M* p = nullptr) {
  M y(q.rows(), q.cols());
  scaled_dot_product_attention<double>(y, q, kK, kV, mask, p);
  return y;
}

// What one query makes of these weights.
M mixture(double first, double second, double third) {
  return first * kV.row(0) + second * kV.row(1) + third * kV.row(2);
}

// Weights in proportion to 1, 2^power, 3^power: scores that are `power` times as large.
M power(double power) {
  const double two = std::pow(2, power), three = std::pow(3, power), sum = 1 + two + three;
  return mixture(1 / sum, two / sum, three / sum);
}

struct Gradients {
  M dq = M::Constant(3, 4, 99), dk = M::Constant(3, 4, 10), dv = M::Constant(3, 4, 10);

  Gradients(const M& dy, const AttentionMask& mask) {
    M p;
    forward(kQ, mask, &p);
    scaled_dot_product_attention_backward<double>(dq, dk, dv, dy, kQ, kK, kV, mask, p);
  }
};

}  // namespace

GRADE("forward", "by hand: two queries*,property: equal*,property: a causal*") {
  const M q = kQ.topRows(1);
  const AttentionMask open{.causal = false};
  expect_equal(
      "y of one query that sees three keys, with scores 0, ln 2 and ln 3",
      mixture(1. / 6, 2. / 6, 3. / 6), forward(q, open),
      {{"unscaled",
        "You left the scores as they are: a dot product of D numbers is divided by sqrt(D), here "
        "2.",
        power(2)},
       {"divided_by_width", "You divided the scores by D = 4. It is the root of D, here 2.",
        power(0.5)},
       {"mixes_the_keys",
        "You mixed the keys. Keys say where to look; what is taken from there is the value.",
        kK.row(0) / 6 + kK.row(1) / 3 + kK.row(2) / 2},
       {"no_softmax", "You took the scores as weights. Softmax makes them positive, with sum 1.",
        mixture(0, std::log(2.0), std::log(3.0))},
       {"exponentials_only",
        "You took the exponentials of the scores, and did not divide by their sum.",
        mixture(1, 2, 3)},
       {"all_alike", "All weights are 1/3: do the scores reach the softmax?",
        mixture(1. / 3, 1. / 3, 1. / 3)}},
      "The weights are 1/6, 2/6 and 3/6; y is the values, mixed with them.");

  const M all = mixture(1. / 6, 2. / 6, 3. / 6);
  expect_equal(
      "y of three equal queries under the causal mask",
      rows({mixture(1, 0, 0), mixture(1. / 3, 2. / 3, 0), all}), forward(kQ, {}),
      {{"sees_everything",
        "Every query sees every key, the future too. Query i may look at the keys at positions "
        "0 to mask.offset + i.",
        rows({all, all, all})},
       {"sees_one_ahead",
        "Every query sees one key too far: the next token, which is the one to be predicted.",
        rows({mixture(1. / 3, 2. / 3, 0), all, all})},
       {"blind_to_itself",
        "A token may look at itself: without that the first one would see nothing at all.",
        rows({mixture(0, 0, 0), mixture(1, 0, 0), mixture(1. / 3, 2. / 3, 0)})},
       {"sees_the_future_only", "The mask is the wrong way round: you hid the past.",
        rows({all, mixture(0, 2. / 5, 3. / 5), mixture(0, 0, 1)})},
       {"score_zero",
        "You gave hidden keys a score of 0. That is not nothing, exp(0) is 1: they keep a weight. "
        "Only a score of -infinity has the weight 0.",
        rows({mixture(1. / 3, 1. / 3, 1. / 3), mixture(1. / 4, 2. / 4, 1. / 4), all})},
       {"masked_after_softmax",
        "You set the weights of hidden keys to 0 after softmax: the others no longer add up to 1, "
        "and by how much they fall short tells of the future. Hide the scores before softmax.",
        rows({mixture(1. / 6, 0, 0), mixture(1. / 6, 2. / 6, 0), all})}},
      "Query 0 sees key 0; query 1 keys 0 and 1, with weights 1/3 and 2/3; query 2 all three.");

  expect_equal(
      "y of one causal query with offset 1: two keys are before it or its own",
      mixture(1. / 3, 2. / 3, 0), forward(q, {.offset = 1}),
      {{"no_offset",
        "You compared j with i. The first query stands at position mask.offset: keys may lie "
        "before it, from a cache for instance.",
        mixture(1, 0, 0)}},
      "Query 0 stands at position 1 and sees keys 0 and 1.");

  asking("three queries under the causal mask, with the probabilities kept");
  M p;
  forward(kQ, {}, &p);
  expect_equal("the probabilities, which backward needs",
               rows({row({1, 0, 0}), row({1. / 3, 2. / 3, 0}), row({1. / 6, 2. / 6, 3. / 6})}), p,
               {}, "p(i, j) is the weight of key j for query i; 0 where it may not look.");
}

GRADE("backward",
      "by hand: backward*,property: views*,property: the same*,"
      "gradient check:*,fixture:*,accumulation:*,edges:*,misuse:*") {
  // Only the last query has a gradient, (1, 0, 0, 0): dp = (6, 0, 0), whose average is 1.
  const M one = rows({row({0, 0, 0, 0}), row({0, 0, 0, 0}), row({1, 0, 0, 0})});
  const M ten = M::Constant(3, 4, 10);
  asking("backward of three causal queries, with dy = (1, 0, 0, 0) at the last one only");
  const Gradients last(one, {});
  const auto to_values = [&](double a, double b, double c) {
    M dv = ten;
    dv.col(0) += row({a, b, c}).transpose();
    return dv;
  };
  expect_equal(
      "dv for dy = (1, 0, 0, 0) at the last query only, when dv held 10 before",
      to_values(1. / 6, 2. / 6, 3. / 6), last.dv,
      {{"dv_overwritten",
        "dv is added to, never overwritten: `+=`. Every query that looks at a value gives it a "
        "share, and other heads may share it too.",
        M(to_values(1. / 6, 2. / 6, 3. / 6) - ten)},
       {"dv_unweighted",
        "Every value got the whole of dy. Value j counts p[j] in y, so it gets p[j] * dy.",
        to_values(1, 1, 1)}},
      "dv.row(j) += p[j] * dy.row(i).");

  // dq is what ds makes of the keys, so it tells what ds was.
  const auto from = [&](double a, double b, double c) {
    M dq = M::Zero(3, 4);
    dq.row(2) = a * kK.row(0) + b * kK.row(1) + c * kK.row(2);
    return dq;
  };
  expect_equal(
      "dq for dy = (1, 0, 0, 0) at the last query only, where p = (1, 2, 3) / 6 and dp = (6, 0, 0)",
      from(5. / 12, -2. / 12, -3. / 12), last.dq,
      {{"softmax_skipped",
        "This is dp, scaled: you left out softmax. Raising one score takes weight from the others.",
        from(3, 0, 0)},
       {"no_average",
        "You have p * dp. Raising score j also makes the sum larger that all are divided by: take "
        "the average of dp, weighted with p, away from dp first.",
        from(0.5, 0, 0)},
       {"plain_average",
        "You took away the plain mean of dp. The average is weighted with p: then the numbers of "
        "ds "
        "add up to 0.",
        from(4. / 12, -4. / 12, -6. / 12)},
       {"scale_forgotten",
        "The scale is missing: forward multiplied the dot products by 1 / sqrt(D), so backward "
        "does, "
        "too.",
        from(5. / 6, -2. / 6, -3. / 6)},
       {"p_forgotten", "You have dp - average, without the factor p.", from(2.5, -0.5, -0.5)},
       {"dq_from_values", "The query was multiplied by the keys; you took the values.",
        [&] {
          M dq = M::Zero(3, 4);
          dq.row(2) = (5 * kV.row(0) - 2 * kV.row(1) - 3 * kV.row(2)) / 12;
          return dq;
        }()}},
      "ds = scale * p * (dp - 1) = (5, -2, -3) / 12; dq is the sum of ds[j] * k.row(j).");

  // Query 1 too: p = (1, 2, 0) / 3, dy = (1, 0, 0, 0), dp = (6, 0, 0), average 2, so
  // ds = (4, -4, 0) / 6; times q = (2, 0, 0, 0) for dk.
  const M both = rows({row({0, 0, 0, 0}), row({1, 0, 0, 0}), row({1, 0, 0, 0})});
  asking("backward of three causal queries, with dy = (1, 0, 0, 0) at queries 1 and 2");
  const Gradients two(both, {});
  const M second = row({4. / 3, -4. / 3, 0}), third = row({5. / 6, -2. / 6, -3. / 6});
  M right = ten, overwritten = M::Zero(3, 4);
  right.col(0) += (second + third).transpose();
  overwritten.col(0) = third.transpose();
  M not_before = right - ten;
  expect_equal(
      "dk for dy = (1, 0, 0, 0) at queries 1 and 2, when dk held 10 before", right, two.dk,
      {{"dk_overwritten",
        "dk is added to, never overwritten: `+=`. Every query that looks at a key gives it "
        "a share.",
        overwritten},
       {"dk_overwritten_but_summed",
        "The queries are added up, but what was there before is gone: other heads may share "
        "these keys.",
        not_before}},
      "dk.row(j) += ds[j] * q.row(i), for every query i.");
}
