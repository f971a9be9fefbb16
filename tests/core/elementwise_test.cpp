#include "limpid/core/elementwise.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: the gradient of a sum is its upstream gradient, passed on unchanged
// NO fixture: a sum is rounded once, so the expected bits are known

TEST_CASE("by hand: x += y") {
  Matrix<double> x(2, 2), y(2, 2), sum(2, 2);
  x << 1, 2, 3, 4;
  y << 10, 20, 30, -4;
  sum << 11, 22, 33, 0;
  add(x, y);
  CHECK(same_bits(x, sum));
}

TEST_CASE("property: equal to the plain sum, with the same bits for any number of threads") {
  Rng rng(1);
  for (const Index rows : {1, 3, 257, 5000}) {
    const Matrix<double> x = random_matrix(rows, 13, rng), y = random_matrix(rows, 13, rng);
    const Matrix<double> expected = x + y;
    CHECK(same_bits_with_all_threads([&] {
      Matrix<double> sum = x;
      add(sum, y);
      return std::vector<Matrix<double>>{sum};
    }));
    Matrix<double> sum = x;
    add(sum, y);
    CHECK(same_bits(sum, expected));
  }
}

TEST_CASE("accumulation: twice adds twice, and y stays as it is") {
  Matrix<float> x = Matrix<float>::Zero(2, 3);
  const Matrix<float> y = Matrix<float>::Constant(2, 3, 1.5f);
  add(x, y);
  add(x, y);
  CHECK(same_bits<float>(x, Matrix<float>::Constant(2, 3, 3)));
  CHECK(same_bits<float>(y, Matrix<float>::Constant(2, 3, 1.5f)));
}

TEST_CASE("edges: nothing, and a matrix added to itself") {
  Matrix<float> none(0, 4);
  add(none, Matrix<float>(0, 4));
  CHECK(none.rows() == 0);
  Matrix<float> x = Matrix<float>::Constant(3, 3, 2);
  add(x, x);
  CHECK(same_bits<float>(x, Matrix<float>::Constant(3, 3, 4)));
}

TEST_CASE("misuse: another shape") {
  Matrix<float> x(2, 3);
  CHECK_THROWS_WITH_AS(add(x, Matrix<float>(3, 2)), "add: y has shape [3, 2], expected [2, 3]",
                       std::invalid_argument);
}
