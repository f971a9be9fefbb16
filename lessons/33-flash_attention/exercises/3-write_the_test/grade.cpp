#include "support/grade.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"

#include "trial.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

const AttentionMask kOpen{.causal = false};

M right(const M& q, const M& k, const M& v) {
  M y(q.rows(), q.cols());
  flash_attention<double>(y, q, k, v, kOpen, nullptr);
  return y;
}

M plain_attention(const M& q, const M& k, const M& v) {
  M y(q.rows(), q.cols());
  scaled_dot_product_attention<double>(y, q, k, v, kOpen, nullptr);
  return y;
}

// The same sums from the last key to the first: right, to rounding.
M backwards(const M& q, const M& k, const M& v) {
  M y(q.rows(), q.cols());
  const M last_k = k.colwise().reverse(), last_v = v.colwise().reverse();
  scaled_dot_product_attention<double>(y, q, last_k, last_v, kOpen, nullptr);
  return y;
}

// Tiles of 128 keys; what a larger score does to the sums is a choice.
Head mending(bool sums, bool mixtures) {
  return [=](const M& q, const M& k, const M& v) {
    M y = M::Zero(q.rows(), q.cols());
    for (Index i = 0; i < q.rows(); ++i) {
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (Index from = 0; from < k.rows(); from += 128) {
        const Index width = std::min<Index>(128, k.rows() - from);
        const M scores = q.row(i) * k.middleRows(from, width).transpose() /
                         std::sqrt(static_cast<double>(q.cols()));
        const double now = std::max(largest, scores.maxCoeff());
        const double correction = std::exp(largest - now);
        largest = now;
        if (sums) sum *= correction;
        if (mixtures) y.row(i) *= correction;
        const M e = (scores.array() - largest).exp().matrix();
        sum += e.sum();
        y.row(i) += e * v.middleRows(from, width);
      }
      y.row(i) /= sum;
    }
    return y;
  };
}

// Plain attention on the first so many keys.
M on_the_first(Index keys, const M& q, const M& k, const M& v) {
  const Index count = std::min(keys, k.rows());
  return right(q, k.topRows(count), v.topRows(count));
}

}  // namespace

GRADE("test", "") {
  expect(
      is_right(plain_attention), "is_right, for plain attention itself", "rejects_plain_attention",
      "Your test says no to plain attention, whose every bit is that of plain(). Is the answer the "
      "wrong way round, or is the head given other numbers than plain()?");
  expect(is_right(right) && is_right(backwards) && is_right(mending(true, true)),
         "is_right, for heads that are right", "rejects_the_right_one",
         "Your test says no to a head that is right. It sums in another order than plain attention "
         "and rounds in another way: allow for an error of 1e-12 or so.");
  expect(!is_right([](const M& q, const M&, const M& v) {
    return M(v.colwise().mean().replicate(q.rows(), 1));
  }),
         "is_right, for a head that gives all keys the same weight", "accepts_any_weights",
         "Your test does not see the weights. Are all values alike, or all scores? Or is the error "
         "that "
         "you allow too large?");
  expect(
      !is_right([](const M& q, const M& k, const M& v) { return on_the_first(128, q, k, v); }),
      "is_right, for a head that never looks beyond the first 128 keys", "accepts_one_tile",
      "Your test has one tile of keys, or less. There nothing is carried along, and nothing can be "
      "forgotten.");
  expect(!is_right([](const M& q, const M& k, const M& v) {
    return on_the_first(std::max<Index>(128, k.rows() / 128 * 128), q, k, v);
  }),
         "is_right, for a head that leaves out the last tile when it is not full",
         "accepts_a_lost_tail",
         "Your number of keys is a multiple of 128, and hides a mistake at the end of all other "
         "texts.");
  expect(!is_right(mending(false, false)), "is_right, for a head that mends nothing",
         "accepts_unmended_sums",
         "Your test says yes to the mistake, though it has several tiles. Is the largest score of "
         "every row in the first one? Then there is nothing to mend.");
  expect(!is_right(mending(true, false)), "is_right, for a head that mends the sum alone",
         "accepts_half_mended",
         "Your test sees whether the sums are mended, but not the mixtures.");
  expect(!is_right(mending(false, true)), "is_right, for a head that mends the mixture alone",
         "accepts_half_mended",
         "Your test sees whether the mixtures are mended, but not the sums.");
  expect(
      !is_right([](const M& q, const M& k, const M& v) {
        return M((right(q, k, v).array() - 1).matrix());
      }),
      "is_right, for a head whose numbers are all too small by 1", "accepts_too_small",
      "Your test sees what is too large only. Take the size of each difference, without its sign.");
  expect(!is_right([](const M& q, const M& k, const M& v) {
    M y = right(q, k, v);
    y(0, 0) += 1;
    if (y.size() > 1) y(y.rows() - 1, y.cols() - 1) -= 1;
    return y;
  }),
         "is_right, for a head that gives one number too large by 1, and another too small",
         "accepts_errors_that_cancel",
         "You add differences before you take their size, and they cancel. Take the size of each.");
  expect(!is_right([](const M& q, const M&, const M&) {
    return M(M::Constant(q.rows(), q.cols(), std::numeric_limits<double>::quiet_NaN()));
  }),
         "is_right, for a head that gives NaN", "accepts_nan",
         "Every comparison with NaN is false, `error > 1e-9` too. Ask for what is good: "
         "`error <= 1e-9`.");
}
