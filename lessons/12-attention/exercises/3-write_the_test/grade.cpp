#include "support/grade.hpp"

#include <cmath>
#include <limits>

#include "limpid/nn/scaled_dot_product_attention.hpp"

#include "trial.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

// Which keys query i sees, with weights in proportion to exp(score).
using Sees = bool (*)(Index i, Index j);

M right(const M& q, const M& k, const M& v) {
  M y(q.rows(), q.cols());
  scaled_dot_product_attention<double>(y, q, k, v, {}, nullptr);
  return y;
}

M weighted(const M& q, const M& k, const M& v, Sees divides, Sees mixes) {
  M y = M::Zero(q.rows(), q.cols());
  for (Index i = 0; i < q.rows(); ++i) {
    double sum = 0;
    for (Index j = 0; j < k.rows(); ++j) {
      const double weight = std::exp(q.row(i).dot(k.row(j)) / std::sqrt(q.cols()));
      if (divides(i, j)) sum += weight;
      if (mixes(i, j)) y.row(i) += weight * v.row(j);
    }
    if (sum > 0) y.row(i) /= sum;
  }
  return y;
}

Head seeing(Sees sees) {
  return [=](const M& q, const M& k, const M& v) { return weighted(q, k, v, sees, sees); };
}

bool all(Index, Index) {
  return true;
}
bool past(Index i, Index j) {
  return j <= i;
}

}  // namespace

GRADE("test", "") {
  expect(
      is_right(right), "is_right, for our own head", "rejects_the_right_one",
      "Your test says no to a head that is right. The tokens before the changed one must stay as "
      "they are; the changed one itself may look at itself, and changes. Rounding may leave "
      "1e-15.");
  expect(!is_right(seeing(all)), "is_right, for a head without a mask", "accepts_the_future",
         "Your test says yes to a head that sees all of the future. Change a token: the rows of y "
         "before it must stay as they were.");
  expect(!is_right(seeing([](Index i, Index j) { return j <= i + 1; })),
         "is_right, for a head that sees one token too far", "accepts_one_ahead",
         "Your test says yes to a head that sees the next token, which is the one to be predicted. "
         "Look at the row just before the changed token.");
  expect(
      !is_right([](const M& q, const M& k, const M& v) { return weighted(q, k, v, all, past); }),
      "is_right, for a head that sets hidden weights to 0 after softmax", "changes_the_values_only",
      "No value of the future comes in here, but its keys do, through the sum that softmax divides "
      "by. Change keys as well as values.");
  expect(!is_right([](const M& q, const M& k, const M& v) {
    return right(q, k, v.rowwise() - v.colwise().mean().eval());
  }),
         "is_right, for a head whose values are centred over the whole text first",
         "changes_the_keys_only",
         "The weights are right here, but each value has lost the mean of all of them, later ones "
         "included. Change values as well as keys.");
  expect(
      !is_right([](const M& q, const M&, const M&) { return M(M::Zero(q.rows(), q.cols())); }),
      "is_right, for a head that looks at nothing", "accepts_blindness",
      "A head that looks at nothing leaks nothing, and is useless. The changed token and all later "
      "ones must notice the change.");
  expect(
      !is_right(seeing([](Index i, Index j) { return j < i; })),
      "is_right, for a head that looks at what came before, but not at itself",
      "accepts_blindness_to_itself",
      "Your test does not see that a token cannot look at itself: its own row must change, too.");
  expect(!is_right(seeing([](Index i, Index j) { return j <= i && j + 2 > i; })),
         "is_right, for a head that sees itself and one token before it only",
         "accepts_a_short_memory",
         "Your test changes a late token only. When the first one changes, all rows must.");
  expect(!is_right([](const M& q, const M&, const M&) {
    return M(M::Constant(q.rows(), q.cols(), std::numeric_limits<double>::quiet_NaN()));
  }),
         "is_right, for a head that gives NaN", "accepts_nan",
         "Every comparison with NaN is false, `change > 1e-9` too. Ask for what is good: "
         "`!(change <= 1e-9)`.");
}
