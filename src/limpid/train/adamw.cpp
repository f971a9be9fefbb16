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

// The numbers of one step that all weights share. The bias corrections are among them:
//   rate m_hat / (sqrt(v_hat) + eps) = (rate / correction1) m / (sqrt(v) / sqrt(correction2) + eps)
template <class Real>
struct Step {
  Real beta1, beta2, new1, new2;  // new: 1 - beta, the weight of the new gradient in its mean
  Real rate, root_scale, eps, shrink;
};

// A function of its own, with its constants by value: a compiler that fears that writing w could
// change them computes one number at a time, five times as slow.
template <class Real>
void update(Step<Real> step, Index size, const Real* g, Real* m, Real* v, Real* w) {
  for (Index i = 0; i < size; ++i) {
    m[i] = without_denormals(step.beta1 * m[i] + step.new1 * g[i]);
    v[i] = without_denormals(step.beta2 * v[i] + step.new2 * (g[i] * g[i]));
    w[i] -= step.rate * m[i] / (std::sqrt(v[i]) * step.root_scale + step.eps) + step.shrink * w[i];
  }
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

  const auto t = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(options.beta1, t);
  const double correction2 = 1 - std::pow(options.beta2, t);
  Step<Real> step;
  step.beta1 = static_cast<Real>(options.beta1);
  step.beta2 = static_cast<Real>(options.beta2);
  step.new1 = static_cast<Real>(1 - options.beta1);
  step.new2 = static_cast<Real>(1 - options.beta2);
  step.rate = static_cast<Real>(learning_rate / correction1);
  step.root_scale = static_cast<Real>(1 / std::sqrt(correction2));
  step.eps = static_cast<Real>(options.epsilon);

  parallel_for(static_cast<Index>(pieces_.size()), 1, [&](Index index, Index) {
    const auto [p, begin, end] = pieces_[static_cast<std::size_t>(index)];
    Step<Real> here = step;
    here.shrink = static_cast<Real>(parameters[p].decay ? learning_rate * options.weight_decay : 0);
    update(here, end - begin, parameters[p].grad.data() + begin, entries_[p].first.data() + begin,
           entries_[p].second.data() + begin, parameters[p].value.data() + begin);
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
