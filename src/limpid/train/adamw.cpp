#include "limpid/train/adamw.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

// This file is compiled without fused contraction, so that a number's bits do not depend on whether
// it stood in the vectorised body of the loop or in its remainder; and without errno, which lets
// the compiler vectorise the square root. Both keep to IEEE arithmetic.

namespace limpid {
namespace {

void check_range(const char* key, double value, double least, double below) {
  if (!(value >= least && value < below)) {
    fail("adamw",
         fmt::format("{} is {}, expected at least {} and below {}", key, value, least, below));
  }
}

template <class Real>
Real without_denormals(Real x) {
  return std::abs(x) < std::numeric_limits<Real>::min() ? Real(0) : x;
}

}  // namespace

void AdamWOptions::validate() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  check_range("beta1", beta1, 0, 1);
  check_range("beta2", beta2, 0, 1);
  check_range("epsilon", epsilon, 1e-16, kInfinity);
  check_range("weight_decay", weight_decay, 0, kInfinity);
}

template <class Real>
AdamW<Real>::AdamW(const Parameters<Real>& parameters, const AdamWOptions& chosen)
    : options(chosen), pieces_(flat_pieces(parameters)) {
  options.validate();
  for (const Parameter<Real>& parameter : parameters) {
    const RowVector zero = RowVector::Zero(static_cast<Index>(parameter.value.size()));
    entries_.push_back({parameter.name, zero, zero});
  }
}

template <class Real>
void AdamW<Real>::step(const Parameters<Real>& parameters, double learning_rate) {
  check_same(parameters);
  check_range("learning_rate", learning_rate, 0, std::numeric_limits<double>::infinity());
  ++steps_;

  // The bias corrections are the same for every weight:
  //   rate m_hat / (sqrt(v_hat) + eps) = (rate / correction1) m / (sqrt(v) / sqrt(correction2) +
  //   eps)
  const auto t = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(options.beta1, t);
  const double correction2 = 1 - std::pow(options.beta2, t);
  const auto rate = static_cast<Real>(learning_rate / correction1);
  const auto root_scale = static_cast<Real>(1 / std::sqrt(correction2));
  const auto eps = static_cast<Real>(options.epsilon);
  const auto beta1 = static_cast<Real>(options.beta1), beta2 = static_cast<Real>(options.beta2);
  const auto new1 = static_cast<Real>(1 - options.beta1);
  const auto new2 = static_cast<Real>(1 - options.beta2);

  parallel_for(static_cast<Index>(pieces_.size()), 1, [&](Index index, Index) {
    const FlatPiece piece = pieces_[static_cast<std::size_t>(index)];
    const Parameter<Real>& parameter = parameters[piece.parameter];
    const double decay = parameter.decay ? options.weight_decay : 0;
    const auto shrink = static_cast<Real>(learning_rate * decay);
    Real* const w = parameter.value.data();
    const Real* const grad = parameter.grad.data();
    Real* const m = entries_[piece.parameter].first.data();
    Real* const v = entries_[piece.parameter].second.data();
    for (Index i = piece.begin; i < piece.end; ++i) {
      const Real g = grad[i];
      const Real mean = without_denormals(beta1 * m[i] + new1 * g);
      const Real square = without_denormals(beta2 * v[i] + new2 * (g * g));
      m[i] = mean;
      v[i] = square;
      w[i] -= rate * mean / (std::sqrt(square) * root_scale + eps) + shrink * w[i];
    }
  });
}

template <class Real>
auto AdamW<Real>::moments() -> std::vector<Moments> {
  std::vector<Moments> all;
  for (Entry& entry : entries_) {
    const auto size = static_cast<std::size_t>(entry.first.size());
    all.push_back({entry.name, {entry.first.data(), size}, {entry.second.data(), size}});
  }
  return all;
}

template <class Real>
void AdamW<Real>::set_steps(Index steps) {
  if (steps < 0) fail("adamw", fmt::format("steps is {}, expected 0 or more", steps));
  steps_ = steps;
}

template <class Real>
void AdamW<Real>::check_same(const Parameters<Real>& parameters) const {
  if (parameters.size() != entries_.size()) {
    fail("adamw", fmt::format("{} parameters, expected {}", parameters.size(), entries_.size()));
  }
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const auto size = static_cast<std::size_t>(entries_[p].first.size());
    if (parameters[p].name != entries_[p].name || parameters[p].value.size() != size ||
        parameters[p].grad.size() != size) {
      fail("adamw", fmt::format("parameter {} is {} with {} numbers and {} gradients, expected {} "
                                "with {}",
                                p, parameters[p].name, parameters[p].value.size(),
                                parameters[p].grad.size(), entries_[p].name, size));
    }
  }
}

template class AdamW<float>;
template class AdamW<double>;

}  // namespace limpid
