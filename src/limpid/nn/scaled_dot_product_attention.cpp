#include "limpid/nn/scaled_dot_product_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/nn/softmax.hpp"

namespace limpid {
namespace {

constexpr const char* kName = "scaled_dot_product_attention";
constexpr Index kBlock = 64;  // queries

template <class Real>
void check_inputs(ConstView<Real> q, ConstView<Real> k, ConstView<Real> v,
                  const AttentionMask& mask) {
  check_shape(kName, "k", k, kAny, q.cols());
  check_shape(kName, "v", v, k.rows(), q.cols());
  mask.check(kName, k.rows());
}

template <class Real>
Real scale_of(ConstView<Real> q) {
  return Real(1) / std::sqrt(static_cast<Real>(q.cols()));
}

}  // namespace

// A block of queries at a time: its scores q k^T, up to the last key that it sees; hidden keys get
// -infinity, of which softmax makes weight 0; then the mixture p v.
template <class Real>
void scaled_dot_product_attention(View<Real> y, ConstView<Real> q, ConstView<Real> k,
                                  ConstView<Real> v, const AttentionMask& mask,
                                  Matrix<Real>* probabilities) {
  check_inputs<Real>(q, k, v, mask);
  check_shape(kName, "y", y, q.rows(), q.cols());
  const Index queries = q.rows(), keys = k.rows();
  // When nobody keeps the probabilities, one block of them serves all.
  Matrix<Real> one_block;
  Matrix<Real>& store = probabilities != nullptr ? *probabilities : one_block;
  store.resize(probabilities != nullptr ? queries : std::min(kBlock, queries), keys);

  for (Index first = 0; first < queries; first += kBlock) {
    const Index rows = std::min(kBlock, queries - first);
    const Index end = mask.seen(first + rows - 1, keys);  // the furthest key of the block
    View<Real> p = store.middleRows(probabilities != nullptr ? first : 0, rows);
    matmul_into<Real>(p.leftCols(end), q.middleRows(first, rows), t(k.topRows(end)));
    for (Index i = 0; i < rows; ++i) {
      const Index seen = mask.seen(first + i, keys);
      for (Index j = 0; j < seen && !mask.keys.empty(); ++j) {
        if (mask.hides(j)) p(i, j) = -std::numeric_limits<Real>::infinity();
      }
      softmax_row<Real>(p.row(i).head(seen), scale_of<Real>(q));
      p.row(i).tail(keys - seen).setZero();
    }
    matmul_into<Real>(y.middleRows(first, rows), p.leftCols(end), v.topRows(end));
  }
}

// The three lines of forward, last one first, a block of queries at a time. Writing dp for dloss/dp:
//
//   y = p v                    dv += p^T dy      dp = dy v^T
//   p = softmax(s / sqrt(D))   ds[i, j] = p[i, j] (dp[i, j] - sum_m dp[i, m] p[i, m]) / sqrt(D)
//   s = q k^T                  dq = ds k         dk += ds^T q
//
// A query's row of dq is finished within its block. A key serves queries of many blocks, so dk and dv
// add up. Hidden keys have weight 0, and with it ds is 0: the mask needs no backward.
template <class Real>
void scaled_dot_product_attention_backward(View<Real> dq, View<Real> dk, View<Real> dv,
                                           ConstView<Real> dy, ConstView<Real> q, ConstView<Real> k,
                                           ConstView<Real> v, const AttentionMask& mask,
                                           const Matrix<Real>& probabilities) {
  check_inputs<Real>(q, k, v, mask);
  const Index queries = q.rows(), keys = k.rows();
  check_shape(kName, "dy", dy, queries, q.cols());
  check_shape(kName, "dq", dq, queries, q.cols());
  check_shape(kName, "dk", dk, keys, q.cols());
  check_shape(kName, "dv", dv, keys, q.cols());
  check_shape(kName, "probabilities", probabilities, queries, keys);
  Matrix<Real> ds(std::min(kBlock, queries), keys);

  for (Index first = 0; first < queries; first += kBlock) {
    const Index rows = std::min(kBlock, queries - first);
    const Index end = mask.seen(first + rows - 1, keys);
    const ConstView<Real> p = probabilities.block(first, 0, rows, end);
    View<Real> ds_block = ds.topLeftCorner(rows, end);

    matmul_add<Real>(dv.topRows(end), t(p), dy.middleRows(first, rows));
    matmul_into<Real>(ds_block, dy.middleRows(first, rows), t(v.topRows(end)));  // dp, for now
    for (Index i = 0; i < rows; ++i) {
      const Index seen = mask.seen(first + i, keys);
      softmax_backward_row<Real>(p.row(i).head(seen), ds_block.row(i).head(seen),
                                 scale_of<Real>(q));
      ds_block.row(i).tail(end - seen).setZero();
    }
    matmul_into<Real>(dq.middleRows(first, rows), ds_block, k.topRows(end));
    matmul_add<Real>(dk.topRows(end), t(ds_block), q.middleRows(first, rows));
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
