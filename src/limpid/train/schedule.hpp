/// The learning rate of each step: up in a straight line, then down along half a cosine.
///
///   rate
///   peak          .-''-.               warm-up: Adam's means know little at first, so its first
///               .'      '-.            steps are poor and had better be short
///             .'           '-.
///   minimum  '                '-.__    decay: small steps at the end let the noise average out
///            0   warmup      steps - 1
///
///   step <  warmup     peak (step + 1) / (warmup + 1)
///   step >= warmup     minimum + (peak - minimum) fall(progress)
///   with progress      (step - warmup) / (steps - 1 - warmup), from 0 to 1
///        fall          (1 + cos(pi progress)) / 2,  or 1 - progress,  or 1
///
/// Step 0 already moves: a warm-up that begins at 0 would waste it. The peak is reached at step
/// `warmup`, the minimum at the last step, and it stays there for any step beyond. A warm-up that
/// leaves no room for a decay (warmup >= steps - 1) just climbs until the steps are over.
///
/// SOURCE  Loshchilov, Hutter 2017, arXiv:1608.03983, equation 5 (one period);
///         Goyal et al. 2017, arXiv:1706.02677, section 2.2 (gradual warm-up)
/// USES    core
/// ERRORS  std::invalid_argument from validate(): the key, its value, what was expected
#pragma once

#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

enum class Decay { cosine, linear, none };

LIMPID_API std::string_view decay_name(Decay decay);
/// ERRORS  std::invalid_argument naming the decays there are
LIMPID_API Decay decay_from_name(std::string_view name);

struct LIMPID_API LearningRate {
  double peak = 1e-3;
  double minimum = 1e-4;
  Index warmup = 100;  ///< steps before the peak
  Index steps = 2000;  ///< of the whole run
  Decay decay = Decay::cosine;

  void validate() const;
  /// REQUIRES validate() passed, step >= 0 (counted from 0)
  double operator()(Index step) const;
};

}  // namespace limpid
