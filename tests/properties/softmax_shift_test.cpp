// Softmax looks at differences of scores: a number added to a whole row changes nothing, and what it gives
// are shares of 1. The scores here are multiples of 1/1024 and shifts are whole: their sums are exact,
// so "nothing" is meant to the bit.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "limpid/nn/cross_entropy.hpp"
#include "limpid/nn/softmax.hpp"

#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr double kHidden = -std::numeric_limits<double>::infinity();

// -16 to 16 in steps of 1/1024.
Matrix<double> pick_scores(Rng& rng) {
  Matrix<double> x(pick("rows", 1, 20), pick("cols", 1, 70));
  for (double& score : x.reshaped()) score = (static_cast<double>(rng.below(32769)) - 16384) / 1024;
  return x;
}

double pick_scale() {
  return static_cast<double>(pick("scale in eighths", 1, 40)) / 8;
}

Matrix<double> weights(Matrix<double> x, double scale) {
  softmax<double>(x, scale);
  return x;
}

}  // namespace

TEST_CASE("property: a shifted row has the same weights, to the bit") {
  for_all([] {
    Rng rng = pick_rng();
    const Matrix<double> x = pick_scores(rng);
    const double scale = pick_scale();
    Matrix<double> shifted = x;
    for (Index i = 0; i < x.rows(); ++i) {
      shifted.row(i).array() += static_cast<double>(rng.below(20001)) - 10000;
    }
    RC_ASSERT(max_difference(weights(shifted, scale), weights(x, scale)) == 0);
  });
}

TEST_CASE("property: weights are shares of 1 in the order of the scores; hidden scores have none") {
  for_all([] {
    Rng rng = pick_rng();
    Matrix<double> x = pick_scores(rng);
    const double hidden_share = static_cast<double>(pick("hidden tenths", 0, 9)) / 10;
    for (double& score : x.reshaped()) score = rng.uniform() < hidden_share ? kHidden : score;
    const Matrix<double> p = weights(x, pick_scale());
    for (Index i = 0; i < x.rows(); ++i) {
      const bool nothing_seen = x.row(i).maxCoeff() == kHidden;
      RC_ASSERT(std::abs(p.row(i).sum() - (nothing_seen ? 0 : 1)) <= 1e-14);
      for (Index j = 0; j < x.cols(); ++j) {
        RC_ASSERT(p(i, j) >= 0);
        RC_ASSERT((p(i, j) > 0) == (x(i, j) > kHidden));
        if (j > 0) RC_ASSERT((x(i, j) > x(i, j - 1)) == (p(i, j) > p(i, j - 1)));
      }
    }
  });
}

TEST_CASE("property: so gradients sum to 0, and a shift of dp changes none") {
  for_all([] {
    Rng rng = pick_rng();
    const double scale = pick_scale();
    const Matrix<double> p = weights(pick_scores(rng), scale);
    Matrix<double> dx = random_matrix(p.rows(), p.cols(), rng);
    Matrix<double> shifted = dx;
    shifted.array() += 3;
    softmax_backward<double>(p, dx, scale);
    softmax_backward<double>(p, shifted, scale);
    RC_ASSERT(dx.rowwise().sum().cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <= 1e-13);
    RC_ASSERT(max_difference(shifted, dx) <= 1e-13);
  });
}

TEST_CASE("property: cross-entropy does not feel a shift of the logits, nor does its gradient") {
  for_all([] {
    Rng rng = pick_rng();
    const Matrix<double> logits = pick_scores(rng);
    std::vector<std::int32_t> targets;
    for (Index i = 0; i < logits.rows(); ++i) {
      const auto target = rng.below(static_cast<std::uint64_t>(logits.cols()));
      targets.push_back(rng.below(5) == 0 ? kIgnore : static_cast<std::int32_t>(target));
    }
    Matrix<double> shifted = logits;
    for (Index i = 0; i < logits.rows(); ++i) {
      shifted.row(i).array() += static_cast<double>(rng.below(2001)) - 1000;
    }
    const auto here = cross_entropy<double>(logits, targets);
    const auto there = cross_entropy<double>(shifted, targets);
    RC_ASSERT(here.loss >= 0);
    // log(sum) and the target's logit are near 1000 before they are taken from each other.
    RC_ASSERT(std::abs(there.loss - here.loss) <= 1e-12);
    RC_ASSERT(max_difference(there.dlogits, here.dlogits) <= 1e-15);
    RC_ASSERT(here.dlogits.rowwise().sum().cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <= 1e-14);
  });
}
