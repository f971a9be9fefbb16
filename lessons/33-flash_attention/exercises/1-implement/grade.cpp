#include "support/grade.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "limpid/nn/flash_attention.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kLn2 = std::log(2.0), kLn4 = std::log(4.0);

// The lesson's four keys, two of them in the first tile and two in the second: keys 0, 1, 128 and 129,
// and nobody sees those in between. D = 4, and q = (2, 0, 0, 0), so that a key's first number is its
// score. The scores are ln 2, ln 1, ln 4, ln 1, and the weights 2/8, 1/8, 4/8, 1/8; of the values
// only the first number counts: 8, 16, 4, 8.
struct FourKeys {
  static constexpr Index kPlaces[4] = {0, 1, 128, 129};
  M q = M::Zero(1, 4), k = M::Constant(130, 4, 50), v = M::Constant(130, 4, 1e6);
  M y = M::Constant(1, 4, 99);
  RowVector<double> log_sum_exp;
  std::vector<std::uint8_t> visible = std::vector<std::uint8_t>(130, 0);

  explicit FourKeys(Index shown = 4) {
    const double scores[4] = {kLn2, 0, kLn4, 0}, values[4] = {8, 16, 4, 8};
    q(0, 0) = 2;
    for (Index n = 0; n < 4; ++n) {
      const Index key = kPlaces[n];
      k.row(key) << scores[n], n == 0, n == 1, n == 2;
      v.row(key) << values[n], 0, 0, 0;
      visible[static_cast<std::size_t>(key)] = n < shown ? 1 : 0;
    }
    flash_attention<double>(y, q, k, v, mask(), &log_sum_exp);
  }
  AttentionMask mask() const { return {.causal = false, .keys = visible}; }
};

// 130 queries on the same keys: all are 0, so that their weights are 1/4 each, but for the last, which
// is the one above. Queries 128 and 129 are rows 0 and 1 of the second block.
struct Blocks {
  M y = M::Zero(130, 4);
  RowVector<double> log_sum_exp;

  Blocks() {
    const FourKeys head;
    M q = M::Zero(130, 4);
    q.row(129) = head.q;
    flash_attention<double>(y, q, head.k, head.v, head.mask(), &log_sum_exp);
  }
};

M first(double number) {
  return row({number, 0, 0, 0});
}

// What is at the four keys' places of one column.
M at_keys(const M& m, Index column) {
  M out(1, 4);
  for (Index n = 0; n < 4; ++n) out(0, n) = m(FourKeys::kPlaces[n], column);
  return out;
}

struct Gradients {
  M dq = M::Constant(1, 4, 99), dk = M::Constant(130, 4, 10), dv = M::Constant(130, 4, 10);

  // y and the log-sum-exp are given, so that only backward is asked.
  Gradients() {
    const FourKeys head;
    RowVector<double> log_sum_exp(1);
    log_sum_exp << std::log(8.0);
    flash_attention_backward<double>(dq, dk, dv, first(1), head.q, head.k, head.v, first(7),
                                     head.mask(), log_sum_exp);
  }
};

}  // namespace

GRADE("forward",
      "by hand: three scores*,by hand: the scale*,property: the log-sum-exp*,property: a causal*") {
  asking("one query that sees two keys, in one tile");
  const FourKeys two(2);
  expect(two.y.allFinite(), "y of one query that sees two keys, in one tile",
         "correction_upside_down",
         "Your y is NaN or infinite. In the first tile the largest score so far is -infinity: the "
         "factor has to become exp(-infinity) = 0, not exp(+infinity). What is there already was "
         "measured against a smaller number, so it has to shrink.");
  expect_equal("y of one query that sees two keys, with scores ln 2, ln 1 and values 8, 16",
               first(32. / 3), two.y,
               {{"not_divided",
                 "You have the sum of exp(score - m) times the value. At the end it is divided by "
                 "the sum of the exponentials.",
                 first(16)}},
               "The weights are 2/3 and 1/3.");

  asking("one query that sees four keys, in two tiles");
  const FourKeys four;
  expect_equal(
      "y of one query that sees four keys, with scores ln 2, ln 1 in the first tile, ln 4, ln 1 in "
      "the second, and values 8, 16, 4, 8",
      first(7), four.y,
      {{"nothing_mended",
        "The first tile's terms are measured against exp(ln 2), those of the second against "
        "exp(ln 4), and you added them as they are. Is the factor 1 because the largest score was "
        "replaced before it was computed? (Or does `=` stand where `*=` should, for the sum? That "
        "makes 8, too.)",
        first(22 / 2.75)},
       {"sum_alone_mended",
        "You mended the sum, not y. Both are sums of terms relative to the old largest score.",
        first(11)},
       {"y_alone_mended",
        "You mended y, not the sum. Both are sums of terms relative to the old largest score.",
        first(14 / 2.75)},
       {"largest_not_kept",
        "Only the second tile counts: this is (16 + 8) / 5. Is the tile's largest score kept, for "
        "the next tile to be compared with?",
        first(4.8)}},
      "After the first tile sum = 3/2 and y = 16; the factor is 1/2; at the end sum = 2 and y = "
      "14.");

  expect_equal(
      "the log-sum-exp of the same query, ln 8", row({std::log(8.0)}), four.log_sum_exp,
      {{"log_sum_exp_without_largest",
        "This is ln(sum). The sum is relative to exp(largest), and that has to come back in. (Or "
        "did "
        "you subtract? ln 4 - ln 2 is the same number.)",
        row({kLn2})},
       {"sum_without_log",
        "You added the sum to the largest score. It belongs into the exponent: its logarithm.",
        row({kLn4 + 2})},
       {"largest_only", "This is the largest score; the sum is not in it.", row({kLn4})}},
      "exp(score - L) has to be the weight: exp(ln 4 - ln 8) = 4/8.");

  asking("130 queries, in blocks of 128 and 2");
  const Blocks blocks;
  expect_equal(
      "y of queries 128 and 129: the mean of 8, 16, 4, 8, where all scores are 0, and again 7",
      row({9, 7}), row({blocks.y(128, 0), blocks.y(129, 0)}),
      {{"all_rows_mended",
        "Query 129 met a larger score in the second tile, query 128 did not, and was mended all "
        "the "
        "same. Only row i of y_rows is to be mended.",
        row({6, 7})}},
      "Each row has a largest score, a sum and a mixture of its own.");
  expect_equal("the log-sum-exp of queries 0 and 1, whose four scores are 0", row({kLn4, kLn4}),
               row({blocks.log_sum_exp[0], blocks.log_sum_exp[1]}),
               {{"row_of_the_block",
                 "This is where queries 128 and 129 have left theirs. Row i of the block is query "
                 "first + i of the whole.",
                 row({kLn4, std::log(8.0)})}},
               "ln(1 + 1 + 1 + 1) = ln 4.");

  asking("a query that sees nothing");
  const FourKeys none(0);
  expect(none.y.isZero(0), "y of a query that sees nothing", "nothing_by_nothing",
         "Its sum is 0, and what is divided by it is NaN. Such a query gets a row of zeros.");
  expect(none.log_sum_exp[0] == kInfinity, "the log-sum-exp of a query that sees nothing",
         "minus_infinity_kept",
         "Its sum is 0, and the logarithm -infinity. In backward exp(score - L) would then be "
         "exp(-infinity + infinity), which is NaN. With +infinity it is 0.");
}

