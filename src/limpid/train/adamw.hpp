/// AdamW: every weight moves at its own pace, and decays apart from its gradient.
///
/// Two running means are kept for each weight: of its gradient (where to go) and of its gradient's
/// square (how large such gradients usually are). Their quotient is a step of about one learning
/// rate, however large or small the gradients of this weight are.
///
///   m = beta1 m + (1 - beta1) g                 v = beta2 v + (1 - beta2) g^2
///   m_hat = m / (1 - beta1^t)                   v_hat = v / (1 - beta2^t)           t = 1, 2, ...
///   w = w - learning_rate (m_hat / (sqrt(v_hat) + epsilon) + weight_decay w)
///
/// m and v start at 0 and are too small at first; the divisors undo exactly that: m is a weighted
/// mean whose weights add up to 1 - beta1^t. The w on the right is the weight before the step. The
/// decay is decoupled: were weight_decay w a part of g, it would be divided by sqrt(v_hat) too, and
/// weights with large gradients would hardly decay.
///
/// Moments below the smallest normal number become 0. The moments of a weight without gradients (a
/// rare token's embedding) would otherwise linger among the denormal numbers, where processors are
/// slow, and there they are far too small to matter beside epsilon.
///
/// SOURCE  Loshchilov, Hutter 2019, arXiv:1711.05101, algorithm 2 (weight_decay is their lambda /
///         alpha, as in PyTorch);  Kingma, Ba 2015, arXiv:1412.6980, algorithm 1
/// SHAPES  m, v as the parameter
/// SAVES   m, v and t from step to step: a checkpoint without them starts a different run
/// USES    core, train/flat_pieces
/// ERRORS  std::invalid_argument for options out of range, and for parameters that are not those
///         that the moments were made for
/// COST    16 bytes read and 12 written per float parameter and step: memory is the limit
#pragma once

#include <span>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/train/flat_pieces.hpp"

namespace limpid {

struct LIMPID_API AdamWOptions {
  double beta1 = 0.9;         ///< 0 <= beta1 < 1
  double beta2 = 0.99;        ///< 0 <= beta2 < 1
  double epsilon = 1e-8;      ///< at least 1e-16
  double weight_decay = 0.1;  ///< for parameters with `decay`; the others never decay

  void validate() const;
};

template <class Real>
class LIMPID_API AdamW {
 public:
  /// What a checkpoint saves of one parameter, beside its value. The memory is the optimizer's:
  /// write into it to restore.
  struct Moments {
    std::string name;  ///< the parameter's
    std::span<Real> first, second;
  };

  AdamW() = default;
  /// Moments of zero for these parameters; the parameters themselves are not kept.
  explicit AdamW(const Parameters<Real>& parameters, const AdamWOptions& options = {});

  /// One step along the gradients that the parameters hold now.
  /// REQUIRES the parameters of the constructor, in that order (their memory may have moved)
  void step(const Parameters<Real>& parameters, double learning_rate);

  std::vector<Moments> moments();

  /// t: the number of steps taken.
  Index steps() const { return steps_; }
  void set_steps(Index steps);

  AdamWOptions options;

 private:
  using RowVector = limpid::RowVector<Real>;
  void check_same(const Parameters<Real>& parameters) const;

  struct Entry {
    std::string name;
    RowVector first, second;
  };
  std::vector<Entry> entries_;
  std::vector<FlatPiece> pieces_;
  Index steps_ = 0;
};

}  // namespace limpid
