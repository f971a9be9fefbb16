#include "support/grade.hpp"

#include <limits>

#include "trial.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

Matrix<double> right(Norm& norm, const Matrix<double>& dy, const Norm::Cache& cache) {
  return norm.backward(dy, cache);
}

// A backward pass that forgets what these gradients held before it.
Backward forgets(bool gain, bool bias) {
  return [=](Norm& norm, const Matrix<double>& dy, const Norm::Cache& cache) {
    if (gain) norm.gain_grad.setZero();
    if (bias) norm.bias_grad.setZero();
    return norm.backward(dy, cache);
  };
}

// A backward pass that adds `factor` times what is right.
Backward adds(double factor) {
  return [=](Norm& norm, const Matrix<double>& dy, const Norm::Cache& cache) {
    const RowVector<double> gain = norm.gain_grad, bias = norm.bias_grad;
    const Matrix<double> dx = norm.backward(dy, cache);
    norm.gain_grad = gain + factor * (norm.gain_grad - gain);
    norm.bias_grad = bias + factor * (norm.bias_grad - bias);
    return dx;
  };
}

}  // namespace

GRADE("test", "") {
  expect(
      is_right(right), "is_right, for our own backward pass", "rejects_the_right_one",
      "Your test says no to a backward pass that is right. After two calls the gradients are twice "
      "those of one call; rounding may leave an error of 1e-15 or so.");
  expect(
      !is_right(forgets(true, true)), "is_right, for `gain_grad = ...` and `bias_grad = ...`",
      "accepts_overwriting",
      "Your test says yes to the mistake. The gradients begin at 0, so after one call nothing is "
      "wrong yet: call it twice.");
  expect(!is_right(forgets(true, false)), "is_right, for `gain_grad = ...` alone",
         "looks_at_the_bias_only", "Your test looks at bias_grad, but not at gain_grad.");
  expect(!is_right(forgets(false, true)), "is_right, for `bias_grad = ...` alone",
         "looks_at_the_gain_only", "Your test looks at gain_grad, but not at bias_grad.");
  expect(!is_right(adds(0)), "is_right, for a backward pass that adds nothing at all",
         "accepts_nothing_added",
         "Your test compares the second call with the first only, and twice nothing is nothing. "
         "Compare "
         "with what the gradients must be: the sums of dy * x_hat and of dy.");
  expect(!is_right(adds(std::numeric_limits<double>::quiet_NaN())),
         "is_right, for a backward pass whose gradients are NaN", "accepts_nan",
         "Every comparison with NaN is false, `error > 1e-9` too. Ask for what is good: "
         "`error <= 1e-9`.");
}
