/// Reads the lists of a world: words, rows with columns, and syllables to spell names from.
///
///   list names                      list places: word | where
///     Oren, Hazel                     mill | beside
///     spell 2 3: ba be bo
///
/// USES    tales/world, tales/world_text
/// ERRORS  std::runtime_error with the place in the file
#pragma once

#include <string>
#include <string_view>

#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// What follows the word "list" in its first line.
List read_list(std::string_view line, const std::string& where);

/// One of the lines below it.
void read_rows(List& list, std::string_view line, const std::string& where);

}  // namespace limpid::tales