GRADE("backward",
      "by hand: backward*,property: equal*,property: the order*,property: views*,"
      "property: the same*,property: what*,gradient check:*,fixture:*,accumulation:*,edges:*,"
      "misuse:*") {
  asking("backward of one query that sees four keys");
  const Gradients g;
  const M p = row({0.25, 0.125, 0.5, 0.125}), dp = row({8, 16, 4, 8}), ten = M::Constant(1, 4, 10);
  expect_equal(
      "dv of the four keys (first column), for dy = (1, 0, 0, 0) and L = ln 8, when it held 10",
      ten + p, at_keys(g.dv, 0),
      {{"not_normalised",
        "These are the exponentials of the scores. The weights are exp(score - log_sum_exp).",
        ten + 8 * p},
       {"tile_softmax",
        "You took the softmax of each tile for itself: the weights of one tile now add up to 1, "
        "though there are other tiles. log_sum_exp knows the sum over all.",
        ten + row({2. / 3, 1. / 3, 4. / 5, 1. / 5})}},
      "The weights are 2/8, 1/8, 4/8, 1/8.");

  // dk is ds times scaled_q, whose first number is 1: so column 0 shows ds.
  const auto ds = [&](double average) { return M((p.array() * (dp.array() - average)).matrix()); };
  M by_tile = ds(4);
  by_tile.rightCols(2) = ds(3).rightCols(2);
  expect_equal(
      "dk of the four keys (first column), where p = (2, 1, 4, 1) / 8 and dp = (8, 16, 4, 8), when "
      "it "
      "held 10",
      ten + ds(7), at_keys(g.dk, 0),
      {{"no_average",
        "You have p * dp. Raising one score takes weight from all others: the average of dp has to "
        "be taken away first.",
        ten + ds(0)},
       {"average_of_the_tile",
        "You took away the average over one tile: 4 in the first, 3 in the second. The average is "
        "over "
        "all keys, 7. You cannot add it up here; what do dy and y tell?",
        ten + by_tile},
       {"plain_average", "You took away the plain mean of dp; it is weighted with p.", ten + ds(9)},
       {"p_forgotten", "You have dp - average, without the factor p.", ten + row({1, 9, -3, 1})},
       {"dk_unscaled",
        "A score is q · k / sqrt(D), and the root is missing here. scaled_q carries it.",
        ten + 2 * ds(7)},
       {"dk_scaled_twice", "scaled_q already carries the root of D; you divided once more.",
        ten + ds(7) / 2},
       {"dk_overwritten",
        "dk is added to, never overwritten: other queries and heads use these keys.", ds(7)}},
      "ds = p * (dp - 7) = (1/4, 9/8, -3/2, 1/8); dk += ds^T scaled_q.");

  const auto dq = [&](const M& grad, double scale, Index from) {
    const FourKeys head;
    M out = M::Zero(1, 4);
    for (Index n = from; n < 4; ++n) out += scale * grad(0, n) * head.k.row(FourKeys::kPlaces[n]);
    return out;
  };
  expect_equal(
      "dq for the same", dq(ds(7), 0.5, 0), g.dq,
      {{"last_tile_only", "Only the second tile is in it. Every tile gives the query a share: add.",
        dq(ds(7), 0.5, 2)},
       {"dq_unscaled",
        "The root of D is missing. dk has it from scaled_q; ds k has it from nowhere.",
        dq(ds(7), 1, 0)}},
      "dq = sum of ds[j] * k.row(j) over all tiles, divided by sqrt(D).");
}
