/// Ties the rules of a world together and looks for what could never work: unknown slots, rules that
/// are never used or lead back to themselves, facts that are never told.
///
/// It also works out two things that others need: which words are decided by what stands before them
/// (recall points), and the single sentences of the world (the checker).
///
/// USES    tales/world, tales/world_text
/// ERRORS  std::runtime_error with the place in the file
#pragma once

#include "limpid/tales/world.hpp"

namespace limpid::tales {

void link_world(World& world);

}  // namespace limpid::tales
