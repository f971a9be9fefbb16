// %% [markdown]
// # Layer norm
//
// The notebook of the lesson [layer norm](../lessons/11-layer_norm/README.md). It runs the code in
// [layer_norm.cpp](../src/limpid/nn/layer_norm.cpp) and its neighbour
// [rms_norm.cpp](../src/limpid/nn/rms_norm.cpp); change a number and run it again with
// `./dev notebook layer_norm`.

// %%
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/linear.hpp"
#include "limpid/nn/rms_norm.hpp"

#include "support/notebook.hpp"
#include "support/plot.hpp"

using namespace limpid;

Matrix<double> normal_matrix(Index rows, Index cols, Rng& rng, double deviation = 1) {
  Matrix<double> m(rows, cols);
  for (double& number : m.reshaped()) number = deviation * rng.normal();
  return m;
}

double largest(const Matrix<double>& m) {
  return m.cwiseAbs().maxCoeff();
}

// %% [markdown]
// ## By hand
//
// One token with four channels, (1, 2, 3, 6). The mean is 3, so the deviations are (-2, -1, 0, 3);
// their squares add up to 14, and 14 / 4 = 3.5 is the variance. Dividing by its root, 1.871, gives
// `x_hat`. A new layer has gain 1 and bias 0, so `x_hat` is also the output.

// %% by_hand
NB_CELL {
  const LayerNorm<double> layer(4, 0.0);  // eps = 0, to compare with paper
  Matrix<double> x(1, 4);
  x << 1, 2, 3, 6;
  const double mean = x.mean();
  const Matrix<double> deviation = (x.array() - mean).matrix();
  const double variance = deviation.array().square().mean();
  std::printf("mean %.1f   variance %.1f   root %.3f\n", mean, variance, std::sqrt(variance));
  nb::print("x", x);
  nb::print("deviation", deviation);
  nb::print("x_hat", layer.forward(x, nullptr));
  NB_CHECK(largest(layer.forward(x, nullptr) - deviation / std::sqrt(variance)) <= 1e-15);
};

// %% [markdown]
// ## What it forgets
//
// Token B is token A doubled and moved up by 3. After the layer the two are the same numbers: the
// size and the level of a token are gone, its shape is what is left.

// %% what_it_forgets
NB_CELL {
  const LayerNorm<double> layer(4, 0.0);
  Matrix<double> x(2, 4);
  x << 1, 2, 3, 6,  //
      5, 7, 9, 15;
  const Matrix<double> y = layer.forward(x, nullptr);
  nb::print("y of A", y.row(0));
  nb::print("y of B", y.row(1));
  NB_CHECK(largest(y.row(0) - y.row(1)) <= 1e-14);
  const auto row = [](const Matrix<double>& m, Index i) {
    return std::vector<double>(m.row(i).begin(), m.row(i).end());
  };
  nb::show_svg("shape_is_left",
               nb::bars({.title = "Two tokens, and what the norm makes of both", .x = "channel"},
                        {"0", "1", "2", "3"},
                        {{"token A", {}, row(x, 0)},
                         {"token B = 2 A + 3", {}, row(x, 1)},
                         {"either, normalised", {}, row(y, 0)}}));
};

// %% [markdown]
// ## Why it is there
//
// Forty layers, each a random matrix and a ReLU. If the matrices are a little too small the signal
// dies on its way up, if they are a little too large it explodes; with a norm behind every layer it
// can do neither, whatever the matrices are.

