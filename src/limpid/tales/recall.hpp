/// Recall points: the words of a story that only memory can tell.
///
/// SOURCE  our own measure; compare induction heads (Olsson et al. 2022, arXiv:2209.11895)
/// USES    tales/world
#pragma once

#include <vector>

#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// One telling of a fact in the text.
struct Telling {
  std::size_t fact = 0;
  std::size_t begin = 0, end = 0;
  bool decided = false;  ///< nothing else could stand here
};

/// The tellings of a story, in order, become its recall points: decided words of facts whose last
/// telling lies at least 15 words back.
std::vector<Recall> recall_points(const World& world, std::string_view text,
                                  const std::vector<Telling>& tellings);

}  // namespace limpid::tales
