#include "limpid/train/muon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

template <class Real>
Matrix<Real> orthogonalized(const Matrix<Real>& m) {
  // A = X X^T is small when X is wide, so a tall matrix is turned first.
  const bool tall = m.rows() > m.cols();
  Matrix<Real> x = tall ? Matrix<Real>(m.transpose()) : m;
  x /= x.norm() + static_cast<Real>(1e-7);  // all singular values at most 1
  // A step multiplies X by p(A) from the left. The next A is then p(A) A p(A) = p(A) p(A) A, because
  // polynomials of one matrix commute: all steps can be worked out on A, and X waits for the end.
  constexpr int kSteps = 5;
  constexpr Real a = Real(3.4445), b = Real(-4.7750), c = Real(2.0315);
  Matrix<Real> square = matmul<Real>(x, t(x)), product;
  for (int step = 0; step < kSteps; ++step) {
    Matrix<Real> polynomial = b * square;
    polynomial += c * matmul<Real>(square, square);
    polynomial.diagonal().array() += a;
    product = step == 0 ? polynomial : matmul<Real>(polynomial, product);
    if (step + 1 < kSteps) square = matmul<Real>(polynomial, matmul<Real>(polynomial, square));
  }
  x = matmul<Real>(product, x);
  return tall ? Matrix<Real>(x.transpose()) : x;
}

template <class Real>
Muon<Real>::Muon(const Parameters<Real>& matrices, const MuonOptions& muon_options)
    : options(muon_options) {
  for (const Parameter<Real>& parameter : matrices) {
    if (parameter.shape.size() != 2) {
      fail("muon", fmt::format("{} has {} dimensions, expected a matrix", parameter.name,
                               parameter.shape.size()));
    }
    names_.push_back(parameter.name);
    momenta_.push_back(Matrix<Real>::Zero(parameter.shape[0], parameter.shape[1]));
  }
}

template <class Real>
void Muon<Real>::step(const Parameters<Real>& matrices, double learning_rate) {
  require(matrices.size() == names_.size(), "muon", "expected the parameters of the constructor");
  // One matrix is too small to share well, so threads share out the matrices.
  parallel_for(static_cast<Index>(matrices.size()), 1, [&](Index index, Index) {
    const auto i = static_cast<std::size_t>(index);
    const Parameter<Real>& parameter = matrices[i];
    Matrix<Real>& m = momenta_[i];
    if (parameter.name != names_[i] || static_cast<Index>(parameter.value.size()) != m.size()) {
      fail("muon",
           fmt::format("parameter {} is '{}', expected '{}'", i, parameter.name, names_[i]));
    }
    Eigen::Map<Matrix<Real>> w(parameter.value.data(), m.rows(), m.cols());
    const Eigen::Map<const Matrix<Real>> g(parameter.grad.data(), m.rows(), m.cols());
    const auto momentum = static_cast<Real>(options.momentum);
    m = momentum * m + g;
    const Matrix<Real> direction = orthogonalized<Real>(g + momentum * m);
    const double size = 0.2 * std::sqrt(static_cast<double>(std::max(m.rows(), m.cols())));
    const double decay = parameter.decay ? options.weight_decay : 0;
    w = static_cast<Real>(1 - learning_rate * decay) * w -
        static_cast<Real>(learning_rate * size) * direction;
  });
}

template <class Real>
auto Muon<Real>::momenta() -> std::vector<Momentum> {
  std::vector<Momentum> all;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    all.push_back({names_[i], {momenta_[i].data(), static_cast<std::size_t>(momenta_[i].size())}});
  }
  return all;
}

#define LIMPID_INSTANTIATE(Real)                             \
  template Matrix<Real> orthogonalized(const Matrix<Real>&); \
  template class Muon<Real>;
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
