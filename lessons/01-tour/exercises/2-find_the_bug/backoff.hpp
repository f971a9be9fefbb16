// A bigram model that takes a discount from each count and leans on single tokens with it.
#pragma once

#include <cstdint>
#include <vector>

#include "limpid/core/matrix.hpp"

namespace limpid::lesson {

using Ids = std::vector<std::int32_t>;

struct Backoff {
  static constexpr double kDiscount = 0.5;

  explicit Backoff(Index vocab)
      : pairs(Matrix<double>::Zero(vocab, vocab)), tokens(RowVector<double>::Zero(vocab)) {}

  /// Adds the pairs of a text, and the tokens that ended them.
  void count(const Ids& text);

  /// p(next | before); over all `next` these add up to 1.
  double probability(std::int32_t before, std::int32_t next) const;

  Matrix<double> pairs;      ///< [V, V] pairs(h, w): how often w came right after h
  RowVector<double> tokens;  ///< [V] how often each token came, after whatever
};

}  // namespace limpid::lesson
