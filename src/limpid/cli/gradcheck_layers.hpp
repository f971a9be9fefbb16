// Random layers and random upstream gradients for ./limpid gradcheck, and their comparison with numeric
// slopes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/context.hpp"

namespace limpid::cli {

using Numbers = Matrix<double>;
using Errors = std::vector<GradientError>;

inline constexpr Index kBatch = 2, kTime = 3, kRows = kBatch * kTime, kWidth = 8;
inline constexpr Context kContext{.batch = kBatch, .time = kTime};

inline Numbers random(Index rows, Index cols, Rng& rng) {
  Numbers m(rows, cols);
  for (double& number : m.reshaped()) number = rng.normal();
  return m;
}

// A fresh layer's gains of 1 and biases of 0 hide mistakes.
inline void randomize(const Parameters<double>& parameters, Rng& rng) {
  for (const Parameter<double>& parameter : parameters) {
    for (double& number : parameter.value) number = 0.5 * rng.normal();
  }
}

inline void append(Errors& all, const std::string& prefix, const Errors& more) {
  for (GradientError error : more) {
    error.name = prefix + error.name;
    all.push_back(std::move(error));
  }
}

// A layer without parameters: y = forward(x), dx = backward(dy).
template <class Forward, class Backward>
Errors check_function(Numbers x, Rng& rng, const Forward& forward, const Backward& backward) {
  const Numbers y = forward(x);
  const Numbers dy = random(y.rows(), y.cols(), rng);
  const Numbers dx = backward(dy);
  return check_gradients({checked("x", x, dx)}, [&] { return weighted_sum(forward(x), dy); });
}

// A layer: forward(x, cache), backward(dy, cache), parameters().
template <class Layer, class Forward, class Backward>
Errors check_layer(Layer& layer, Rng& rng, const Forward& forward, const Backward& backward) {
  randomize(layer.parameters(), rng);
  Numbers x = random(kRows, kWidth, rng);
  typename Layer::Cache cache;
  const Numbers y = forward(x, &cache);
  const Numbers dy = random(y.rows(), y.cols(), rng);
  zero_gradients(layer.parameters());
  const Numbers dx = backward(dy, cache);
  std::vector<CheckedTensor> tensors = checked(layer.parameters());
  tensors.insert(tensors.begin(), checked("x", x, dx));
  typename Layer::Cache* const none = nullptr;
  return check_gradients(tensors, [&] { return weighted_sum(forward(x, none), dy); });
}

template <class Layer>
Errors check_plain(Layer layer, Rng& rng) {
  return check_layer(
      layer, rng, [&](const Numbers& x, auto* cache) { return layer.forward(x, cache); },
      [&](const Numbers& dy, const auto& cache) { return layer.backward(dy, cache); });
}

template <class Layer>
Errors check_with_context(Layer layer, Rng& rng) {
  return check_layer(
      layer, rng, [&](const Numbers& x, auto* cache) { return layer.forward(x, kContext, cache); },
      [&](const Numbers& dy, const auto& cache) { return layer.backward(dy, kContext, cache); });
}

}  // namespace limpid::cli
