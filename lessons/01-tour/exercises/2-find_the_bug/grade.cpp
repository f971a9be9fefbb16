#include "support/grade.hpp"

#include "limpid/core/rng.hpp"

#include "backoff.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

M row_of(const Backoff& model, std::int32_t before) {
  M row(1, model.tokens.size());
  for (std::int32_t next = 0; next < row.cols(); ++next) {
    row(0, next) = model.probability(before, next);
  }
  return row;
}

}  // namespace

// 0 1 0 1 0 1 0 2: after 0 came 1 three times, 2 once. Single tokens, one more each: (4, 4, 2) / 10.
GRADE("probabilities", "") {
  Backoff model(3);
  asking("counting the text 0 1 0 1 0 1 0 2");
  model.count({0, 1, 0, 1, 0, 1, 0, 2});
  const M alone = row({0.4, 0.4, 0.2}), counted = row({0, 2.5 / 4, 0.5 / 4});
  const auto with = [&](double share) { return M(counted + share * alone); };
  M rest = counted;
  for (Index j = 0; j < 3; ++j) rest(0, j) += (1 - counted(0, j)) * alone(0, j);
  expect_equal(
      "the probabilities after 0, when 1 came three times and 2 once", with(0.25), row_of(model, 0),
      {{"still_there",
        "The mistake that you were given: these add up to 1.25. Two counts gave up a half each, of "
        "four; how much does the model hand out?",
        with(0.5)},
       {"all_is_given",
        "Now p(w) is added in full. Only what was given up may be handed out: a quarter, here.",
        with(1)},
       {"nothing_is_given",
        "Now the counts give something up and nobody gets it: these add up to 0.75, and token 0 is "
        "impossible.",
        counted},
       {"everyone_gave",
        "You count every token of the vocabulary as one that gave. Token 0 never came here: it had "
        "nothing to give.",
        with(0.375)},
       {"no_discount",
        "The counts no longer give anything up, but something is handed out all the same.",
        M(row({0, 0.75, 0.25}) + 0.25 * alone)},
       {"rest_of_one",
        "1 - counted is what is missing at this one token. What was given up belongs to the row as "
        "a whole.",
        rest}},
      "Two counts gave up 0.5 each, together 1 of 4: the counts keep (0, 2.5, 0.5) / 4, and a "
      "quarter of p(w) is added.");
  expect_equal("the probabilities after 2, which nothing followed", alone, row_of(model, 2), {},
               "Without counts, p(w) is all that there is; that was right when you got it.");
  Rng rng(1);
  Ids text{0};
  for (int i = 0; i < 300; ++i) {
    text.push_back(static_cast<std::int32_t>(rng.below(3) * rng.below(4) + rng.below(2)));
  }
  asking("a longer text, with nine tokens in the vocabulary");
  Backoff larger(9);
  larger.count(text);
  M sums(1, 9);
  for (std::int32_t before = 0; before < 9; ++before) {
    sums(0, before) = row_of(larger, before).sum();
  }
  expect_equal("what the probabilities after each of nine tokens add up to, in a longer text",
               M::Ones(1, 9), sums, {}, "After every token it must be 1.");
}
