// A model that counts pairs of tokens, its loss on a text, and the gradient of a loss in its scores.
#pragma once

#include <cstdint>
#include <vector>

#include "limpid/core/matrix.hpp"

namespace limpid::lesson {

using Ids = std::vector<std::int32_t>;

struct Bigram {
  explicit Bigram(Index vocab) : counts(Matrix<double>::Zero(vocab, vocab)) {}

  /// Adds the pairs of a text to the counts. A single token makes none, an empty text neither.
  void count(const Ids& text);

  /// How probable `next` is after `before`. Every pair counts once more than it came, so that
  /// nothing is impossible; after each token, the probabilities of all V tokens add up to 1.
  double probability(std::int32_t before, std::int32_t next) const;

  Matrix<double> counts;  ///< [V, V] counts(h, w): how often w came right after h
};

/// The mean surprise over the tokens of a text that have one before them.
/// REQUIRES two tokens or more
double nats_per_token(const Bigram& model, const Ids& text);

/// dloss/dscores of the mean cross-entropy over the rows. scores [N, V], targets [N].
Matrix<double> loss_gradient(const Matrix<double>& scores, const Ids& targets);

}  // namespace limpid::lesson
