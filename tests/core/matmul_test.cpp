#include "limpid/core/matmul.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "limpid/core/narrow_matmul.hpp"
#include "limpid/core/packed_matmul.hpp"
#include "limpid/core/reference_matmul.hpp"
#include "limpid/core/rng.hpp"

#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO fixture: three plain loops are the other implementation
// NO gradient check: nn/linear, whose gradients are products, is checked

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Small whole numbers: their products and sums are exact in float, so every order of adding gives
// the same result, and a test may ask for equality.
template <class Real>
Matrix<Real> whole_numbers(Index rows, Index cols, Rng& rng) {
  Matrix<Real> m(rows, cols);
  for (Real& number : m.reshaped()) number = static_cast<Real>(static_cast<int>(rng.below(9)) - 4);
  return m;
}

template <class Real>
Matrix<Real> three_loops(const Matrix<Real>& a, const Matrix<Real>& b) {
  Matrix<Real> c = Matrix<Real>::Zero(a.rows(), b.cols());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index k = 0; k < a.cols(); ++k) {
      for (Index j = 0; j < b.cols(); ++j) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

// A matrix that lies as a block inside a larger one full of NaN: reading beyond it shows.
template <class Real>
struct Framed {
  explicit Framed(const Matrix<Real>& m) : rows(m.rows()), cols(m.cols()) {
    frame = Matrix<Real>::Constant(rows + 3, cols + 5, static_cast<Real>(kNaN));
    view() = m;
  }
  auto view() { return frame.block(1, 2, rows, cols); }
  bool frame_is_whole() const {
    return (frame.array() != frame.array()).count() == frame.size() - rows * cols;
  }
  Index rows, cols;
  Matrix<Real> frame;
};

template <class Real>
using Multiply = void (*)(View<Real>, const Factor<Real>&, const Factor<Real>&, Store);

template <class Real>
void through_the_seam(View<Real> c, const Factor<Real>& a, const Factor<Real>& b, Store store) {
  if (store == Store::set) matmul_into<Real>(c, a, b);
  if (store == Store::add) matmul_add<Real>(c, a, b);
}

// One size in all four transpositions, contiguous and as blocks, set and added. True when every
// number of every result is right and nothing around the result was touched.
template <class Real>
bool right_in_every_form(Multiply<Real> multiply, Index m, Index n, Index k, Rng& rng) {
  const Matrix<Real> a = whole_numbers<Real>(m, k, rng), b = whole_numbers<Real>(k, n, rng);
  const Matrix<Real> old = whole_numbers<Real>(m, n, rng);
  const Matrix<Real> ab = three_loops(a, b), added = old + ab;
  const Matrix<Real> at = a.transpose(), bt = b.transpose();
  const Factor<Real> a_forms[] = {a, t(at)}, b_forms[] = {b, t(bt)};
  Framed<Real> framed_a(a), framed_at(at), framed_b(b), framed_bt(bt);
  const Factor<Real> a_blocks[] = {framed_a.view(), t(framed_at.view())};
  const Factor<Real> b_blocks[] = {framed_b.view(), t(framed_bt.view())};

  bool right = true;
  for (int form = 0; form < 4; ++form) {
    // c = a b must not read what c held before: 0 * NaN is NaN.
    Matrix<Real> c = Matrix<Real>::Constant(m, n, static_cast<Real>(kNaN));
    multiply(c, a_forms[form / 2], b_forms[form % 2], Store::set);
    right = right && c == ab;
    c = old;
    multiply(c, a_forms[form / 2], b_forms[form % 2], Store::add);
    right = right && c == added;
    Framed<Real> framed_c(Matrix<Real>::Zero(m, n));
    multiply(framed_c.view(), a_blocks[form / 2], b_blocks[form % 2], Store::set);
    right = right && framed_c.view() == ab && framed_c.frame_is_whole();
    framed_c.view() = old;
    multiply(framed_c.view(), a_blocks[form / 2], b_blocks[form % 2], Store::add);
    right = right && framed_c.view() == added && framed_c.frame_is_whole();
  }
  return right;
}

template <class Real>
void check_many_sizes(Multiply<Real> multiply) {
  Rng rng(1);
  for (Index m = 1; m <= 41; ++m) {
    const ThreadScope scope(1);  // too small to share out; waking threads would take all the time
    for (Index n = 1; n <= 41; ++n) {
      const Index k = 1 + static_cast<Index>(rng.below(41));
      CAPTURE(m);
      CAPTURE(n);
      CAPTURE(k);
      CHECK(right_in_every_form<Real>(multiply, m, n, k, rng));
    }
  }
  // Around the borders of blocks and runs, long and thin, and larger than one block.
  constexpr Index kSizes[][3] = {{1, 1, 1000},   {1, 1000, 1},    {1000, 1, 1},   {1, 300, 700},
                                 {300, 1, 700},  {64, 64, 255},   {64, 64, 256},  {64, 64, 257},
                                 {112, 256, 64}, {113, 257, 513}, {127, 129, 31}, {250, 33, 1025},
                                 {33, 2050, 17}, {2050, 33, 17},  {15, 4100, 3},  {129, 193, 257}};
  for (const auto& [rows, cols, depth] : kSizes) {
    const Index m = rows, n = cols, k = depth;
    CAPTURE(m);
    CAPTURE(n);
    CAPTURE(k);
    CHECK(right_in_every_form<Real>(multiply, m, n, k, rng));
  }
}

}  // namespace

