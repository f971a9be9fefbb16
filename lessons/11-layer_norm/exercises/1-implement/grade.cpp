#include "support/grade.hpp"

#include <cmath>

#include "limpid/nn/layer_norm.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

// x = (1, 2, 3, 6): deviations (-2, -1, 0, 3) from the mean 3, variance 3.5.
const M kX = row({1, 2, 3, 6});
const M kDeviation = row({-2, -1, 0, 3});
const double kRoot = std::sqrt(3.5);

M times(const M& a, const M& b) {
  return (a.array() * b.array()).matrix();
}

}  // namespace

GRADE("forward", "by hand:*,property:*,edges:*") {
  LayerNorm<double> layer(4, 0.0);
  const M x_hat = kDeviation / kRoot;
  expect_equal(
      "y for x = (1, 2, 3, 6), with gain 1, bias 0 and eps 0", x_hat, layer.forward(kX, nullptr),
      {{"unbiased_variance",
        "You divided the sum of squares by C - 1 = 3. That estimates the variance of a "
        "population from a sample; here the four channels are all there is: divide by C.",
        kDeviation / std::sqrt(14.0 / 3)},
       {"mean_of_the_column",
        "You took the mean of a column, one channel of all tokens: here that is the 1 alone. The "
        "mean of a token is that of its row.",
        row({0, 1, 2, 5}) / std::sqrt(7.5)},
       {"not_centred", "You scaled x without taking away its mean first.", kX / kRoot},
       {"rms_norm",
        "You took the mean square of x itself. That is RMS norm; here the mean goes first.",
        kX / std::sqrt(12.5)},
       {"only_centred", "The mean is gone, the variance is not yet 1.", kDeviation},
       {"no_root", "You divided by the variance. The deviation is its root: 1.871, not 3.5.",
        kDeviation / 3.5},
       {"sum_for_mean",
        "You divided by the root of the sum of squares; the variance is their mean.",
        kDeviation / std::sqrt(14.0)}},
      "The mean is 3, the variance 3.5; x_hat is (x - 3) / sqrt(3.5).");

  M two(2, 4);
  two << kX, 2 * kX;
  M both(2, 4);
  both << x_hat, x_hat;
  M by_column(2, 4);
  by_column << -1, -1, -1, -1, 1, 1, 1, 1;
  expect_equal(
      "y for two rows, (1, 2, 3, 6) and its double", both, layer.forward(two, nullptr),
      {{"over_the_batch",
        "You normalised each channel over the rows. That is batch norm; here each row, one "
        "token, is normalised for itself.",
        by_column}},
      "Each row is normalised with its own mean and its own variance.");

  const LayerNorm<double> wide_eps(2, 3.0);
  expect_equal(
      "y for x = (-1, 1), whose variance is 1, with eps 3", row({-0.5, 0.5}),
      wide_eps.forward(row({-1, 1}), nullptr),
      {{"eps_outside_the_root",
        "You added eps to the root. It stands inside: sqrt(variance + eps), here sqrt(1 + 3).",
        row({-0.25, 0.25})},
       {"no_eps", "You left eps out: a row of equal numbers would be divided by 0.",
        row({-1, 1})}});

  layer.gain << 1, 1, 2, 3;
  layer.bias << 0, 1, 5, 1;
  const M gain = layer.gain, bias = layer.bias;
  expect_equal(
      "y with gain (1, 1, 2, 3) and bias (0, 1, 5, 1)", times(x_hat, gain) + bias,
      layer.forward(kX, nullptr),
      {{"no_gain_no_bias", "This is x_hat. What is still to do: * gain + bias.", x_hat},
       {"no_bias", "The bias is not added.", times(x_hat, gain)},
       {"no_gain", "The gain is not used.", x_hat + bias},
       {"bias_before_gain", "You added the bias first and then multiplied both by the gain.",
        times(x_hat + bias, gain)}});

  asking("forward of x = (1, 2, 3, 6) with a cache");
  LayerNorm<double>::Cache cache;
  layer.forward(kX, &cache);
  expect_equal("cache.x_hat, which backward needs", x_hat, cache.x_hat,
               {{"x_hat_after_gain", "You kept x_hat after gain and bias; keep it before.",
                 times(x_hat, gain) + bias}});
  expect_equal(
      "cache.rstd, one number per row", row({1 / kRoot}), cache.rstd,
      {{"rstd_not_reciprocal", "rstd is 1 / sqrt(variance + eps), not the root.", row({kRoot})}});

  asking("forward of x = (10000, 10001) in float");
  const LayerNorm<float> single(2);
  Matrix<float> far(1, 2);
  far << 10000, 10001;
  const M gives = single.forward(far, nullptr).cast<double>();
  expect((gives - row({-1, 1})).cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <= 1e-3,
         "y for x = (10000, 10001) in float, which is (-1, 1)", "one_pass_variance",
         "In double all was right, so it is rounding: mean(x^2) - mean(x)^2 subtracts two large "
         "numbers "
         "that agree in nearly all their digits. Take the deviations first, then square.");
}

