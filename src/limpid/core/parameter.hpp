/// A trainable tensor as optimizers, checkpoints and tests see it: a name, the true shape, and
/// where its numbers and their gradients live. The module owns the memory, so a Parameter is good
/// only until the module moves.
///
/// Gradients are added to, never overwritten: a tensor that is used twice receives two
/// contributions (the chain rule adds over paths), and several small batches can act as one large
/// one.
///
/// SHAPES  value, grad: product of `shape` numbers, row-major; shape is the true one: [C], not [1, C]
/// USES    core/matrix
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/matrix.hpp"

namespace limpid {

template <class Real>
struct Parameter {
  std::string name;          ///< dotted path, "blocks.0.norm1.gain"
  std::vector<Index> shape;  ///< [out, in], [C], ...
  std::span<Real> value;
  std::span<Real> grad;
  bool decay;  ///< weight decay applies: true for matrices of products and embeddings, false for
               ///< biases and norms, which have no reason to be small
};

template <class Real>
using Parameters = std::vector<Parameter<Real>>;

/// A matrix as the parameter [rows, cols], with weight decay.
template <class Real>
Parameter<Real> matrix_parameter(std::string name, Matrix<Real>& value, Matrix<Real>& grad) {
  const auto size = static_cast<std::size_t>(value.size());
  return {std::move(name),
          {value.rows(), value.cols()},
          {value.data(), size},
          {grad.data(), size},
          true};
}

/// A row as the parameter [cols], without weight decay.
template <class Real>
Parameter<Real> vector_parameter(std::string name, RowVector<Real>& value, RowVector<Real>& grad) {
  const auto size = static_cast<std::size_t>(value.size());
  return {std::move(name), {value.cols()}, {value.data(), size}, {grad.data(), size}, false};
}

/// Appends a part's parameters under the part's name: "gain" becomes "norm1.gain".
template <class Real>
void append_parameters(Parameters<Real>& all, const std::string& prefix, Parameters<Real> part) {
  for (Parameter<Real>& parameter : part) {
    parameter.name = prefix + "." + parameter.name;
    all.push_back(std::move(parameter));
  }
}

template <class Real>
void zero_gradients(const Parameters<Real>& parameters) {
  for (const Parameter<Real>& parameter : parameters) {
    std::fill(parameter.grad.begin(), parameter.grad.end(), Real(0));
  }
}

}  // namespace limpid
