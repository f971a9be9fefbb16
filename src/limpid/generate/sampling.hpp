/// Sampling: from the model's scores for the next token to one token.
///
/// softmax(logits) is the model's opinion; the options bend it before one token is drawn. They act
/// in this order:
///
///   repetition_penalty r   logits of tokens in the history: l / r if l > 0, else l r   (once each)
///   temperature t          p = softmax(l / t): below 1 sharper, above 1 flatter, 0 greedy
///   top_k k                keep the k likeliest tokens
///   top_p p                keep the likeliest tokens until their sum reaches p, with the last one
///                          that it takes (shares of what top_k left)
///   min_p m                keep the tokens with at least m times the likeliest one's probability
///
/// and what is left is scaled to sum 1. Among equal scores the lower id counts as likelier. The
/// likeliest token survives every filter. Dividing a negative logit by r would make its token
/// likelier: hence the two cases of the penalty.
///
/// Every call moves the generator by exactly one draw, a greedy one too: the number of tokens
/// written so far alone decides which random number comes next, whatever the options were.
///
/// SOURCE  temperature: Ackley, Hinton, Sejnowski 1985, "A Learning Algorithm for Boltzmann
///         Machines";  top_k: Fan, Lewis, Dauphin 2018, arXiv:1805.04833;  top_p: Holtzman et al.
///         2020, arXiv:1904.09751;  min_p: Nguyen et al. 2024, arXiv:2407.01082;  penalty: Keskar
///         et al. 2019, arXiv:1909.05858, section 4.1
/// SHAPES  logits, distribution [V]
/// USES    core
/// ERRORS  std::invalid_argument: an option out of range (key, value, range), a NaN or +infinity
///         among the logits, all of them -infinity, a history id outside the vocabulary
/// COST    V exponentials; with top_k or top_p a heap of V and log V per token kept
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"

namespace limpid {

struct LIMPID_API SamplingOptions {
  double temperature = 1;         ///< 0 or more; 0: always the likeliest token
  Index top_k = 0;                ///< 0: off
  double top_p = 1;               ///< above 0, at most 1; 1: off
  double min_p = 0;               ///< 0 to 1; 0: off
  double repetition_penalty = 1;  ///< above 0; above 1 discourages, 1: off

  void validate() const;
};

/// The probabilities from which sample() draws: 0 for tokens that were filtered out. [V]
LIMPID_API std::vector<double> distribution(std::span<const float> logits,
                                            const SamplingOptions& options,
                                            std::span<const std::int32_t> history = {});

/// One token id. `history`: the tokens so far, in any order, for the repetition penalty.
LIMPID_API std::int32_t sample(std::span<const float> logits, const SamplingOptions& options,
                               std::span<const std::int32_t> history, Rng& rng);

}  // namespace limpid
