/// Muon: a step for weight matrices that moves in all directions alike.
///
/// The gradient of a matrix is usually dominated by a few directions (its large singular values), and so is
/// a step along it. Muon keeps a running mean of the gradient and replaces it by the nearest matrix whose
/// singular values are all 1: rare directions, such as the ones that learn to copy a seldom name, get as
/// long a step as the common ones.
///
///   m = momentum m + g                 u = g + momentum m                     (Nesterov)
///   u = U S V^T  ->  U V^T             by five Newton-Schulz steps, products only:
///       X = u / |u|;  X = a X + (b A + c A A) X  with A = X X^T
///   w = w - learning_rate (0.2 sqrt(max(rows, cols)) U V^T + weight_decay w)
///
/// Each Newton-Schulz step applies the polynomial a s + b s^3 + c s^5 to every singular value s at once;
/// a, b, c are chosen so that whatever lies in (0, 1] ends between about 0.7 and 1.2. The factor
/// 0.2 sqrt(max) gives the step the size that AdamW's have, so that one learning rate serves both.
///
/// Only matrices that multiply are trained so; embeddings, norms and biases stay with AdamW.
///
/// SOURCE  Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; the factor:
///         Liu et al. 2025, arXiv:2502.16982, section 2.2
/// SHAPES  m as the parameter, [rows, cols]
/// SAVES   m from step to step: a checkpoint without it starts a different run
/// USES    core
/// ERRORS  std::invalid_argument when a parameter is not a matrix or not the one m was made for
/// COST    4 r^2 c + 34 r^3 operations per matrix and step, r the smaller side, c the larger
#pragma once

#include <span>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

struct MuonOptions {
  double momentum = 0.95;
  double weight_decay = 0.1;
};

/// U V^T of a matrix, approximately: singular values between about 0.7 and 1.2.
template <class Real>
LIMPID_API Matrix<Real> orthogonalized(const Matrix<Real>& m);

template <class Real>
class LIMPID_API Muon {
 public:
  struct Momentum {
    std::string name;
    std::span<Real> values;
  };

  Muon() = default;
  explicit Muon(const Parameters<Real>& matrices, const MuonOptions& muon_options = {});

  /// One step along the gradients that the matrices hold now.
  void step(const Parameters<Real>& matrices, double learning_rate);

  /// What a checkpoint saves; write into it to restore.
  std::vector<Momentum> momenta();

  MuonOptions options;

 private:
  std::vector<std::string> names_;
  std::vector<Matrix<Real>> momenta_;
};

}  // namespace limpid
