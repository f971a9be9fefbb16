#include "limpid/backprop/grad_check.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

double slope(double& number, const std::function<double()>& loss, double step) {
  const double kept = number;
  number = kept + step;
  const double above = number;  // kept + step as rounded: divide by the step that was really made
  const double loss_above = loss();
  number = kept - step;
  const double below = number;
  const double loss_below = loss();
  number = kept;
  return (loss_above - loss_below) / (above - below);
}

// std::max drops a NaN on its right; this keeps it on either side.
double max_or_nan(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}

}  // namespace

std::vector<GradientError> check_gradients(const std::vector<CheckedTensor>& tensors,
                                           const std::function<double()>& loss, double step) {
  std::vector<GradientError> errors;
  for (const CheckedTensor& tensor : tensors) {
    require(tensor.value.size() == tensor.gradient.size(), "grad_check",
            "a gradient must have as many numbers as its tensor");
    double difference = 0, largest_analytic = 0, largest_numeric = 0;
    for (std::size_t i = 0; i < tensor.value.size(); ++i) {
      const double numeric = slope(tensor.value[i], loss, step);
      const double analytic = tensor.gradient[i];
      difference = max_or_nan(difference, std::abs(analytic - numeric));
      largest_analytic = max_or_nan(largest_analytic, std::abs(analytic));
      largest_numeric = max_or_nan(largest_numeric, std::abs(numeric));
    }
    const double scale = largest_analytic + largest_numeric;
    const double error = scale == 0 ? 0 : difference / scale;
    errors.push_back({tensor.name, tensor.value.size(), largest_numeric, error});
  }
  return errors;
}

CheckedTensor checked(std::string name, Matrix<double>& value, const Matrix<double>& gradient) {
  return {std::move(name),
          {value.data(), static_cast<std::size_t>(value.size())},
          {gradient.data(), static_cast<std::size_t>(gradient.size())}};
}

std::vector<CheckedTensor> checked(const Parameters<double>& parameters) {
  std::vector<CheckedTensor> tensors;
  for (const Parameter<double>& parameter : parameters) {
    tensors.push_back({parameter.name, parameter.value, parameter.grad});
  }
  return tensors;
}

double weighted_sum(const Matrix<double>& y, const Matrix<double>& dy) {
  check_shape("grad_check", "y", y, dy.rows(), dy.cols());
  return (y.array() * dy.array()).sum();
}

}  // namespace limpid