GRADE("backward", "gradient check:*,fixture:*,accumulation:*,misuse:*") {
  LayerNorm<double> layer(4, 0.0);
  LayerNorm<double>::Cache cache;
  M x(2, 4), dy(2, 4);
  x << kX, row({0, 2, 0, 2});  // the second row's x_hat is (-1, 1, -1, 1)
  dy << 1, 0, 0, 0, 0, 0, 2, 1;
  asking("backward of two rows");
  const M x_hat = layer.forward(x, &cache);

  layer.gain_grad.setConstant(10);  // what others have added before
  layer.bias_grad.setConstant(10);
  layer.backward(dy, cache);
  const M ten = M::Constant(1, 4, 10), shares = times(dy, x_hat);
  expect_equal(
      "gain_grad for two rows, when it held 10 before", ten + shares.row(0) + shares.row(1),
      layer.gain_grad,
      {{"overwritten",
        "Gradients are added to, never overwritten: `+=`. Every row gives its share, and "
        "others may have added before.",
        shares.row(1)},
       {"overwritten_but_summed",
        "The rows are added up, but what was there before is gone: `+=` from the first "
        "row on.",
        shares.row(0) + shares.row(1)},
       {"gain_grad_without_x_hat",
        "This is the sum of dy, which is right for the bias. The gain multiplies x_hat, so "
        "its slope is x_hat: sum dy * x_hat.",
        ten + dy.row(0) + dy.row(1)},
       {"one_row_only", "Only the last row gave its share.", ten + shares.row(1)}},
      "gain_grad[j] += dy[i, j] * x_hat[i, j], for every row i.");
  expect_equal("bias_grad for two rows, when it held 10 before", ten + dy.row(0) + dy.row(1),
               layer.bias_grad,
               {{"bias_overwritten", "Gradients are added to, never overwritten: `+=`.", dy.row(1)},
                {"bias_grad_with_x_hat", "The bias is added, so its slope is 1: the sum of dy.",
                 ten + shares.row(0) + shares.row(1)}},
               "bias_grad[j] += dy[i, j], for every row i.");

  const auto paths = [&](const M& dx_hat, bool mean, bool variance) {
    M dx = dx_hat;
    const M h = x_hat.row(0);
    if (mean) dx.array() -= dx_hat.mean();
    if (variance) dx -= h * times(dx_hat, h).mean();
    return M(dx / kRoot);
  };
  const M first = dy.row(0);
  expect_equal(
      "dx of the first row, x = (1, 2, 3, 6), for dy = (1, 0, 0, 0) and gain 1",
      paths(first, true, true), layer.backward(dy, cache).row(0),
      {{"direct_path_only",
        "You have the direct path alone. But the mean and the variance are made from x too: when "
        "x[0] moves, every x_hat moves.",
        paths(first, false, false)},
       {"no_mean_path",
        "The path through the mean is missing: moving all channels up by the same amount changes "
        "nothing, so dx must add up to 0. Take away mean(dx_hat).",
        paths(first, false, true)},
       {"no_variance_path",
        "The path through the variance is missing: making the deviations longer changes nothing, "
        "so "
        "dx must have no component along x_hat. Take away x_hat * mean(dx_hat * x_hat).",
        paths(first, true, false)},
       {"no_rstd", "Everything is there but the factor rstd, the slope of x_hat in x.",
        paths(first, true, true) * kRoot},
       {"sums_for_means", "You took sums where the formula has means: divide both by C.",
        M((first.array() - first.sum()).matrix() -
          x_hat.row(0) * times(first, x_hat.row(0)).sum()) /
            kRoot}},
      "dx = rstd * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)), with dx_hat = dy * "
      "gain.");

  layer.gain << 1, 1, 2, 3;
  const M full = row({1, 2, -1, 1});
  dy.row(0) = full;
  const M dx_hat = times(full, layer.gain);
  expect_equal(
      "dx of the first row for dy = (1, 2, -1, 1) and gain (1, 1, 2, 3)", paths(dx_hat, true, true),
      layer.backward(dy, cache).row(0),
      {{"no_gain", "The gain is missing: what reaches x_hat is dx_hat = dy * gain.",
        paths(full, true, true)},
       {"gain_last",
        "You multiplied by the gain at the end. It comes first, dx_hat = dy * gain: the means "
        "are those of dx_hat.",
        times(paths(full, true, true), layer.gain)},
       {"gain_in_direct_path_only",
        "The gain is in the direct path, but not in the two means: all three are made from "
        "dx_hat = dy * gain.",
        M(paths(full, true, true) + (dx_hat - full) / kRoot)}},
      "dx_hat = dy * gain comes first; then the three paths, all from dx_hat.");
}
