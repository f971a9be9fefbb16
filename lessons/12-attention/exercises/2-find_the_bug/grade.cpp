#include "support/grade.hpp"

#include <cmath>
#include <cstdint>

#include "limpid/nn/scaled_dot_product_attention.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

M column(std::initializer_list<double> numbers) {
  return row(numbers).transpose();
}

// One number per token: D = 1, so nothing is scaled.
M forward(const M& q, const M& k, const M& v, const AttentionMask& mask = {}) {
  M y(q.rows(), 1);
  scaled_dot_product_attention<double>(y, q, k, v, mask, nullptr);
  return y;
}

}  // namespace

// Every query is 1, so the scores of all are the keys: ln 2, ln 3, ln 4.
GRADE("forward", "by hand: two queries*,property: equal*,property: a causal*,edges:*") {
  const M q = column({1, 1, 1});
  const M k = column({std::log(2.0), std::log(3.0), std::log(4.0)});
  const M v = column({60, 120, 240});
  const double third = (2. * 60 + 3. * 120 + 4. * 240) / 9;
  expect_equal(
      "y of three tokens with scores ln 2, ln 3, ln 4 and values 60, 120, 240",
      column({60, (2. * 60 + 3. * 120) / 5, third}), forward(q, k, v),
      {{"still_there",
        "The mistake that you were given. The first token sees itself only, so its y must be its "
        "value, 60. It is more: something of the later values has come in.",
        column({(2. * 60 + 120 + 240) / 4, (2. * 60 + 3. * 120 + 240) / 6, third})},
       {"masked_after_softmax",
        "Now no later value comes in, but the weights of the first token add up to 2/9 instead of "
        "1. "
        "What is missing went to the tokens that are hidden. They must be out before softmax "
        "divides.",
        column({2. * 60 / 9, (2. * 60 + 3. * 120) / 9, third})},
       {"blind_to_itself",
        "Now a token cannot see itself: the first one sees nothing, and its y is 0. The mask was "
        "right "
        "about who is hidden.",
        column({0, 60, (2. * 60 + 3. * 120) / 5})}},
      "The first token sees itself, the second the first two, the third all three.");

  // Low scores are as good as any: only their differences count.
  const M low = (k.array() - 20000.0).matrix();
  expect_equal(
      "y of the same tokens when all keys are lower by 20000: the same",
      column({60, (2. * 60 + 3. * 120) / 5, third}), forward(q, low, v),
      {{"not_low_enough",
        "You chose a score that is low, but not low enough: where the scores that count are "
        "lower still, the hidden keys win. No finite score is safe.",
        column({(120. + 240) / 2, 240, third})}},
      "Softmax knows differences only: y must not change.");

  // Padding: nobody may look at key 0, so there is nothing that the first token sees.
  const std::vector<std::uint8_t> visible{0, 1, 1};
  expect_equal(
      "y of the same tokens when key 0 is hidden from all: the first token sees nothing",
      column({0, 120, (3. * 120 + 4. * 240) / 7}), forward(q, k, v, {.keys = visible}),
      {{"lowest_finite",
        "You chose the lowest finite score. Where all keys are hidden, all scores are equally "
        "low, and softmax gives them equal weights. Our softmax knows one score that means "
        "\"not there\".",
        column({(60. + 120 + 240) / 3, 120, (3. * 120 + 4. * 240) / 7})}},
      "A query that sees nothing gives zeros.");
}

GRADE("backward",
      "by hand: backward*,property: views*,property: the same*,"
      "gradient check:*,fixture:*,accumulation:*,misuse:*") {
  const M q = column({1, 1}), k = column({0, std::log(3.0)}), v = column({8, 4});
  asking("backward of two tokens with scores 0 and ln 3");
  M y(2, 1), dq(2, 1), dk = M::Zero(2, 1), dv = M::Zero(2, 1), p;
  scaled_dot_product_attention<double>(y, q, k, v, {}, &p);
  scaled_dot_product_attention_backward<double>(dq, dk, dv, column({0, 2}), q, k, v, {}, p);
  expect_equal("dv for scores 0 and ln 3, and dy = 2 at the second token", column({0.5, 1.5}), dv,
               {}, "Backward was right when you got it.");
  expect_equal("dk for the same", column({1.5, -1.5}), dk, {},
               "Backward was right when you got it.");
}
