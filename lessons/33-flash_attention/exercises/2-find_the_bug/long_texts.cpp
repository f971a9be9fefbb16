// Flash attention on tiles of 128 queries and 128 keys, with one mistake. The header says what each
// thing is: src/limpid/nn/flash_attention.hpp. Find the mistake and mend it, then:
//
//   ./dev learn flash_attention 2
#include <algorithm>
#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/softmax.hpp"

namespace limpid {

namespace {

constexpr const char* kFlash = "flash_attention";
constexpr Index kQueries = 128, kKeys = 128;  // of a tile
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

// One tile of q k^T; what a query does not see scores -inf.
template <class Real>
void score_tile(View<Real> scores, ConstView<Real> scaled_q, ConstView<Real> k,
                const AttentionMask& mask, Index first_query, Index first_key) {
  matmul_into<Real>(scores, scaled_q, t(k));
  for (Index i = 0; i < scores.rows(); ++i) {
    for (Index j = 0; j < scores.cols(); ++j) {
      const bool seen = mask.seen(first_query + i, first_key + j + 1) > first_key + j;
      if (!seen || mask.hides(first_key + j)) scores(i, j) = -kInfinity<Real>;
    }
  }
}

}  // namespace

// q, y [T, D]; k, v [S, D]; log_sum_exp [T], or null when nobody wants it.
template <class Real>
void flash_attention(View<Real> y, ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                     const AttentionMask& mask, RowVector<Real>* log_sum_exp) {
  check_inputs<Real>(q, k, v, mask);
  check_shape(kFlash, "y", y, q.rows(), q.cols());
  if (log_sum_exp != nullptr) log_sum_exp->resize(q.rows());

  for (Index first = 0; first < q.rows(); first += kQueries) {
    const Index rows = std::min(kQueries, q.rows() - first);
    const Index end = mask.seen(first + rows - 1, k.rows());  // the furthest key of these queries
    const Matrix<Real> scaled_q = q.middleRows(first, rows) * scale_of<Real>(q);
    View<Real> y_rows = y.middleRows(first, rows);
    y_rows.setZero();
    RowVector<Real> largest = RowVector<Real>::Constant(rows, -kInfinity<Real>);
    RowVector<Real> sum = RowVector<Real>::Zero(rows);

    for (Index key = 0; key < end; key += kKeys) {
      const Index width = std::min(kKeys, end - key);
      Matrix<Real> p(rows, width);
      score_tile<Real>(p, scaled_q, k.middleRows(key, width), mask, first, key);
      for (Index i = 0; i < rows; ++i) {
        const Real tile_largest = p.row(i).maxCoeff();
        if (tile_largest > largest[i]) {
          const Real correction = std::exp(largest[i] - tile_largest);
          sum[i] *= correction;
          y_rows.row(i) *= correction;
          largest[i] = tile_largest;
        }
        // A query that has seen nothing yet has no largest score: -inf less -inf would be NaN.
        exponential_row<Real>(p.row(i), largest[i] == -kInfinity<Real> ? Real(0) : largest[i]);
        sum[i] += p.row(i).sum();
      }
      matmul_add<Real>(y_rows, p, v.middleRows(key, width));
    }

    for (Index i = 0; i < rows; ++i) {
      const bool nothing = sum[i] == Real(0);
      if (!nothing) y_rows.row(i) *= Real(1) / sum[i];
      if (log_sum_exp != nullptr) {
        (*log_sum_exp)[first + i] = nothing ? kInfinity<Real> : largest[i] + std::log(sum[i]);
      }
    }
  }
}

// dq, dy [T, D]; dk, dv [S, D]. Writes dq, adds to dk and dv.
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

  for (Index first = 0; first < q.rows(); first += kQueries) {
    const Index rows = std::min(kQueries, q.rows() - first);
    const Index end = mask.seen(first + rows - 1, k.rows());
    const Matrix<Real> scaled_q = q.middleRows(first, rows) * scale_of<Real>(q);
    const Matrix<Real> dy_rows = dy.middleRows(first, rows), y_rows = y.middleRows(first, rows);
    Matrix<Real> dq_rows = Matrix<Real>::Zero(rows, q.cols());

    // For each query, the average of dp under its weights, over the keys of all tiles.
    const RowVector<Real> average = dy_rows.cwiseProduct(y_rows).rowwise().sum();

    for (Index key = 0; key < end; key += kKeys) {
      const Index width = std::min(kKeys, end - key);
      const Matrix<Real> k_tile = k.middleRows(key, width), v_tile = v.middleRows(key, width);
      Matrix<Real> p(rows, width), dp(rows, width), ds(rows, width);
      score_tile<Real>(p, scaled_q, k_tile, mask, first, key);
      matmul_into<Real>(dp, dy_rows, t(v_tile));
      for (Index i = 0; i < rows; ++i) {
        exponential_row<Real>(p.row(i), log_sum_exp[first + i]);
        ds.row(i).array() = p.row(i).array() * (dp.row(i).array() - average[i]);
      }
      matmul_add<Real>(dv.middleRows(key, width), t(p), dy_rows);
      matmul_add<Real>(dq_rows, ds, k_tile);
      matmul_add<Real>(dk.middleRows(key, width), t(ds), scaled_q);
    }
    dq.middleRows(first, rows) = dq_rows * scale_of<Real>(q);
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
