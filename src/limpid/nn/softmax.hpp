/// Softmax: turn a row of scores into positive weights that sum to 1, keeping their order.
///
///   p_j = exp(s * x_j) / sum_i exp(s * x_i)
///
/// Adding a number to a whole row changes nothing, so the row's largest score is taken away first:
/// no exponential exceeds 1, and scores of 1e8 are as safe as scores of 1. A score of -inf (a
/// masked entry) gets weight 0; a row of nothing else becomes zeros, not 0/0.
///
/// Backward: raising x_j raises p_j, and the division by the sum lowers every weight to make room:
/// the slope of p_i in x_j is s * p_i * ([i = j] - p_j). Summed over i with dp_i = dLoss/dp_i as weights,
///
///   dx_j = s * p_j * (dp_j - sum_i dp_i * p_i)
///
/// Only how much dp_j exceeds its own average under p counts, so the numbers of dx sum to 0.
///
/// Example with s = 1: x = (0, ln 2, ln 3) gives p = (1, 2, 3) / 6. With dp = (6, 0, 0) the average
/// is 1, and dx = (5, -2, -3) / 6: more of the first, less of the others as they have weight.
///
/// Everything happens in place. The scale s is folded in because attention needs one and an extra
/// pass over its scores would cost as much as the maximum does.
///
/// SOURCE  Bridle 1990, "Probabilistic Interpretation of Feedforward Classification Network Outputs"
/// SHAPES  x, p, dp, dx [rows, cols]
/// SAVES   p is all that backward needs
/// USES    core
/// REQUIRES scale > 0
/// ERRORS  std::invalid_argument when dp has another shape than p. A NaN or +inf in a row makes
///         that whole row NaN, for the training loop to find.
/// COST    four passes over a row that is in the first cache after the first
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

/// One row of a matrix, or the beginning of one.
template <class Real>
using RowView = Eigen::Ref<RowVector<Real>>;
template <class Real>
using ConstRowView = Eigen::Ref<const RowVector<Real>>;

/// exp(scale * (x_j - shift)) less the smallest normal number, and 0 for what is below it.
template <class Real>
LIMPID_API void exponential_row(RowView<Real> x, Real shift, Real scale = 1);

/// Scores become weights.
template <class Real>
LIMPID_API void softmax_row(RowView<Real> x, Real scale = 1);

/// dp becomes dx.
template <class Real>
LIMPID_API void softmax_backward_row(ConstRowView<Real> p, RowView<Real> dp, Real scale = 1);

/// The same for every row of a matrix.
template <class Real>
LIMPID_API void softmax(View<Real> x, Real scale = 1);
template <class Real>
LIMPID_API void softmax_backward(ConstView<Real> p, View<Real> dp, Real scale = 1);

}  // namespace limpid