// %% depth
NB_CELL {
  const Index width = 128, depth = 40;
  const auto climb = [&](double scale, bool norm) {
    Rng rng(7);
    const LayerNorm<double> layer(width);
    Matrix<double> x = normal_matrix(64, width, rng);
    std::vector<double> sizes;
    for (Index d = 0; d <= depth; ++d) {
      sizes.push_back(std::sqrt(x.array().square().mean()));
      const double deviation = scale * std::sqrt(2.0 / static_cast<double>(width));
      x = matmul<double>(x, normal_matrix(width, width, rng, deviation)).cwiseMax(0.0);
      if (norm) x = layer.forward(x, nullptr);
    }
    return sizes;
  };
  const std::vector<double> small = climb(0.7, false), large = climb(1.4, false);
  const std::vector<double> normed = climb(1.4, true);
  std::printf("size after %d layers   0.7: 10^%.0f   1.4: 10^%.0f   1.4 with norm: %.2f\n",
              static_cast<int>(depth), std::log10(small.back()), std::log10(large.back()),
              normed.back());
  nb::show_svg("depth", nb::lines({.title = "How large a token is, layer by layer",
                                   .x = "layer",
                                   .y = "root of mean square",
                                   .log_y = true},
                                  {{"matrices times 1.4", {}, large},
                                   {"times 1.4, normed", {}, normed},
                                   {"times 0.7", {}, small}}));
};

// %% [markdown]
// ## The slope of every output in every input
//
// Moving one channel moves the mean and the variance, and so every output. The table holds
// `d x_hat[j] / d x[i]` for the token (1, 2, 3, 6), once by finite differences, once from
// `backward`, row by row: a `dy` that is 1 at j and 0 elsewhere asks for row j.

// %% jacobian
Matrix<double> slopes_by_backward(const Matrix<double>& x) {
  LayerNorm<double> layer(x.cols(), 0.0);
  LayerNorm<double>::Cache cache;
  layer.forward(x, &cache);
  Matrix<double> slopes(x.cols(), x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    Matrix<double> dy = Matrix<double>::Zero(1, x.cols());
    dy(0, j) = 1;
    slopes.row(j) = layer.backward(dy, cache);
  }
  return slopes;
}

Matrix<double> slopes_by_differences(Matrix<double> x) {
  const LayerNorm<double> layer(x.cols(), 0.0);
  const double h = 1e-5;
  Matrix<double> slopes(x.cols(), x.cols());
  for (Index i = 0; i < x.cols(); ++i) {
    const double before = x(0, i);
    x(0, i) = before + h;
    const Matrix<double> above = layer.forward(x, nullptr);
    x(0, i) = before - h;
    slopes.col(i) = ((above - layer.forward(x, nullptr)) / (2 * h)).transpose();
    x(0, i) = before;
  }
  return slopes;
}

NB_CELL {
  Matrix<double> x(1, 4);
  x << 1, 2, 3, 6;
  const Matrix<double> slopes = slopes_by_backward(x);
  NB_CHECK(largest(slopes - slopes_by_differences(x)) <= 1e-9);
  nb::print("slopes", slopes);
  const Matrix<double> x_hat = LayerNorm<double>(4, 0.0).forward(x, nullptr);
  // The two directions that the layer forgets: the same step for all, and longer.
  nb::print("along ones", (slopes * Matrix<double>::Ones(4, 1)).transpose());
  nb::print("along x_hat", (slopes * x_hat.transpose()).transpose());
  nb::show_svg(
      "jacobian",
      nb::heat_map(
          {.title = "d x_hat[j] / d x[i], token (1, 2, 3, 6)", .x = "input i", .y = "output j"},
          slopes, {.rows = {"0", "1", "2", "3"}, .columns = {"0", "1", "2", "3"}, .digits = 2}));
};

// %% [markdown]
// ## Three paths from x to x_hat
//
// For `dy` = (1, 0, 0, 0): what arrives at each channel directly, what the mean takes away, what the
// variance takes away.