TEST_CASE("by hand: two by two") {
  Matrix<double> a(2, 2), b(2, 2), c(2, 2);
  a << 1, 2,  //
      3, 4;
  b << 5, 6,  //
      7, 8;
  c << 1 * 5 + 2 * 7, 1 * 6 + 2 * 8,  //
      3 * 5 + 4 * 7, 3 * 6 + 4 * 8;
  CHECK(matmul<double>(a, b) == c);
  c << 1 * 5 + 2 * 6, 1 * 7 + 2 * 8,  //
      3 * 5 + 4 * 6, 3 * 7 + 4 * 8;
  CHECK(matmul<double>(a, t(b)) == c);
  c << 1 * 5 + 3 * 7, 1 * 6 + 3 * 8,  //
      2 * 5 + 4 * 7, 2 * 6 + 4 * 8;
  CHECK(matmul<double>(t(a), b) == c);
}

TEST_CASE("property: all sizes, transpositions and blocks are exact, in float") {
  check_many_sizes<float>(through_the_seam<float>);
}

TEST_CASE("property: all sizes, transpositions and blocks are exact, in double") {
  check_many_sizes<double>(through_the_seam<double>);
}

TEST_CASE(
    "property: so they are for the packed and for the reference form, whichever the seam uses") {
  check_many_sizes<float>(packed_matmul<float>);
  check_many_sizes<float>(reference_matmul<float>);
}

TEST_CASE("property: so they are for products with few rows") {
  Rng rng(5);
  for (Index m = 1; m <= kNarrowRows; ++m) {
    for (const Index n : {1, 3, 4, 5, 16, 63, 64, 65, 130, 1500}) {
      for (const Index k : {1, 7, 15, 16, 17, 33, 600}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CHECK(right_in_every_form<float>(narrow_matmul<float>, m, n, k, rng));
      }
    }
    CHECK(right_in_every_form<double>(narrow_matmul<double>, m, 37, 21, rng));
  }
}

TEST_CASE("property: a row multiplied alone and among others has the same bits") {
  Rng rng(6);
  const Matrix<float> a = random_matrix(kNarrowRows, 131, rng).cast<float>();
  const Matrix<float> b = random_matrix(131, 203, rng).cast<float>(), bt = b.transpose();
  const auto product = [](const Factor<float>& left, const Factor<float>& right) {
    Matrix<float> c(left.rows, right.cols);
    narrow_matmul<float>(c, left, right, Store::set);
    return c;
  };
  const Matrix<float> all = product(a, b), all_t = product(a, t(bt));
  for (Index i = 0; i < a.rows(); ++i) {
    const Matrix<float> row = a.row(i);
    CHECK(same_bits(product(row, b), Matrix<float>(all.row(i))));
    CHECK(same_bits(product(row, t(bt)), Matrix<float>(all_t.row(i))));
  }
}

TEST_CASE("property: real numbers agree with three loops to rounding") {
  Rng rng(2);
  const Matrix<double> a = random_matrix(67, 301, rng), b = random_matrix(301, 93, rng);
  const Matrix<double> expected = three_loops(a, b);
  CHECK(max_difference(matmul<double>(a, b), expected) <= 1e-12);
  const Matrix<float> single =
      matmul<float>(Matrix<float>(a.cast<float>()), Matrix<float>(b.cast<float>()));
  CHECK(max_difference(single.cast<double>(), expected) <= 1e-4);
}

TEST_CASE("property: the same bits with any number of threads") {
  constexpr Index kSizes[][3] = {
      {37, 41, 29}, {301, 257, 129}, {64, 1000, 600}, {700, 13, 300}, {3, 5000, 100}};
  for (const auto& [m, n, k] : kSizes) {
    CHECK(same_bits_with_all_threads([m = m, n = n, k = k] {
      Rng rng(3);
      const Matrix<float> a = random_matrix(m, k, rng).cast<float>();
      const Matrix<float> b = random_matrix(k, n, rng).cast<float>();
      const Matrix<float> bt = b.transpose(), at = a.transpose();
      Matrix<float> c = matmul<float>(a, b);
      matmul_add<float>(c, t(at), t(bt));
      return std::vector<Matrix<float>>{c, matmul<float>(a, t(bt)), matmul<float>(t(at), b)};
    }));
  }
}

