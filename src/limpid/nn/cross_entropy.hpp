/// Cross-entropy: how surprised the model is by the token that really came next, in nats.
///
///   p_j  = e^(x_j) / sum over k of e^(x_k)                       the softmax of a row of logits
///   loss = -log p_target = log(sum over k of e^(x_k)) - x_target
///   dx_j = p_j - [j is the target]                               what was believed minus the truth
///
/// The slope of the log of the sum in x_j is e^(x_j) / sum = p_j; that of -x_target is -1 at the target and 0
/// elsewhere.
///
/// e^(x_k) overflows long before logits are unreasonable, so the largest logit m is taken out:
///   log(sum of e^(x_k)) = m + log(sum of e^(x_k - m)), whose largest term is 1.
///
/// The loss of a batch is the mean over the targets that count; kIgnore as a target does not.
/// Targets are already shifted: targets[i] is the token that follows row i.
///
/// SOURCE  Goodfellow, Bengio, Courville 2016, "Deep Learning", sections 4.1 and 6.2.2.3
/// SHAPES  logits, dlogits [N, V];  targets [N]
/// SAVES   nothing: the gradient is made in the same call, in the memory of the logits
/// USES    core, nn/softmax
/// ERRORS  std::invalid_argument when the number of targets is not N or a target is outside the
///         vocabulary
/// COST    three reads and two writes of the logits, one exponential each; sums in double
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

inline constexpr std::int32_t kIgnore = -1;  ///< as a target: this row does not count

struct CrossEntropyOptions {
  /// Columns that are real tokens; the others pad the matrix to a convenient width, get no
  /// probability and no gradient. 0: all columns are real.
  Index vocabulary = 0;

  /// What the sum over targets is divided by; 0: the number of targets that count. When a step
  /// adds up several small batches, give the step's total: then every token weighs the same,
  /// whichever batch it came in, and the small batches' losses add up to the step's.
  double divisor = 0;
};

template <class Real>
struct CrossEntropyResult {
  double loss;           ///< sum over targets that count / divisor; 0 when none counts
  Index count;           ///< targets that count
  Matrix<Real> dlogits;  ///< the gradient of exactly this loss
};

/// Loss and gradient. Give the logits away with std::move: dlogits is made in their memory.
template <class Real>
LIMPID_API CrossEntropyResult<Real> cross_entropy(Matrix<Real> logits,
                                                  std::span<const std::int32_t> targets,
                                                  const CrossEntropyOptions& options = {});

/// Only the loss, for evaluation.
template <class Real>
LIMPID_API double cross_entropy_loss(const Matrix<Real>& logits,
                                     std::span<const std::int32_t> targets,
                                     const CrossEntropyOptions& options = {});

/// The loss of each row in nats, 0 where the target is kIgnore. [N]
template <class Real>
LIMPID_API std::vector<double> cross_entropy_per_token(const Matrix<Real>& logits,
                                                       std::span<const std::int32_t> targets,
                                                       Index vocabulary = 0);

}  // namespace limpid
