/// Small tools for reading the text of a world: parts of a line, names, and errors that say where.
///
/// USES    core/check, tales/world
/// ERRORS  std::runtime_error: "plots.txt:12: expected ..., got ..."
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// `where` is the file and line that is being read.
[[noreturn]] void fail(const std::string& where, const std::string& what);

std::string_view trim(std::string_view text);
/// The parts between separators, trimmed; with a space as separator, empty parts are dropped.
std::vector<std::string> split(std::string_view text, char separator);
/// A to Z and a to z.
bool is_letter(char c);
/// Small letters and underlines only.
bool is_name(std::string_view text);

/// Where the list, fact or rule of this name is.
template <class T>
std::optional<std::size_t> position(const std::vector<T>& items, std::string_view name) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name == name) return i;
  }
  return std::nullopt;
}

/// The same, for a name that must be known.
template <class T>
std::size_t known(const std::vector<T>& items, std::string_view kind, std::string_view name,
                  const std::string& where) {
  const auto found = position(items, name);
  if (!found)
    fail(where,
         "expected the name of a " + std::string(kind) + ", got '" + std::string(name) + "'");
  return *found;
}

/// The fact and the column of its list that "object.plot" names.
std::pair<std::size_t, std::size_t> fact_column(const World& world, std::string_view text,
                                                const std::string& where);

}  // namespace limpid::tales
