// One head of attention, forward and backward, with one mistake. The header says what each thing is:
// src/limpid/nn/scaled_dot_product_attention.hpp. Find the mistake and mend it, then:
//
//   ./dev learn attention 2
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"
#include "limpid/nn/softmax.hpp"

namespace limpid {
namespace {

constexpr const char* kName = "scaled_dot_product_attention";

template <class Real>
void check_inputs(ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                  const AttentionMask& mask) {
  check_shape(kName, "k", k, kAny, q.cols());
  check_shape(kName, "v", v, k.rows(), q.cols());
  const auto keys = static_cast<Index>(mask.keys.size());
  if (keys != 0 && keys != k.rows()) {
    fail(kName, fmt::format("mask.keys has {} entries, expected {}", keys, k.rows()));
  }
  if (mask.offset < 0) fail(kName, fmt::format("mask.offset is {}, expected >= 0", mask.offset));
}

// Key j stands at position j, query i at position mask.offset + i.
bool hidden(const AttentionMask& mask, Index i, Index j) {
  const bool later = mask.causal && j > mask.offset + i;
  return later || (!mask.keys.empty() && mask.keys[static_cast<std::size_t>(j)] == 0);
}

// Writes `number` wherever a query may not look.
template <class Real>
void fill_hidden(Matrix<Real>& scores, const AttentionMask& mask, Real number) {
  for (Index i = 0; i < scores.rows(); ++i) {
    for (Index j = 0; j < scores.cols(); ++j) {
      if (hidden(mask, i, j)) scores(i, j) = number;
    }
  }
}

template <class Real>
Real scale_of(ConstView<Real> q) {
  return Real(1) / std::sqrt(static_cast<Real>(q.cols()));
}

}  // namespace

// q, y [T, D]; k, v [S, D]; *probabilities [T, S].
template <class Real>
void scaled_dot_product_attention(View<Real> y, ConstView<Real> q, ConstView<Real> k,
                                  ConstView<Real> v, const AttentionMask& mask,
                                  Matrix<Real>* probabilities) {
  check_inputs<Real>(q, k, v, mask);
  check_shape(kName, "y", y, q.rows(), q.cols());
  Matrix<Real> p(q.rows(), k.rows());
  matmul_into<Real>(p, q, t(k));
  p *= scale_of<Real>(q);
  // Tokens that a query may not see shall not count.
  fill_hidden<Real>(p, mask, -std::numeric_limits<Real>::infinity());
  softmax<Real>(p);
  matmul_into<Real>(y, p, v);
  if (probabilities != nullptr) *probabilities = p;
}

// dq, dy [T, D]; dk, dv [S, D]. Writes dq, adds to dk and dv.
template <class Real>
void scaled_dot_product_attention_backward(View<Real> dq, View<Real> dk, View<Real> dv,
                                           ConstView<Real> dy, ConstView<Real> q, ConstView<Real> k,
                                           ConstView<Real> v, const AttentionMask& mask,
                                           const Matrix<Real>& probabilities) {
  check_inputs<Real>(q, k, v, mask);
  check_shape(kName, "dy", dy, q.rows(), q.cols());
  check_shape(kName, "dq", dq, q.rows(), q.cols());
  check_shape(kName, "dk", dk, k.rows(), q.cols());
  check_shape(kName, "dv", dv, k.rows(), q.cols());
  check_shape(kName, "probabilities", probabilities, q.rows(), k.rows());
  Matrix<Real> ds(q.rows(), k.rows());
  matmul_add<Real>(dv, t(probabilities), dy);
  matmul_into<Real>(ds, dy, t(v));  // dp, for now
  softmax_backward<Real>(probabilities, ds, scale_of<Real>(q));
  // The score of a hidden key is a constant: nothing flows back through it.
  fill_hidden<Real>(ds, mask, Real(0));
  matmul_into<Real>(dq, ds, k);
  matmul_add<Real>(dk, t(ds), q);
}

#define LIMPID_INSTANTIATE(Real)                                                             \
  template void scaled_dot_product_attention(View<Real>, ConstView<Real>, ConstView<Real>,   \
                                             ConstView<Real>, const AttentionMask&,          \
                                             Matrix<Real>*);                                 \
  template void scaled_dot_product_attention_backward(                                       \
      View<Real>, View<Real>, View<Real>, ConstView<Real>, ConstView<Real>, ConstView<Real>, \
      ConstView<Real>, const AttentionMask&, const Matrix<Real>&);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
