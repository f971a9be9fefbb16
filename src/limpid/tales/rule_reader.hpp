/// Reads the lines of a rule: conditions, and alternatives with their notes, texts and slots.
///
///   when trait is shy or brave and owner is not friend
///     [weight 3, owner = friend] {Name} gave {friend} the {object}.
///
/// USES    tales/world, tales/world_text
/// ERRORS  std::runtime_error with the place in the file
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// What follows "when". Lists and facts must be known by now.
std::vector<Condition> read_conditions(const World& world, std::string_view line,
                                       const std::string& where);

/// One way to tell a rule. Slots stay names until all rules are known (tales/world_links).
Alternative read_alternative(const World& world, std::string_view line, const std::string& where);

}  // namespace limpid::tales
