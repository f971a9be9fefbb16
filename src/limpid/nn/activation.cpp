#include "limpid/nn/activation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

constexpr double kRootTwoOverPi = 0.7978845608028654;  // sqrt(2 / pi)
constexpr double kCubic = 0.044715;                    // fitted by the authors of GELU
constexpr double kRootHalf = 0.7071067811865476;       // sqrt(1 / 2)
constexpr double kNormalPeak = 0.3989422804014327;     // phi(0) = 1 / sqrt(2 pi)

// Numbers that lie side by side in memory.
template <class Real>
using Run = Eigen::Map<Eigen::Array<Real, 1, Eigen::Dynamic>>;
template <class Real>
using ConstRun = Eigen::Map<const Eigen::Array<Real, 1, Eigen::Dynamic>>;

// The probability that a normal number is below x.
template <class Real>
Real normal_below(Real x) {
  return Real(0.5) * (Real(1) + std::erf(x * static_cast<Real>(kRootHalf)));
}

// f(x)
template <class Real>
void value(Activation kind, const ConstRun<Real>& x, Run<Real> y) {
  constexpr Real a = static_cast<Real>(kRootTwoOverPi), b = static_cast<Real>(kCubic);
  switch (kind) {
    case Activation::relu:
      y = (x < Real(0)).select(Real(0), x);  // and NaN stays NaN
      return;
    case Activation::gelu_tanh:
      y = Real(0.5) * x * (Real(1) + (a * x * (Real(1) + b * x.square())).tanh());
      return;
    case Activation::gelu_erf:
      for (Index i = 0; i < x.size(); ++i) y[i] = x[i] * normal_below(x[i]);
      return;
    case Activation::silu:
      y = x / (Real(1) + (-x).exp());
      return;
  }
}

// f'(x). `slope` first holds the tanh, Phi or logistic function, then the slope made of it.
template <class Real>
void derivative(Activation kind, const ConstRun<Real>& x, Run<Real> slope) {
  constexpr Real a = static_cast<Real>(kRootTwoOverPi), b = static_cast<Real>(kCubic);
  switch (kind) {
    case Activation::relu:
      slope = (x > Real(0)).template cast<Real>();
      return;
    case Activation::gelu_tanh:
      // x stands before the tanh and inside it: two terms, the second with tanh' = 1 - tanh^2 and
      // du/dx = sqrt(2/pi) (1 + 3 * 0.044715 x^2). Where x^2 overflows, the second is 0 times a finite number.
      slope = (a * x * (Real(1) + b * x.square())).tanh();
      slope = Real(0.5) * (Real(1) + slope) +
              Real(0.5) * x * (Real(1) - slope.square()) * a *
                  (Real(1) + Real(3) * b * x.square().min(std::numeric_limits<Real>::max()));
      return;
    case Activation::gelu_erf:
      // The slope of Phi is the bell curve: phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
      for (Index i = 0; i < x.size(); ++i) slope[i] = normal_below(x[i]);
      slope += x * static_cast<Real>(kNormalPeak) * (Real(-0.5) * x.square()).exp();
      return;
    case Activation::silu:
      // The logistic function has the slope s (1 - s).
      slope = Real(1) / (Real(1) + (-x).exp());
      slope = slope * (Real(1) + x * (Real(1) - slope));
      return;
  }
}

// Calls body(row, length) for runs of numbers that lie side by side: all rows of a piece at once
// when no matrix has gaps between its rows, else row by row.
template <class Body>
void each_run(Index rows, Index cols, bool gaps, Body&& body) {
  parallel_rows(rows, cols, [&](Index begin, Index end) {
    if (gaps) {
      for (Index i = begin; i < end; ++i) body(i, cols);
    } else {
      body(begin, (end - begin) * cols);
    }
  });
}

}  // namespace

template <class Real>
void activation_forward(Activation kind, const ConstView<Real>& x, View<Real> y) {
  check_shape("activation", "y", y, x.rows(), x.cols());
  const bool gaps = x.outerStride() != x.cols() || y.outerStride() != x.cols();
  each_run(x.rows(), x.cols(), gaps, [&](Index row, Index length) {
    value<Real>(kind, ConstRun<Real>(x.row(row).data(), length),
                Run<Real>(y.row(row).data(), length));
  });
}

template <class Real>
void activation_backward(Activation kind, const ConstView<Real>& x, const ConstView<Real>& dy,
                         View<Real> dx) {
  check_shape("activation", "dy", dy, x.rows(), x.cols());
  check_shape("activation", "dx", dx, x.rows(), x.cols());
  const bool gaps =
      x.outerStride() != x.cols() || dy.outerStride() != x.cols() || dx.outerStride() != x.cols();
  each_run(x.rows(), x.cols(), gaps, [&](Index row, Index length) {
    // dx may be dy, so the slope needs a place of its own: short enough for the first cache.
    constexpr Index kBlock = 512;
    alignas(64) Real block[kBlock];
    for (Index i = 0; i < length; i += kBlock) {
      const Index n = std::min(kBlock, length - i);
      const Run<Real> slope(block, n);
      derivative<Real>(kind, ConstRun<Real>(x.row(row).data() + i, n), slope);
      Run<Real>(dx.row(row).data() + i, n) = ConstRun<Real>(dy.row(row).data() + i, n) * slope;
    }
  });
}

#define LIMPID_INSTANTIATE(Real)                                                          \
  template void activation_forward<Real>(Activation, const ConstView<Real>&, View<Real>); \
  template void activation_backward<Real>(Activation, const ConstView<Real>&,             \
                                          const ConstView<Real>&, View<Real>);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
