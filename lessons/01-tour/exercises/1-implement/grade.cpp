#include "support/grade.hpp"

#include <cmath>

#include "bigram.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

// 0 1 2 0 1 3: after 0 comes 1, twice; after 1 comes 2 and 3; after 2 comes 0; nothing after 3.
const Ids kText{0, 1, 2, 0, 1, 3};

M counts_of_text() {
  M counts = M::Zero(4, 4);
  counts(0, 1) = 2;
  counts(1, 2) = counts(1, 3) = counts(2, 0) = 1;
  return counts;
}

Bigram counted() {
  Bigram model(4);
  model.counts = counts_of_text();
  return model;
}

M row_of(const Bigram& model, std::int32_t before) {
  M row(1, 4);
  for (std::int32_t next = 0; next < 4; ++next) row(0, next) = model.probability(before, next);
  return row;
}

M one(double number) {
  return M::Constant(1, 1, number);
}

}  // namespace

GRADE("counting", "") {
  Bigram model(4);
  asking("counting the text 0 1 2 0 1 3, with 4 tokens in the vocabulary");
  model.count(kText);
  const M right = counts_of_text();
  M first_missed = right, last_missed = right;
  first_missed(0, 1) = 1;
  last_missed(1, 3) = 0;
  expect_equal(
      "counts after the text 0 1 2 0 1 3, with 4 tokens in the vocabulary", right, model.counts,
      {{"reversed",
        "You counted each pair the wrong way round: counts(before, next), so row 0 holds what came "
        "after token 0.",
        M(right.transpose())},
       {"seen_or_not",
        "0 1 came twice, and you have 1: every time that a pair comes, its count grows by one.",
        right.cwiseMin(1)},
       {"first_pair_missed", "The first pair, 0 1, is not counted. A pair ends at text[1] already.",
        first_missed},
       {"last_pair_missed", "The last pair, 1 3, is not counted.", last_missed}},
      "Row h, column w: how often w came right after h.");

  asking("counting a second text, 3 2");
  model.count({3, 2});
  M both = right, across = right, last_only = M::Zero(4, 4);
  both(3, 2) = last_only(3, 2) = 1;
  across(3, 2) = across(3, 3) = 1;
  expect_equal(
      "counts after a second text, 3 2", both, model.counts,
      {{"counts_anew",
        "The pairs of the first text are gone: add to the counts, others may have counted "
        "before.",
        last_only},
       {"across_texts", "The first text ended with 3; what begins the second does not follow it.",
        across}});
  Bigram empty(4);
  asking("counting a text without tokens");
  empty.count({});
  asking("counting a text of a single token");
  empty.count({2});
  expect_equal("counts after a text without tokens and one of a single token", M::Zero(4, 4),
               empty.counts, {}, "A single token makes no pair.");
}

GRADE("probabilities", "") {
  const Bigram model = counted();
  const M smoothed = row({1, 3, 1, 1});
  expect_equal(
      "the probabilities of 0, 1, 2, 3 after token 0, whose row of counts is (0, 2, 0, 0)",
      smoothed / 6, row_of(model, 0),
      {{"not_smoothed",
        "These are the plain shares. Every pair counts once more than it came: the row is (1, 3, "
        "1, 1).",
        row({0, 1, 0, 0})},
       {"divided_by_all_pairs",
        "You divided by the pairs of the whole table. The question is what comes after *this* "
        "token: divide by the sum of its row.",
        smoothed / 21},
       {"row_not_smoothed",
        "These add up to 3. When each of the four counts grows by 1, the sum of the row grows by "
        "4.",
        smoothed / 2},
       {"one_more_in_all",
        "These add up to 2. When each of the four counts grows by 1, the sum of the row grows by "
        "4, not by 1.",
        smoothed / 3},
       {"by_column",
        "You divided by what came before `next`, the sum of a column. Divide by what came after "
        "`before`, the sum of a row.",
        row({1 / 5.0, 3 / 6.0, 1 / 5.0, 1 / 5.0})}},
      "The row is (0, 2, 0, 0), and (1, 3, 1, 1) when every pair counts once more: shares of 6.");
  expect_equal("the probabilities after token 3, which nothing followed", M::Constant(1, 4, 0.25),
               row_of(model, 3), {}, "Without counts, all four tokens are equally likely.");
}

GRADE("loss", "") {
  // p(1 after 0) = 1/2, p(2 after 1) = 1/3.
  const double right = std::log(6.0) / 2;
  expect_equal(
      "nats per token of the text 0 1 2, whose steps have the probabilities 1/2 and 1/3",
      one(right), one(nats_per_token(counted(), {0, 1, 2})),
      {{"bits", "These are bits: log2. Nats are logarithms to base e, std::log.",
        one(std::log2(6.0) / 2)},
       {"minus_forgotten",
        "Logarithms of probabilities are negative. The surprise is -ln p, which is never below 0.",
        one(-right)},
       {"sum_for_mean", "This is the sum over both steps. Divide by their number.", one(2 * right)},
       {"divided_by_tokens",
        "You divided by three tokens, but only two of them were predicted: the first has none "
        "before it.",
        one(2 * right / 3)},
       {"logarithm_last",
        "You took the mean of the probabilities and then the logarithm. Surprises are added, so "
        "the logarithm comes first.",
        one(-std::log((1 / 2.0 + 1 / 3.0) / 2))}},
      "-(ln 1/2 + ln 1/3) / 2.");
}

GRADE("gradient", "") {
  M scores(2, 3), p(2, 3), y(2, 3), powers(2, 3);
  scores << std::log(2.0), 0, 0, 0, std::log(3.0), 0;
  powers << 2, 1, 1, 1, 3, 1;
  p << 0.5, 0.25, 0.25, 0.2, 0.6, 0.2;
  y << 0, 1, 0, 1, 0, 0;
  expect_equal(
      "the gradient for scores (ln 2, 0, 0) and (0, ln 3, 0), when 1 and 0 came", M((p - y) / 2),
      loss_gradient(scores, {1, 0}),
      {{"target_forgotten",
        "This is the belief alone, p. The truth is missing: the target's number is p - 1.",
        M(p / 2)},
       {"truth_minus_belief",
        "The sign is turned round: a step down along this would make the target less likely. p - "
        "y.",
        M((y - p) / 2)},
       {"sum_over_rows",
        "This is the gradient of the sum over both rows; the loss is their mean: divide by 2.",
        M(p - y)},
       {"not_normalised",
        "You have e to the scores, but they do not add up to 1 yet: divide by their sum.",
        M((powers - y) / 2)},
       {"scores_minus_truth",
        "You subtracted the truth from the scores. Softmax makes probabilities of them first.",
        M((scores - y) / 2)},
       {"target_not_divided",
        "The 1 of the target was subtracted after the division by the number of rows: it must be "
        "divided too.",
        M(p / 2 - y)}},
      "For each row (p - y) / 2, with p = softmax of the scores, and y = 1 for the target.");
  M large(1, 3);
  large << 1000, 0, 1000;
  asking("the gradient for scores (1000, 0, 1000), when 0 came");
  const M gives = loss_gradient(large, {0});
  expect((gives - row({-0.5, 0, 0.5})).cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <= 1e-9,
         "the gradient for scores (1000, 0, 1000), when 0 came: (-0.5, 0, 0.5)", "overflow",
         "e^1000 is too large for a computer. Take the row's largest score from all of its scores "
         "first; softmax does not change.");
}
