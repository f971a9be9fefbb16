// One head of attention, forward and backward. The header says what each thing is:
// src/limpid/nn/scaled_dot_product_attention.hpp. Write what is missing, then grade it:
//
//   ./dev learn attention
//
// Here it is done query by query, without blocks. Useful in Eigen: a.row(i).dot(b.row(j)), and
// with .array() element by element: a.array() * b.array(), a.array() - number.
#include "limpid/nn/scaled_dot_product_attention.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/nn/softmax.hpp"

#include "support/todo.hpp"

namespace limpid {
namespace {

using lesson::todo;

constexpr const char* kName = "scaled_dot_product_attention";

template <class Real>
void check_inputs(ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                  const AttentionMask& mask) {
  check_shape(kName, "k", k, kAny, q.cols());
  check_shape(kName, "v", v, k.rows(), q.cols());
  const auto hidden = static_cast<Index>(mask.keys.size());
  if (hidden != 0 && hidden != k.rows()) {
    fail(kName, fmt::format("mask.keys has {} entries, expected {}", hidden, k.rows()));
  }
  if (mask.offset < 0) fail(kName, fmt::format("mask.offset is {}, expected >= 0", mask.offset));
}

// May query i look at key j? Key j stands at position j, query i at position mask.offset + i.
bool sees(const AttentionMask& mask, [[maybe_unused]] Index i, Index j) {
  if (!mask.keys.empty() && mask.keys[static_cast<std::size_t>(j)] == 0) return false;
  if (!mask.causal) return true;
  //> // A causal head sees its own position and the past.
  //> todo("the mask: which keys a causal query may look at");
  return j <= mask.offset + i;
  //<
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
  [[maybe_unused]] const Real scale = scale_of<Real>(q);
  [[maybe_unused]] const Real infinity = std::numeric_limits<Real>::infinity();
  Matrix<Real> p = Matrix<Real>::Zero(q.rows(), k.rows());
  y.setZero();
  for (Index i = 0; i < q.rows(); ++i) {
    //> // Fill p.row(i) and y.row(i). softmax_row<Real>(p.row(i)) turns a row of scores into weights,
    //> // in place; a score of -infinity becomes a weight of 0.
    //> todo("forward: the scores of query i, their softmax, and the mixture of the values");
    for (Index j = 0; j < k.rows(); ++j) {
      p(i, j) = sees(mask, i, j) ? scale * q.row(i).dot(k.row(j)) : -infinity;
    }
    softmax_row<Real>(p.row(i));
    for (Index j = 0; j < k.rows(); ++j) y.row(i) += p(i, j) * v.row(j);
    //<
  }
  if (probabilities != nullptr) *probabilities = p;  // what backward will need
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
  [[maybe_unused]] const Real scale = scale_of<Real>(q);
  dq.setZero();
  for (Index i = 0; i < q.rows(); ++i) {
    const RowVector<Real> p = probabilities.row(i);
    RowVector<Real> dp(k.rows()), ds(k.rows());
    //> // y.row(i) is the sum over j of p[j] * v.row(j). Give dv its share, and fill dp.
    //> todo("backward: what query i gives to dv, and dp[j] for every key j");
    for (Index j = 0; j < k.rows(); ++j) {
      dv.row(j) += p[j] * dy.row(i);
      dp[j] = dy.row(i).dot(v.row(j));
    }
    //<

    //> // Softmax: from dp to ds, the gradient of the dot products before they were scaled.
    //> todo("backward: ds, through softmax and the scale");
    const Real average = p.dot(dp);
    ds.array() = scale * p.array() * (dp.array() - average);
    //<

    //> // The dot product number j is q.row(i) times k.row(j).
    //> todo("backward: dq.row(i), and what query i gives to dk");
    for (Index j = 0; j < k.rows(); ++j) {
      dq.row(i) += ds[j] * k.row(j);
      dk.row(j) += ds[j] * q.row(i);
    }
    //<
  }
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
