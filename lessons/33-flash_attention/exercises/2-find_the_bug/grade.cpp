#include "support/grade.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "limpid/nn/flash_attention.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

// 130 queries and 130 keys, of which only four are seen: 0 and 1, in the first tile of keys, 128 and
// 129 in the second. D = 1, so the scale is 1. The keys are ln 2, 0, ln 4, 0. All queries are 0, so
// that all weights are 1/4, but for two: query 1 is -1, with exponentials 1/2, 1, 1/4, 1; query 129
// is 1, with exponentials 2, 1, 4, 1. Its weights are those divided by 8.
struct Text {
  static constexpr Index kPlaces[4] = {0, 1, 128, 129};
  M q = M::Zero(130, 1), k = M::Constant(130, 1, 50), v = M::Constant(130, 1, 1e6), y = q;
  M dq = q, dk = q, dv = q;
  RowVector<double> log_sum_exp;
  std::vector<std::uint8_t> visible = std::vector<std::uint8_t>(130, 0);

  Text() {
    const double scores[4] = {std::log(2.0), 0, std::log(4.0), 0}, values[4] = {8, 16, 4, 8};
    q(1, 0) = -1;
    q(129, 0) = 1;
    for (Index n = 0; n < 4; ++n) {
      k(kPlaces[n], 0) = scores[n];
      v(kPlaces[n], 0) = values[n];
      visible[static_cast<std::size_t>(kPlaces[n])] = 1;
    }
    flash_attention<double>(y, q, k, v, mask(), &log_sum_exp);
  }
  AttentionMask mask() const { return {.causal = false, .keys = visible}; }
  // With a gradient of 1 at one query, dv is the weights of this query.
  M weights_of(Index query) {
    M dy = M::Zero(130, 1);
    dy(query, 0) = 1;
    dk.setZero();
    dv.setZero();
    flash_attention_backward<double>(dq, dk, dv, dy, q, k, v, y, mask(), log_sum_exp);
    return at_keys(dv);
  }
  static M at_keys(const M& m) {
    M out(1, 4);
    for (Index n = 0; n < 4; ++n) out(0, n) = m(kPlaces[n], 0);
    return out;
  }
};

}  // namespace

GRADE("forward",
      "by hand: three scores*,by hand: the scale*,property: the log-sum-exp*,property: a causal*") {
  asking("forward of a text of several tiles");
  const Text text;
  expect_equal("y of queries 0 and 129: the mean of 8, 16, 4, 8, and (16 + 16 + 16 + 8) / 8",
               row({9, 7}), row({text.y(0, 0), text.y(129, 0)}), {},
               "Forward was right when you got it.");
  expect_equal("the log-sum-exp of queries 0, 1 and 129",
               row({std::log(4.0), std::log(2.75), std::log(8.0)}),
               row({text.log_sum_exp[0], text.log_sum_exp[1], text.log_sum_exp[129]}), {},
               "Forward was right when you got it.");
}

GRADE("backward",
      "by hand: backward*,property: equal*,property: the order*,property: views*,"
      "property: the same*,property: what*,gradient check:*,fixture:*,accumulation:*,edges:*,"
      "misuse:*") {
  asking("backward of a text of several tiles");
  Text text;
  const M e = row({2, 1, 4, 1});
  expect_equal(
      "dv of the four keys for dy = 1 at query 129, whose weights are (2, 1, 4, 1) / 8", e / 8,
      text.weights_of(129),
      {{"still_there",
        "The mistake that you were given. The weights are in the right proportion, but add up to "
        "2.9 "
        "instead of 1. Queries 0 to 127 have no such trouble.",
        e / 2.75},
       {"one_for_the_block",
        "Now all queries of a block share a log-sum-exp, that of the first. Each row has a sum of "
        "its "
        "own.",
        e / 4},
       {"clamped",
        "You cut weights off at 1. That hides the symptom: a weight above 1 tells that its row was "
        "divided by the wrong sum, and the others are as wrong.",
        M((e / 2.75).cwiseMin(1.0))},
       {"tile_softmax",
        "You took the softmax of each tile for itself. That is right when all keys fit one tile; "
        "here the two tiles add up to 1 each.",
        row({2. / 3, 1. / 3, 4. / 5, 1. / 5})},
       {"largest_of_the_tile",
        "You subtracted the largest score of the tile: exponentials that nobody has divided. What "
        "was it that log_sum_exp does at once?",
        row({1, 0.5, 1, 0.25})}},
      "The weight of a key is exp(score - L), with the L of this query.");
  expect_equal("dv of the four keys for dy = 1 at query 0, whose weights are all 1/4",
               M::Constant(1, 4, 0.25), text.weights_of(0), {},
               "The first 128 queries were right when you got it.");
}
