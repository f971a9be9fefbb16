#include "limpid/core/matrix.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <type_traits>
#include <utility>

using namespace limpid;

// NO gradient check: types have no gradient
// NO fixture: Eigen is the implementation
// NO accumulation: nothing accumulates
// NO misuse: what does not fit does not compile

namespace {

const double* data_of(const ConstView<double>& view) {
  return view.data();
}
void fill(View<double> view, double number) {
  view.setConstant(number);
}

}  // namespace

TEST_CASE("by hand: rows lie one after the other in memory") {
  Matrix<double> m(2, 3);
  m << 1, 2, 3,  //
      4, 5, 6;
  for (Index i = 0; i < 6; ++i) CHECK(m.data()[i] == static_cast<double>(i + 1));
  CHECK(m.outerStride() == 3);
}

TEST_CASE("property: a view of a block is the block: nothing is copied, writing goes through") {
  Matrix<double> m = Matrix<double>::Zero(4, 6);
  CHECK(data_of(m) == m.data());
  CHECK(data_of(m.block(1, 2, 3, 3)) == &m(1, 2));
  CHECK(data_of(m.middleRows(2, 1)) == &m(2, 0));
  fill(m.block(1, 2, 2, 3), 7);
  CHECK(m.sum() == 6 * 7);
  CHECK(m(1, 2) == 7);
  CHECK(m(2, 4) == 7);
  CHECK(m(2, 5) == 0);
}

TEST_CASE("property: matrices begin at multiples of 64 bytes, the width of a cache line") {
  for (Index n = 1; n < 50; ++n) {
    const Matrix<float> m(n, 3);
    const RowVector<double> row(n);
    CHECK(reinterpret_cast<std::uintptr_t>(m.data()) % 64 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(row.data()) % 64 == 0);
  }
}

TEST_CASE("property: moving a matrix moves no numbers") {
  static_assert(std::is_nothrow_move_constructible_v<Matrix<float>>);
  Matrix<float> m = Matrix<float>::Ones(5, 5);
  const float* const memory = m.data();
  const Matrix<float> moved = std::move(m);
  CHECK(moved.data() == memory);
}

TEST_CASE("edges: a row is a matrix of one row, no rows are a matrix too") {
  RowVector<double> row(3);
  row << 1, 2, 3;
  const Matrix<double> m = row;
  CHECK(m.rows() == 1);
  CHECK(data_of(row) == row.data());
  CHECK(Matrix<double>(0, 5).cols() == 5);
}
