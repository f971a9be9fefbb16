/// Embedding: a table with one row of numbers for every token of the vocabulary. The row is the
/// token's meaning as far as the model knows it, and training moves the rows.
///
///   y[i] = weight[ids[i]]
///
/// Looking up row k is the product of a one-hot row with the table, without the multiplications.
/// Its backward pass hands each row of dy to the row that was looked up; a token that occurs twice
/// receives both.
///
///   dweight[ids[i]] += dy[i]
///
/// The same table can serve as the output head ("tied"): logits = x weight^T. Then its gradient has
/// two sources, and both add to `weight_grad`.
///
/// SOURCE  Bengio, Ducharme, Vincent, Jauvin 2003, "A Neural Probabilistic Language Model",
///         section 2 (their C is weight); tied: Press, Wolf 2017, arXiv:1608.05859
/// SHAPES  ids [N];  y, dy [N, C];  weight [V, C]
/// SAVES   nothing: the caller still has the ids. There is no dx, because ids are not numbers
/// USES    core, nn/initial_deviation
/// ERRORS  std::invalid_argument when an id is outside the vocabulary or dy has another shape
/// COST    N*C numbers copied, no arithmetic; backward N*C additions
#pragma once

#include <cstdint>
#include <span>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/initial_deviation.hpp"

namespace limpid {

template <class Real>
class LIMPID_API Embedding {
 public:
  using Matrix = limpid::Matrix<Real>;

  Embedding() = default;
  /// Weights drawn from a normal distribution with this deviation.
  Embedding(Index vocabulary, Index width, Rng& rng, double deviation);
  Embedding(Index vocabulary, Index width, Rng& rng)
      : Embedding(vocabulary, width, rng, initial_deviation(width)) {}

  Matrix forward(std::span<const std::int32_t> ids) const;
  void backward(const Matrix& dy, std::span<const std::int32_t> ids);
  Parameters<Real> parameters();

  Matrix weight, weight_grad;  // [V, C]
};

}  // namespace limpid
