#include "limpid/core/matmul.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"
#include "limpid/core/narrow_matmul.hpp"
#include "limpid/core/packed_matmul.hpp"
#include "limpid/core/reference_matmul.hpp"

namespace limpid {
namespace {

template <class Real>
void multiply(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store) {
  if (a.cols != b.rows) {
    fail("matmul", fmt::format("[{}, {}] times [{}, {}]: the inner sizes differ", a.rows, a.cols,
                               b.rows, b.cols));
  }
  check_shape("matmul", "c", c, a.rows, b.cols);
#ifdef LIMPID_MATMUL_REFERENCE
  reference_matmul<Real>(c, a, b, store);
#else
  if (a.rows <= kNarrowRows && (b.row_stride == 1 || b.col_stride == 1)) {
    narrow_matmul<Real>(c, a, b, store);
  } else {
    packed_matmul<Real>(c, a, b, store);
  }
#endif
}

}  // namespace

template <class Real>
Matrix<Real> matmul(const Factor<Real>& a, const Factor<Real>& b) {
  Matrix<Real> c(a.rows, b.cols);
  multiply<Real>(c, a, b, Store::set);
  return c;
}

template <class Real>
void matmul_into(View<Real> c, const Factor<Real>& a, const Factor<Real>& b) {
  multiply<Real>(c, a, b, Store::set);
}

template <class Real>
void matmul_add(View<Real> c, const Factor<Real>& a, const Factor<Real>& b) {
  multiply<Real>(c, a, b, Store::add);
}

#define LIMPID_INSTANTIATE(Real)                                                   \
  template Matrix<Real> matmul(const Factor<Real>&, const Factor<Real>&);          \
  template void matmul_into(View<Real>, const Factor<Real>&, const Factor<Real>&); \
  template void matmul_add(View<Real>, const Factor<Real>&, const Factor<Real>&);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
