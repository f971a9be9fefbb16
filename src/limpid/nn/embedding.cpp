#include "limpid/nn/embedding.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

void check_ids(std::span<const std::int32_t> ids, Index vocabulary) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= vocabulary) {
      fail("embedding",
           fmt::format("id {} in row {} is outside the vocabulary of {}", ids[i], i, vocabulary));
    }
  }
}

}  // namespace

template <class Real>
Embedding<Real>::Embedding(Index vocabulary, Index width, Rng& rng, double deviation)
    : weight(normal_matrix<Real>(vocabulary, width, deviation, rng)),
      weight_grad(Matrix::Zero(vocabulary, width)) {}

// Row i of y is a copy of row ids[i] of the table. It is the product of the table with a row that is 1
// at ids[i] and 0 elsewhere, without the multiplications.
template <class Real>
auto Embedding<Real>::forward(std::span<const std::int32_t> ids) const -> Matrix {
  check_ids(ids, weight.rows());
  Matrix y(static_cast<Index>(ids.size()), weight.cols());
  parallel_rows(y.rows(), y.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y.row(i) = weight.row(ids[static_cast<std::size_t>(i)]);
  });
  return y;
}

// The gradient of a copy is added where the copy was taken:  dW[ids[i]] += dy[i].  Rows of tokens that
// do not occur receive nothing.
template <class Real>
void Embedding<Real>::backward(const Matrix& dy, std::span<const std::int32_t> ids) {
  const Index rows = static_cast<Index>(ids.size());
  check_shape("embedding", "dy", dy, rows, weight.cols());
  check_ids(ids, weight.rows());
  // Two rows of dy may meet in one row of the table, so threads share out the columns, not the
  // rows: each one walks all rows in order, and every sum is added in the order of the text.
  constexpr Index kColumns = 64;
  parallel_for(weight.cols(), kColumns, [&](Index begin, Index end) {
    for (Index i = 0; i < rows; ++i) {
      weight_grad.row(ids[static_cast<std::size_t>(i)]).segment(begin, end - begin) +=
          dy.row(i).segment(begin, end - begin);
    }
  });
}

template <class Real>
auto Embedding<Real>::parameters() -> Parameters<Real> {
  return {matrix_parameter("weight", weight, weight_grad)};
}

template class Embedding<float>;
template class Embedding<double>;

}  // namespace limpid