// %% three_paths
NB_CELL {
  Matrix<double> x(1, 4);
  x << 1, 2, 3, 6;
  LayerNorm<double> layer(4, 0.0);
  LayerNorm<double>::Cache cache;
  layer.forward(x, &cache);
  Matrix<double> dy(1, 4);
  dy << 1, 0, 0, 0;
  const double rstd = cache.rstd[0];
  const Matrix<double> direct = rstd * dy;
  const Matrix<double> mean = Matrix<double>::Constant(1, 4, -rstd * dy.mean());
  const Matrix<double> variance = -rstd * cache.x_hat * (dy.array() * cache.x_hat.array()).mean();
  const Matrix<double> dx = layer.backward(dy, cache);
  nb::print("direct", direct);
  nb::print("mean", mean);
  nb::print("variance", variance);
  nb::print("dx", dx);
  NB_CHECK(largest(direct + mean + variance - dx) <= 1e-15);
};

// %% [markdown]
// ## RMS norm: without the centring
//
// RMS norm divides by the root of the mean square and leaves the mean where it is. On a token whose
// mean is 0 the two norms agree.

// %% rms_norm
NB_CELL {
  const LayerNorm<double> layer_norm(4, 0.0);
  const RmsNorm<double> rms_norm(4, 0.0);
  Matrix<double> x(2, 4);
  x << 1, 2, 3, 6,  //
      -2, -1, 0, 3;
  const Matrix<double> a = layer_norm.forward(x, nullptr), b = rms_norm.forward(x, nullptr);
  nb::print("layer norm", a);
  nb::print("rms norm", b);
  NB_CHECK(largest(a.row(1) - b.row(1)) <= 1e-15);
  NB_CHECK(largest(a.row(0) - b.row(0)) >= 0.1);
};

// %% [markdown]
// ## Break it: backward
//
// A small network learns, with plain gradient descent, first with the right backward pass of the
// norm and then with broken ones. Look for the curve of "right": it lies under "no mean". What that
// mistake adds to dx is the same for all channels, so it moves all outputs of the layer below
// alike, and such a move is what the norm forgets. Were there a layer further down, it would get
// this part, mixed by the weights in between, as a wrong gradient.

// %% broken_backward
using Norm = LayerNorm<double>;
using Backward = std::function<Matrix<double>(Norm&, const Matrix<double>&, const Norm::Cache&)>;

// dx with some of the three paths; the gradients of gain and bias are right.
Backward some_paths(bool mean, bool variance) {
  return [=](Norm& norm, const Matrix<double>& dy, const Norm::Cache& cache) {
    norm.backward(dy, cache);
    Matrix<double> dx = (dy.array().rowwise() * norm.gain.array()).matrix();
    for (Index i = 0; i < dx.rows(); ++i) {
      const double along_one = dx.row(i).mean();
      const double along_x_hat = (dx.row(i).array() * cache.x_hat.row(i).array()).mean();
      if (mean) dx.row(i).array() -= along_one;
      if (variance) dx.row(i) -= cache.x_hat.row(i) * along_x_hat;
      dx.row(i) *= cache.rstd[i];
    }
    return dx;
  };
}

// The error that the gradient checker finds in dx.
double checked_error(const Backward& backward) {
  Rng rng(3);
  Norm norm(17);
  Matrix<double> x = normal_matrix(5, 17, rng);
  const Matrix<double> dy = normal_matrix(5, 17, rng);
  Norm::Cache cache;
  norm.forward(x, &cache);
  const Matrix<double> dx = backward(norm, dy, cache);
  return check_gradients({checked("x", x, dx)},
                         [&] { return weighted_sum(norm.forward(x, nullptr), dy); })[0]
      .error;
}

