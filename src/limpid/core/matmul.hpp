/// Products of two matrices: the one seam through which all of them go, so that the kernel is
/// compiled once and can be replaced.
///
///   matmul(a, b)            returns a b
///   matmul_into(c, a, b)    c  = a b
///   matmul_add(c, a, b)     c += a b
///
/// A factor is a strided view of numbers that live elsewhere; t(a) reads it transposed, which only
/// swaps two strides. Every number of c is summed by one thread in an order that depends on the
/// shapes alone: the same bits with any number of threads.
///
///   y = matmul<Real>(x, t(weight));             // y = x W^T
///   matmul_add<Real>(weight_grad, t(dy), x);    // dW += dy^T x
///
/// SHAPES  a [M, K], b [K, N], c [M, N]
/// USES    core
/// REQUIRES c does not overlap a or b
/// ERRORS  std::invalid_argument when the inner sizes differ or c has another shape
/// COST    2 M N K floating point operations
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

enum class Store { set, add };  ///< c = a b, or c += a b

template <class Real>
struct Factor {
  const Real* data;
  Index rows, cols;
  Index row_stride, col_stride;  ///< steps in memory from one row, or one column, to the next

  Factor(const Real* first, Index row_count, Index col_count, Index row_step, Index col_step)
      : data(first), rows(row_count), cols(col_count), row_stride(row_step), col_stride(col_step) {}

  /// Any row-major matrix, block or view that lies in memory.
  template <class Derived>
  Factor(const Eigen::MatrixBase<Derived>& matrix)  // NOLINT: the conversion is the point
      : Factor(matrix.derived().data(), matrix.rows(), matrix.cols(),
               matrix.derived().outerStride(), 1) {
    static_assert(Derived::IsRowMajor && Derived::InnerStrideAtCompileTime == 1);
  }

  Factor block(Index row, Index col, Index row_count, Index col_count) const {
    return {data + row * row_stride + col * col_stride, row_count, col_count, row_stride,
            col_stride};
  }
};

/// The transpose of a factor, without moving a number.
template <class Derived>
Factor<typename Derived::Scalar> t(const Eigen::MatrixBase<Derived>& matrix) {
  const Factor<typename Derived::Scalar> f(matrix);
  return {f.data, f.cols, f.rows, f.col_stride, f.row_stride};
}

template <class Real>
LIMPID_API Matrix<Real> matmul(const Factor<Real>& a, const Factor<Real>& b);

template <class Real>
LIMPID_API void matmul_into(View<Real> c, const Factor<Real>& a, const Factor<Real>& b);

template <class Real>
LIMPID_API void matmul_add(View<Real> c, const Factor<Real>& a, const Factor<Real>& b);

}  // namespace limpid
