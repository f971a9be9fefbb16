/// Flash attention: scaled dot-product attention without the matrix of probabilities.
///
/// Plain attention keeps all T * S weights, because softmax wants a whole row: its largest score and
/// the sum of its exponentials. Both can be carried along instead. Take the keys in tiles. After
/// each tile, m is a row's largest score so far; sum and y are taken over the keys so far, relative
/// to exp(m) and not yet divided:
///
///   m'  = max(m, the tile's scores)
///   c   = exp(m - m')                          what is there was relative to exp(m): mend it
///   sum = c sum + sum_j exp(score_j - m')
///   y   = c y   + sum_j exp(score_j - m') v_j
///
/// After the last tile, y / sum is attention's output, to rounding the same as plain attention's.
///
/// Backward has no probabilities to read, and makes them again, tile by tile. One number per query
/// is enough for that, the log-sum-exp L = m + log(sum):
///
///   p_ij = exp(score_ij - L_i)
///
/// So one more product, q k^T a second time, is the price of not keeping T * S numbers.
///
/// Example: scores (ln 1, ln 3) in one tile, ln 4 in the next; values (8, 16) and 4. After the first
/// tile m = ln 3, sum = 1/3 + 1 = 4/3, y = 8/3 + 16 = 56/3. The second has m' = ln 4 and c = 3/4:
/// sum = 1 + 1 = 2, y = 14 + 4 = 18. The output is 9, and L = ln 4 + ln 2 = ln 8.
///
/// A tile has at most 128 queries and 128 keys, whatever T and S are. Causal: tiles that nobody sees
/// are never computed, and those that the diagonal cuts are narrow.
///
/// SOURCE  Dao et al. 2022, "FlashAttention", arXiv:2205.14135, sections 3.1 and B; the carried sum:
///         Milakov, Gimelshein 2018, arXiv:1805.02867, section 3; L alone for backward: Dao 2023,
///         "FlashAttention-2", arXiv:2307.08691, section 3.1
/// SHAPES  q, y, dq, dy [T, D];  k, v, dk, dv [S, D];  log_sum_exp [T];  mask.keys [S] or empty
/// SAVES   log_sum_exp; y too, which the layer above keeps anyway
/// USES    core, nn/attention_mask, nn/softmax
/// ERRORS  std::invalid_argument when shapes disagree or the mask does not fit
/// COST    4 T S D operations forward, 10 T S D backward; about half of that when causal and long
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/nn/attention_mask.hpp"

namespace limpid {

/// Writes y, and log_sum_exp when it is not null. A query that sees nothing gives a row of zeros;
/// its log-sum-exp would be -inf and is given as +inf, which makes its weights 0 in backward.
template <class Real>
LIMPID_API void flash_attention(View<Real> y, ConstView<Real> q, ConstView<Real> k,
                                ConstView<Real> v, const AttentionMask& mask,
                                RowVector<Real>* log_sum_exp);

/// Writes dq; adds to dk and dv, because several heads of queries may share their keys and values.
template <class Real>
LIMPID_API void flash_attention_backward(View<Real> dq, View<Real> dk, View<Real> dv,
                                         ConstView<Real> dy, ConstView<Real> q, ConstView<Real> k,
                                         ConstView<Real> v, ConstView<Real> y,
                                         const AttentionMask& mask,
                                         const RowVector<Real>& log_sum_exp);

}  // namespace limpid