// The loss of a network in -> linear -> norm -> tanh -> linear -> out, step by step.
std::vector<double> train(const Backward& backward) {
  Rng rng(11);
  const Index in = 6, width = 12, rows = 256;
  Linear<double> first(in, width, true, rng), second(width, 1, true, rng);
  Norm norm(width);
  Matrix<double> x = normal_matrix(rows, in, rng);
  // To learn: whether two channels agree in sign, a thing that no linear layer can.
  const Matrix<double> target = (x.col(0).array() * x.col(1).array()).sign().matrix();
  Parameters<double> parameters;
  append_parameters(parameters, "first", first.parameters());
  append_parameters(parameters, "norm", norm.parameters());
  append_parameters(parameters, "second", second.parameters());

  std::vector<double> losses;
  for (int step = 0; step < 600; ++step) {
    Linear<double>::Cache first_cache, second_cache;
    Norm::Cache norm_cache;
    const Matrix<double> bent =
        norm.forward(first.forward(x, &first_cache), &norm_cache).array().tanh().matrix();
    const Matrix<double> error = second.forward(bent, &second_cache) - target;
    losses.push_back(error.array().square().mean());
    zero_gradients(parameters);
    const Matrix<double> dbent =
        second.backward(error * 2.0 / static_cast<double>(rows), second_cache);
    const Matrix<double> dnorm = (dbent.array() * (1 - bent.array().square())).matrix();
    first.backward(backward(norm, dnorm, norm_cache), first_cache);
    for (const Parameter<double>& p : parameters) {
      for (std::size_t i = 0; i < p.value.size(); ++i) p.value[i] -= 0.05 * p.grad[i];
    }
  }
  return losses;
}

NB_CELL {
  struct Case {
    const char* name;
    Backward backward;
  };
  const Backward right = [](Norm& norm, const Matrix<double>& dy, const Norm::Cache& cache) {
    return norm.backward(dy, cache);
  };
  std::vector<nb::Series> curves;
  std::printf("%-16s %10s %12s\n", "", "last loss", "error of dx");
  for (const Case& c : {Case{"right", right}, Case{"no mean", some_paths(false, true)},
                        Case{"no variance", some_paths(true, false)},
                        Case{"direct path only", some_paths(false, false)}}) {
    const std::vector<double> losses = train(c.backward);
    const double error = checked_error(c.backward);
    std::printf("%-16s %10.2f %12s\n", c.name, losses.back(),
                error <= 1e-7 ? "below 1e-7" : nb::detail::decimal(error, 2).c_str());
    curves.push_back({c.name, {}, losses});
  }
  nb::show_svg(
      "broken_backward",
      nb::lines({.title = "The same network, four backward passes", .x = "step", .y = "loss"},
                curves));
};

// %% [markdown]
// ## Break it: forward
//
// Dividing by C - 1 instead of C makes every output smaller by the factor sqrt((C - 1) / C). In a
// test with four channels that is plain to see; in GPT-2, with 768, it is in the fourth digit.

// %% unbiased
NB_CELL {
  std::printf("%9s %10s\n", "channels", "factor");
  for (const double c : {2.0, 4.0, 16.0, 768.0}) {
    std::printf("%9.0f %10.5f\n", c, std::sqrt((c - 1) / c));
  }
};

// %% [markdown]
// The variance can be computed as `mean(x^2) - mean(x)^2`, in one pass. In float that subtracts two
// large numbers that agree in nearly all their digits: the larger the mean beside the deviations,
// the fewer digits are left. Channels m + 0 and m + 1 have the variance 0.25, whatever m is.

// %% cancellation
NB_CELL {
  std::printf("%9s %22s %12s\n", "mean", "mean(x^2) - mean(x)^2", "centred");
  for (const float m : {1.F, 100.F, 10000.F, 1000000.F}) {
    // volatile: each number is rounded to float, on every machine.
    volatile float a = m, b = m + 1, aa = a * a, bb = b * b;
    volatile float sum = a + b, squares = aa + bb, mean = sum / 2, square = mean * mean;
    const float one_pass = squares / 2 - square;
    const float centred = ((a - mean) * (a - mean) + (b - mean) * (b - mean)) / 2;
    std::printf("%9.0f %22.2f %12.2f\n", static_cast<double>(m), static_cast<double>(one_pass),
                static_cast<double>(centred));
  }
};
