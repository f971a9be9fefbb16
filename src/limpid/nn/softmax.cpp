#include "limpid/nn/softmax.hpp"

#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

template <class Real>
void exponential_row(RowView<Real> x, Real shift, Real scale) {
  // Eigen's vectorised exp ends at the denormal numbers instead of 0, even for -inf, and they would
  // slow every product that follows. Taking away the smallest normal number makes them 0 (only what
  // lies below twice that number stays denormal) and changes no weight that could matter.
  constexpr Real kSmallest = std::numeric_limits<Real>::min();
  x.array() = (((x.array() - shift) * scale).exp() - kSmallest).max(Real(0));
}

template <class Real>
void softmax_row(RowView<Real> x, Real scale) {
  if (x.size() == 0) return;
  const Real largest = x.maxCoeff();
  if (largest == -std::numeric_limits<Real>::infinity()) {
    // All masked: there is nothing to give weight to. (maxCoeff may have missed a NaN.)
    x.setConstant(x.hasNaN() ? std::numeric_limits<Real>::quiet_NaN() : Real(0));
    return;
  }
  exponential_row<Real>(x, largest, scale);
  x *= Real(1) / x.sum();
}

template <class Real>
void softmax_backward_row(ConstRowView<Real> p, RowView<Real> dp, Real scale) {
  if (p.size() != dp.size()) fail_shape("softmax", "dp", 1, dp.size(), 1, p.size());
  const Real average = dp.dot(p);
  dp.array() = (dp.array() - average) * p.array() * scale;
}

template <class Real>
void softmax(View<Real> x, Real scale) {
  parallel_rows(x.rows(), x.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) softmax_row<Real>(x.row(i), scale);
  });
}

template <class Real>
void softmax_backward(ConstView<Real> p, View<Real> dp, Real scale) {
  check_shape("softmax", "dp", dp, p.rows(), p.cols());
  parallel_rows(p.rows(), p.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) softmax_backward_row<Real>(p.row(i), dp.row(i), scale);
  });
}

#define LIMPID_INSTANTIATE(Real)                                               \
  template void exponential_row(RowView<Real>, Real, Real);                    \
  template void softmax_row(RowView<Real>, Real);                              \
  template void softmax_backward_row(ConstRowView<Real>, RowView<Real>, Real); \
  template void softmax(View<Real>, Real);                                     \
  template void softmax_backward(ConstView<Real>, View<Real>, Real);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
