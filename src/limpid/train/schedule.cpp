#include "limpid/train/schedule.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <numbers>

#include "limpid/core/check.hpp"

namespace limpid {

std::string_view decay_name(Decay decay) {
  return decay == Decay::cosine ? "cosine" : decay == Decay::linear ? "linear" : "none";
}

Decay decay_from_name(std::string_view name) {
  for (const Decay decay : {Decay::cosine, Decay::linear, Decay::none}) {
    if (decay_name(decay) == name) return decay;
  }
  fail("schedule", fmt::format("decay is '{}', expected cosine, linear or none", name));
}

void LearningRate::validate() const {
  if (!(peak > 0 && std::isfinite(peak))) {
    fail("schedule", fmt::format("learning_rate is {}, expected a number above 0", peak));
  }
  if (!(minimum >= 0 && minimum <= peak)) {
    fail("schedule",
         fmt::format("min_learning_rate is {}, expected 0 to learning_rate, {}", minimum, peak));
  }
  if (warmup < 0) fail("schedule", fmt::format("warmup is {}, expected 0 or more", warmup));
  if (steps < 1) fail("schedule", fmt::format("steps is {}, expected 1 or more", steps));
}

double LearningRate::operator()(Index step) const {
  assert(step >= 0);
  if (step >= steps) return decay == Decay::none ? peak : minimum;
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
  const Index room = steps - 1 - warmup;
  if (step == warmup || decay == Decay::none) return peak;
  if (step == steps - 1) return minimum;
  const double progress = static_cast<double>(step - warmup) / static_cast<double>(room);
  const double fall =
      decay == Decay::linear ? 1 - progress : (1 + std::cos(std::numbers::pi * progress)) / 2;
  return minimum + (peak - minimum) * fall;
}

}  // namespace limpid
