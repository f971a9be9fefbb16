/// Writes stories, and knows how probable each one is.
///
///   bits = sum over the choices of  -log2(weight of the chosen / sum of the weights)
///
/// USES    core/rng, core/export, tales/story, tales/world, tales/recall
/// ERRORS  std::runtime_error when a rule has no alternative for the facts of this story
#pragma once

#include "limpid/core/export.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// The next story of this stream of random numbers.
LIMPID_API Story write(const World& world, Split split, Rng& rng);

}  // namespace limpid::tales
