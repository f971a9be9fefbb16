#include "limpid/nn/flash_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/nn/softmax.hpp"

namespace limpid {
namespace {

constexpr const char* kFlash = "flash_attention";
constexpr Index kQueries = 128, kKeys = 128;  // of a tile, whose scores stay in the cache
constexpr Index kDiagonal = 32;               // keys of a tile that the diagonal cuts
template <class Real>
constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

template <class Real>
void check_inputs(ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                  const AttentionMask& mask) {
  check_shape(kFlash, "k", k, kAny, q.cols());
  check_shape(kFlash, "v", v, k.rows(), q.cols());
  mask.check(kFlash, k.rows());
}

template <class Real>
Real scale_of(ConstView<Real> q) {
  return Real(1) / std::sqrt(static_cast<Real>(q.cols()));
}

template <class Real>
Matrix<Real> one_tile(ConstView<Real> q, ConstView<Real> k) {
  return Matrix<Real>(std::min(kQueries, q.rows()), std::min(kKeys, k.rows()));
}

// Calls body(skip, key, width) for the tiles of the queries first .. first + rows - 1, in the order
// of the keys: keys key .. key + width - 1, and of the queries all but the first `skip`, which stand
// before these keys and see none of them.
template <class Body>
void for_each_tile(const AttentionMask& mask, Index first, Index rows, Index keys, Body&& body) {
  const Index end = mask.seen(first + rows - 1, keys);
  // All of the queries see the keys before the first query's own position.
  const Index open = mask.causal ? std::min(end, mask.offset + first) : end;
  for (Index key = 0, width = 0; key < end; key += width) {
    width = key < open ? std::min(kKeys, open - key) : std::min(kDiagonal, end - key);
    body(std::max<Index>(0, key - open), key, width);
  }
}

// One tile of q k^T; what a query does not see scores -inf.
template <class Real>
void score_tile(View<Real> scores, ConstView<Real> scaled_q, ConstView<Real> k,
                const AttentionMask& mask, Index first_query, Index first_key) {
  matmul_into<Real>(scores, scaled_q, t(k));
  for (Index i = 0; i < scores.rows(); ++i) {
    const Index seen = mask.seen(first_query + i, first_key + scores.cols()) - first_key;
    for (Index j = 0; j < seen && !mask.keys.empty(); ++j) {
      if (mask.hides(first_key + j)) scores(i, j) = -kInfinity<Real>;
    }
    scores.row(i).tail(scores.cols() - seen).setConstant(-kInfinity<Real>);
  }
}

}  // namespace

template <class Real>
void flash_attention(View<Real> y, ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                     const AttentionMask& mask, RowVector<Real>* log_sum_exp) {
  check_inputs<Real>(q, k, v, mask);
  check_shape(kFlash, "y", y, q.rows(), q.cols());
  if (log_sum_exp != nullptr) log_sum_exp->resize(q.rows());
  Matrix<Real> tile = one_tile<Real>(q, k);

  for (Index first = 0; first < q.rows(); first += kQueries) {
    const Index rows = std::min(kQueries, q.rows() - first);
    // The scale goes into the queries, once for each of their numbers instead of once per score.
    const Matrix<Real> scaled_q = q.middleRows(first, rows) * scale_of<Real>(q);
    View<Real> y_rows = y.middleRows(first, rows);
    y_rows.setZero();
    RowVector<Real> largest = RowVector<Real>::Constant(rows, -kInfinity<Real>);
    RowVector<Real> sum = RowVector<Real>::Zero(rows);

    for_each_tile(mask, first, rows, k.rows(), [&](Index skip, Index key, Index width) {
      View<Real> p = tile.topLeftCorner(rows - skip, width);
      score_tile<Real>(p, scaled_q.bottomRows(p.rows()), k.middleRows(key, width), mask,
                       first + skip, key);
      for (Index i = skip; i < rows; ++i) {
        RowView<Real> row = p.row(i - skip);
        const Real tile_largest = row.maxCoeff();
        if (tile_largest > largest[i]) {
          // Every exp(score - m) so far was taken with a smaller m. The new one would have made
          // each of them, and so their sums, smaller by the same factor:
          //   exp(score - m') = exp(score - m) * exp(m - m')
          // In the first tile m is -inf and the factor 0, as the sums are.
          const Real correction = std::exp(largest[i] - tile_largest);
          sum[i] *= correction;
          y_rows.row(i) *= correction;
          largest[i] = tile_largest;
        }
        // A query that has seen nothing yet has no largest score: -inf less -inf would be NaN.
        exponential_row<Real>(row, largest[i] == -kInfinity<Real> ? Real(0) : largest[i]);
        sum[i] += row.sum();
      }
      matmul_add<Real>(y_rows.bottomRows(p.rows()), p, v.middleRows(key, width));
    });

    for (Index i = 0; i < rows; ++i) {
      const bool nothing = sum[i] == Real(0);
      if (!nothing) y_rows.row(i) *= Real(1) / sum[i];
      if (log_sum_exp != nullptr) {
        (*log_sum_exp)[first + i] = nothing ? kInfinity<Real> : largest[i] + std::log(sum[i]);
      }
    }
  }
}

template <class Real>
void flash_attention_backward(View<Real> dq, View<Real> dk, View<Real> dv, ConstView<Real> dy,
                              ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                              ConstView<Real> y, const AttentionMask& mask,
                              const RowVector<Real>& log_sum_exp) {
  check_inputs<Real>(q, k, v, mask);
  check_shape(kFlash, "dy", dy, q.rows(), q.cols());
  check_shape(kFlash, "y", y, q.rows(), q.cols());
  check_shape(kFlash, "dq", dq, q.rows(), q.cols());
  check_shape(kFlash, "dk", dk, k.rows(), q.cols());
  check_shape(kFlash, "dv", dv, k.rows(), q.cols());
  check_shape(kFlash, "log_sum_exp", log_sum_exp, 1, q.rows());
  Matrix<Real> p_tile = one_tile<Real>(q, k), ds_tile = one_tile<Real>(q, k);

  for (Index first = 0; first < q.rows(); first += kQueries) {
    const Index rows = std::min(kQueries, q.rows() - first);
    const Matrix<Real> scaled_q = q.middleRows(first, rows) * scale_of<Real>(q);
    View<Real> dq_rows = dq.middleRows(first, rows);
    dq_rows.setZero();

    // Softmax's backward wants each row's average of dp under p. That is a sum over all keys, and
    // here every tile wants it before the others have been seen. But dp_ij is dy_i . v_j, and the
    // mixture of the v_j under p is y:
    //   sum_j p_ij dp_ij = sum_j p_ij (dy_i . v_j) = dy_i . (sum_j p_ij v_j) = dy_i . y_i
    const RowVector<Real> average =
        dy.middleRows(first, rows).cwiseProduct(y.middleRows(first, rows)).rowwise().sum();

    for_each_tile(mask, first, rows, k.rows(), [&](Index skip, Index key, Index width) {
      const Index seeing = rows - skip;
      View<Real> p = p_tile.topLeftCorner(seeing, width), ds = ds_tile.topLeftCorner(seeing, width);
      const ConstView<Real> q_tile = scaled_q.bottomRows(seeing);
      const ConstView<Real> dy_tile = dy.middleRows(first + skip, seeing);

      score_tile<Real>(p, q_tile, k.middleRows(key, width), mask, first + skip, key);
      for (Index i = 0; i < seeing; ++i) {
        exponential_row<Real>(p.row(i), log_sum_exp[first + skip + i]);
      }
      matmul_add<Real>(dv.middleRows(key, width), t(p), dy_tile);

      matmul_into<Real>(ds, dy_tile, t(v.middleRows(key, width)));  // dp, for now
      for (Index i = 0; i < seeing; ++i) {
        ds.row(i).array() = (ds.row(i).array() - average[skip + i]) * p.row(i).array();
      }
      matmul_add<Real>(dq_rows.bottomRows(seeing), ds, k.middleRows(key, width));
      matmul_add<Real>(dk.middleRows(key, width), t(ds), q_tile);  // q_tile carries the scale
    });
    dq_rows *= scale_of<Real>(q);
  }
}

#define LIMPID_INSTANTIATE(Real)                                                               \
  template void flash_attention(View<Real>, ConstView<Real>, ConstView<Real>, ConstView<Real>, \
                                const AttentionMask&, RowVector<Real>*);                       \
  template void flash_attention_backward(                                                      \
      View<Real>, View<Real>, View<Real>, ConstView<Real>, ConstView<Real>, ConstView<Real>,   \
      ConstView<Real>, ConstView<Real>, const AttentionMask&, const RowVector<Real>&);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
