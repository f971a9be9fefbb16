#include "limpid/tales/world_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "limpid/core/check.hpp"

namespace limpid::tales {

void fail(const std::string& where, const std::string& what) {
  // A line of a world may be long; what is said of it is not.
  throw std::runtime_error(fmt::format("{}: {}", where, shortened(what, 300)));
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    const std::string_view part = trim(text.substr(0, end));
    if (separator != ' ' || !part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::pair<std::size_t, std::size_t> fact_column(const World& world, std::string_view text,
                                                const std::string& where) {
  const std::size_t dot = text.find('.');
  const std::size_t fact = known(world.facts, "fact", text.substr(0, dot), where);
  if (dot == std::string_view::npos) return {fact, 0};
  const std::vector<std::string>& columns = world.lists[world.facts[fact].list].columns;
  const auto found = std::find(columns.begin(), columns.end(), text.substr(dot + 1));
  if (found == columns.end()) {
    fail(where, fmt::format("expected a column of '{}', got '{}'", text.substr(0, dot), text));
  }
  return {fact, static_cast<std::size_t>(found - columns.begin())};
}

}  // namespace limpid::tales
