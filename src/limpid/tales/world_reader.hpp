/// Reads the language of the worlds (data/tales/README.md) and makes sure that it makes sense.
///
/// USES    core/embedded, tales/world, tales/world_text, tales/world_links, tales/list_reader
/// USES    tales/rule_reader
/// ERRORS  std::runtime_error: "plots.txt:12: expected ..., got ..."
#pragma once

#include <span>

#include "limpid/tales/world.hpp"

namespace limpid::tales {

World read_world(std::span<const EmbeddedFile> files);

}  // namespace limpid::tales
