// A backward pass of layer norm that is on trial.
#pragma once

#include <functional>

#include "limpid/nn/layer_norm.hpp"

namespace limpid::lesson {

using Norm = LayerNorm<double>;

// Adds to norm.gain_grad and norm.bias_grad, returns dx: so at least it should.
using Backward =
    std::function<Matrix<double>(Norm& norm, const Matrix<double>& dy, const Norm::Cache& cache)>;

// Yours: does this backward pass handle the gradients of gain and bias right?
bool is_right(const Backward& backward);

}  // namespace limpid::lesson
