// Products of matrices of small whole numbers: nothing is rounded as long as every sum fits, so the
// laws of algebra hold to the bit, in float too. Sizes go over the borders of every tile and panel.
#include <doctest/doctest.h>

#include "limpid/core/matmul.hpp"

#include "support/property.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr Index kLargest = 140, kDeepest = 600;  // a kernel cuts the inner side at 512

// -4 to 4: in a product of three, no number is above 4^3 * 600 * 140, which is below 2^24.
template <class Real>
Matrix<Real> whole_numbers(Index rows, Index cols, Rng& rng) {
  Matrix<Real> m(rows, cols);
  for (Real& number : m.reshaped()) number = static_cast<Real>(rng.below(9)) - 4;
  return m;
}

template <class Real>
bool equal(const Matrix<Real>& a, const Matrix<Real>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a.array() == b.array()).all();
}

}  // namespace

TEST_CASE_TEMPLATE("property: (A B)^T = B^T A^T, and both are the sum of products", Real, float,
                   double) {
  for_all([] {
    const Index m = pick("rows", 0, kLargest), k = pick("inner", 0, kDeepest),
                n = pick("cols", 0, kLargest);
    Rng rng = pick_rng();
    const Matrix<Real> a = whole_numbers<Real>(m, k, rng), b = whole_numbers<Real>(k, n, rng);
    const Matrix<Real> product = matmul<Real>(a, b);
    const Matrix<Real> transposed = product.transpose();
    RC_ASSERT(equal(matmul<Real>(t(b), t(a)), transposed));
    Matrix<Real> sums = Matrix<Real>::Zero(m, n);
    for (Index i = 0; i < k; ++i) {
      for (Index r = 0; r < m; ++r) {
        for (Index c = 0; c < n; ++c) sums(r, c) += a(r, i) * b(i, c);
      }
    }
    RC_ASSERT(equal(product, sums));
    // Factors that lie transposed in memory.
    const Matrix<Real> at = a.transpose(), bt = b.transpose();
    RC_ASSERT(equal(matmul<Real>(t(at), b), product));
    RC_ASSERT(equal(matmul<Real>(a, t(bt)), product));
  });
}

TEST_CASE_TEMPLATE("property: (A B) C = A (B C)", Real, float, double) {
  for_all([] {
    const Index m = pick("rows of A", 1, kLargest), k = pick("cols of A", 1, kDeepest),
                n = pick("cols of B", 1, kLargest), p = pick("cols of C", 1, kLargest);
    Rng rng = pick_rng();
    const Matrix<Real> a = whole_numbers<Real>(m, k, rng), b = whole_numbers<Real>(k, n, rng),
                       c = whole_numbers<Real>(n, p, rng);
    RC_ASSERT(equal(matmul<Real>(matmul<Real>(a, b), c), matmul<Real>(a, matmul<Real>(b, c))));
  });
}

TEST_CASE_TEMPLATE("property: A (B + C) = A B + A C, with the sum taken before or after", Real,
                   float, double) {
  for_all([] {
    const Index m = pick("rows", 1, kLargest), k = pick("inner", 1, kDeepest),
                n = pick("cols", 1, kLargest);
    Rng rng = pick_rng();
    const Matrix<Real> a = whole_numbers<Real>(m, k, rng), b = whole_numbers<Real>(k, n, rng),
                       c = whole_numbers<Real>(k, n, rng);
    const Matrix<Real> sum = b + c;
    Matrix<Real> added = matmul<Real>(a, b);
    matmul_add<Real>(added, a, c);
    RC_ASSERT(equal(matmul<Real>(a, sum), added));
    Matrix<Real> written = c.topRows(1).replicate(m, 1);  // must be overwritten
    matmul_into<Real>(written, a, sum);
    RC_ASSERT(equal(written, added));
  });
}

TEST_CASE_TEMPLATE("property: I A = A = A I, and a block of a product is a product of blocks", Real,
                   float, double) {
  for_all([] {
    const Index m = pick("rows", 1, kLargest), k = pick("inner", 1, kDeepest),
                n = pick("cols", 1, kLargest);
    Rng rng = pick_rng();
    const Matrix<Real> a = whole_numbers<Real>(m, k, rng), b = whole_numbers<Real>(k, n, rng);
    RC_ASSERT(equal(matmul<Real>(Matrix<Real>::Identity(m, m).eval(), a), a));
    RC_ASSERT(equal(matmul<Real>(a, Matrix<Real>::Identity(k, k).eval()), a));
    const Index row = pick("first row", 0, m - 1), rows = pick("rows of block", 0, m - row);
    const Index col = pick("first col", 0, n - 1), cols = pick("cols of block", 0, n - col);
    const Matrix<Real> block = matmul<Real>(a, b).block(row, col, rows, cols);
    RC_ASSERT(equal(matmul<Real>(a.middleRows(row, rows), b.middleCols(col, cols)), block));
    // Written into the middle of a larger matrix, and nothing beside it.
    Matrix<Real> large = Matrix<Real>::Constant(rows + 2, cols + 2, 99);
    matmul_into<Real>(large.block(1, 1, rows, cols), a.middleRows(row, rows),
                      b.middleCols(col, cols));
    RC_ASSERT(equal<Real>(large.block(1, 1, rows, cols), block));
    large.block(1, 1, rows, cols).setConstant(99);
    RC_ASSERT((large.array() == 99).all());
  });
}
