/// The finite-difference gradient checker that every hand-written backward pass answers to.
///
/// A derivative is a slope, so move one number a little both ways and see how far the loss moves:
///
///   numeric = (loss(v + h) - loss(v - h)) / 2h        error of order h^2
///
/// The analytic and the numeric gradient are compared on the tensor's own scale:
///
///   error = max|analytic - numeric| / (max|analytic| + max|numeric|)
///
/// In double with h = 1e-5 a right gradient has an error around 1e-10, a wrong one around 1. To
/// check a matrix-valued function, draw a random dy and take loss = sum(dy * y): then dLoss/dy =
/// dy.
///
/// SOURCE  Goodfellow, Bengio, Courville 2016, "Deep Learning", section 11.5
/// USES    core
/// REQUIRES the loss is smooth where it is probed (keep ReLU's inputs away from 0)
/// COST    two losses for every number checked
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

/// A tensor to check: where its numbers live, and the gradient that backward claims.
struct CheckedTensor {
  std::string name;
  std::span<double> value;
  std::span<const double> gradient;
};

struct GradientError {
  std::string name;
  std::size_t size;  ///< numbers compared
  double largest;    ///< max|numeric|: a row of zeros proves nothing
  double error;      ///< as above; NaN when either side is
};

/// REQUIRES loss() reads the tensors in place and has no other side effect.
LIMPID_API std::vector<GradientError> check_gradients(const std::vector<CheckedTensor>& tensors,
                                                      const std::function<double()>& loss,
                                                      double step = 1e-5);

/// An input and the gradient that backward returned for it.
LIMPID_API CheckedTensor checked(std::string name, Matrix<double>& value,
                                 const Matrix<double>& gradient);
/// All parameters of a module, with the gradients they hold now.
LIMPID_API std::vector<CheckedTensor> checked(const Parameters<double>& parameters);

/// sum(dy * y), the loss whose gradient at y is dy.
LIMPID_API double weighted_sum(const Matrix<double>& y, const Matrix<double>& dy);

}  // namespace limpid
