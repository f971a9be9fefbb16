/// Scaled dot-product attention, one head: every query looks at the keys, decides how much each of
/// them matters, and takes that mixture of the values.
///
///   score = q k^T / sqrt(D)       how well query i fits key j                   [T, S]
///   p     = softmax(score)        row by row: weights that sum to 1             [T, S]
///   y     = p v                   the mixture                                   [T, D]
///
/// Why the root: a dot product of D independent numbers of variance 1 has variance D. Undivided,
/// wide heads would start with weights close to 0 and 1, where softmax has no slope left to learn
/// by.
///
/// Backward walks the three lines upwards:
///
///   dv += p^T dy                            a value is used by every query that weights it
///   ds  = softmax_backward(p, dy v^T)       the scale 1/sqrt(D) is folded into both softmax calls
///   dq  = ds k        dk += ds^T q          each is a product with the other factor
///
/// Queries are taken in blocks of 64: a block multiplies only with the keys up to the last that it
/// sees, so that about half of the work of a long causal head never happens.
///
/// SOURCE  Vaswani et al. 2017, "Attention Is All You Need", arXiv:1706.03762, section 3.2.1
/// SHAPES  q, y, dq, dy [T, D];  k, v, dk, dv [S, D];  probabilities [T, S];  mask.keys [S] or empty
/// SAVES   probabilities: softmax's backward needs them, and dv is a product with them
/// USES    core, nn/attention_mask, nn/softmax
/// ERRORS  std::invalid_argument when shapes disagree or the offset is negative
/// COST    4 T S D operations forward, 8 T S D backward; about half of that when causal and long
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/nn/attention_mask.hpp"

namespace limpid {

/// Writes y. Fills `probabilities` when it is not null (masked entries are 0).
template <class Real>
LIMPID_API void scaled_dot_product_attention(View<Real> y, ConstView<Real> q, ConstView<Real> k,
                                             ConstView<Real> v, const AttentionMask& mask,
                                             Matrix<Real>* probabilities);

/// Writes dq; adds to dk and dv, because several heads of queries may share their keys and values.
template <class Real>
LIMPID_API void scaled_dot_product_attention_backward(View<Real> dq, View<Real> dk, View<Real> dv,
                                                      ConstView<Real> dy, ConstView<Real> q,
                                                      ConstView<Real> k, ConstView<Real> v,
                                                      const AttentionMask& mask,
                                                      const Matrix<Real>& probabilities);

}  // namespace limpid
