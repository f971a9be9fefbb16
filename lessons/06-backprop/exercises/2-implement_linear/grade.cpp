#include "support/grade.hpp"

#include "limpid/nn/linear.hpp"

#include "support/todo.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

M square(double a, double b, double c, double d) {
  M m(2, 2);
  m << a, b, c, d;
  return m;
}

// The numbers of the lesson: two rows, two inputs, two outputs.
const M kX = square(1, 2, 3, -1);
const M kW = square(2, 1, 0, -1);
const M kDy = square(1, 0, -1, 2);
const M kTens = M::Constant(2, 2, 10);

struct Run {
  Rng rng{1};
  Linear<double> layer;
  Linear<double>::Cache cache;
  M dx;

  explicit Run(bool bias) : layer(2, 2, bias, rng) {
    layer.weight = kW;
    layer.forward(kX, &cache);
    layer.weight_grad.setConstant(10);  // what others have added before
    layer.bias_grad.setConstant(10);
  }

  // What is still missing does not matter when `grad`, the gradient in question, is there.
  template <class Gradient>
  void backward(const Gradient& grad) {
    const Gradient before = grad;
    try {
      dx = layer.backward(kDy, cache);
    } catch (const Todo&) {
      if (grad == before) throw;
    }
  }
};

}  // namespace

GRADE("weight", "") {
  asking("backward of a layer without a bias, with two rows, two inputs and two outputs");
  Run run(false);
  run.backward(run.layer.weight_grad);
  const M share = square(-2, 3, 6, -2);  // dy^T x
  expect_equal(
      "weight_grad for x = (1, 2; 3, -1) and dy = (1, 0; -1, 2), when it held 10 before",
      kTens + share, run.layer.weight_grad,
      {{"overwritten",
        "The rows are added up, but what was there before is gone. Gradients are added to: `+=` "
        "from the first row on.",
        share},
       {"last_row_only",
        "This is the share of the last row alone: `=` in a loop keeps what came last. Every row "
        "used the weight, so every row adds its share: `+=`.",
        square(-3, 1, 6, -2)},
       {"transposed",
        "The numbers are right and stand mirrored. weight is stored [out, in], and its gradient "
        "has the same shape: row o belongs to output o. That is dy^T x.",
        kTens + share.transpose()},
       {"nothing_transposed",
        "This is dy x, without a transpose: it pairs output with row. Rows pair with rows: "
        "sum over n of dy[n, o] x[n, i].",
        kTens + square(1, 2, 5, -4)},
       {"mean_of_rows",
        "You divided by the number of rows. A mean over the batch, if there is one, stands in the "
        "loss, and has come down with dy already.",
        kTens + share / 2}},
      "weight_grad[o, i] += dy[n, o] * x[n, i], for every row n.");
}

GRADE("bias", "") {
  asking("backward of a layer with a bias, with two rows, two inputs and two outputs");
  Run run(true);
  run.backward(run.layer.bias_grad);
  expect_equal(
      "bias_grad for dy = (1, 0; -1, 2), when it held 10 before", row({10, 12}),
      run.layer.bias_grad,
      {{"bias_overwritten", "What was there before is gone: `+=` from the first row on.",
        row({0, 2})},
       {"bias_last_row_only",
        "This is the last row of dy: `=` in a loop keeps what came last. One bias serves every "
        "row, so every row adds to its gradient.",
        row({-1, 2})},
       {"summed_across",
        "You added up each row. The bias has a number for each output, used in all rows: add up "
        "each column.",
        row({11, 11})},
       {"bias_mean_of_rows",
        "This is the mean over the rows. The bias is copied to every row, and the gradient of a "
        "copy is the sum.",
        row({10, 11})}},
      "bias_grad[o] += dy[n, o], for every row n.");
}

GRADE("x", "*") {
  asking("backward of a layer with a bias, with two rows, two inputs and two outputs");
  Run run(true);
  run.backward(run.dx);
  expect_equal(
      "dx for W = (2, 1; 0, -1) and dy = (1, 0; -1, 2)", square(2, 1, -2, -3), run.dx,
      {{"weight_transposed",
        "This is dy W^T. Forward has used W^T already; backward goes through W itself: "
        "dx[n, i] = sum over o of dy[n, o] W[o, i].",
        square(2, 0, 0, -2)},
       {"last_output_only",
        "This is the share of the last output alone. x[n, i] reaches every output, so its gradient "
        "adds over all of them: `+=`.",
        square(0, 0, 0, -2)},
       {"weights_forgotten",
        "You handed dy on as it came. On its way from x to y a number is multiplied by a weight, "
        "and so is its gradient on the way back.",
        kDy}},
      "dx[n, i] = sum over o of dy[n, o] * weight[o, i].");
}