TEST_CASE("property: products inside a parallel loop are the products outside") {
  Rng rng(4);
  const Matrix<float> a = random_matrix(64, 50, rng).cast<float>();
  const Matrix<float> b = random_matrix(50, 70, rng).cast<float>();
  const Matrix<float> expected = matmul<float>(a, b);
  std::vector<Matrix<float>> results(20);
  const ThreadScope scope(3);
  parallel_for(20, 1,
               [&](Index i, Index) { results[static_cast<std::size_t>(i)] = matmul<float>(a, b); });
  for (const Matrix<float>& result : results) CHECK(same_bits(result, expected));
}

TEST_CASE("property: a factor is a view; its block and its transpose move no number") {
  Rng rng(5);
  const Matrix<double> a = whole_numbers<double>(6, 8, rng), b = whole_numbers<double>(3, 4, rng);
  const Factor<double> whole = a;
  CHECK(whole.data == a.data());
  CHECK(t(a).data == a.data());
  CHECK(t(a).rows == 8);
  CHECK(t(a).row_stride == 1);
  const Matrix<double> block = a.block(1, 2, 4, 3);
  CHECK(matmul<double>(whole.block(1, 2, 4, 3), b) == matmul<double>(block, b));
  const Matrix<double> turned = a.block(2, 1, 3, 4).transpose();
  CHECK(matmul<double>(t(a).block(1, 2, 4, 3), b) == matmul<double>(turned, b));
}

TEST_CASE("accumulation: matmul_add adds, matmul_into overwrites") {
  Rng rng(6);
  const Matrix<double> a = whole_numbers<double>(9, 300, rng),
                       b = whole_numbers<double>(300, 7, rng);
  const Matrix<double> once = matmul<double>(a, b);
  Matrix<double> c = once;
  matmul_add<double>(c, a, b);
  CHECK(c == 2 * once);
  matmul_into<double>(c, a, b);
  CHECK(c == once);
}

TEST_CASE("edges: sizes of 0") {
  for (const Index m : {0, 3}) {
    for (const Index n : {0, 5}) {
      for (const Index k : {0, 2}) {
        const Matrix<float> a = Matrix<float>::Ones(m, k), b = Matrix<float>::Ones(k, n);
        const Matrix<float> c = matmul<float>(a, b);
        CHECK(c.rows() == m);
        CHECK(c.cols() == n);
        CHECK((c.array() == static_cast<float>(k)).all());  // an empty sum is 0
        Matrix<float> kept = Matrix<float>::Constant(m, n, 7);
        matmul_add<float>(kept, a, b);
        CHECK((kept.array() == static_cast<float>(7 + k)).all());
        matmul_into<float>(kept, a, b);
        CHECK((kept.array() == static_cast<float>(k)).all());
      }
    }
  }
}

TEST_CASE("edges: NaN and infinity are not hidden") {
  Matrix<double> a = Matrix<double>::Zero(20, 20), b = Matrix<double>::Zero(20, 20);
  a(3, 19) = kNaN;
  b(7, 11) = std::numeric_limits<double>::infinity();
  const Matrix<double> c = matmul<double>(a, b);
  CHECK(c.row(3).array().isNaN().all());
  CHECK(c.col(11).array().isNaN().all());  // 0 * infinity
  CHECK((c.array() != c.array()).count() == 39);
}

TEST_CASE("misuse: inner sizes that differ, a result of another shape") {
  const Matrix<double> a = Matrix<double>::Zero(2, 3), b = Matrix<double>::Zero(4, 5);
  Matrix<double> c(2, 5);
  CHECK_THROWS_WITH_AS(matmul<double>(a, b), "matmul: [2, 3] times [4, 5]: the inner sizes differ",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(matmul_into<double>(c, a, b),
                       "matmul: [2, 3] times [4, 5]: the inner sizes differ",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(matmul_add<double>(c, t(a), b),
                       "matmul: [3, 2] times [4, 5]: the inner sizes differ",
                       std::invalid_argument);
  const Matrix<double> fitting = Matrix<double>::Zero(3, 4);
  CHECK_THROWS_WITH_AS(matmul_into<double>(c, a, fitting),
                       "matmul: c has shape [2, 5], expected [2, 4]", std::invalid_argument);
  CHECK_THROWS_WITH_AS(matmul_add<double>(c, a, fitting),
                       "matmul: c has shape [2, 5], expected [2, 4]", std::invalid_argument);
}
