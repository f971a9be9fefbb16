#include "limpid/tales/list_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limpid/tales/world_text.hpp"

namespace limpid::tales {
namespace {

using Strings = std::vector<std::string>;

void add_row(List& list, Strings row, const std::string& where) {
  if (row.size() != list.columns.size()) {
    fail(where, fmt::format("expected {} columns, got {}", list.columns.size(), row.size()));
  }
  for (const std::string& word : row) {
    if (word.empty() || word.find_first_of("{}[]<>") != std::string::npos) {
      fail(where, fmt::format("expected plain words in the list '{}', got '{}'", list.name, word));
    }
  }
  if (list.find(row[0])) {
    fail(where,
         fmt::format("'{}' is in the list '{}' already, or can be spelled", row[0], list.name));
  }
  list.rows.push_back(std::move(row));
}

void add_length(List& list, const std::string& length, const std::string& where) {
  if (length.size() != 1 || length[0] < '1' || length[0] > '4') {
    fail(where, fmt::format("expected a number of syllables from 1 to 4, got '{}'", length));
  }
  const auto number = static_cast<std::size_t>(length[0] - '0');
  if (std::count(list.spelled_lengths.begin(), list.spelled_lengths.end(), number) > 0) {
    fail(where, fmt::format("the number of syllables {} is there twice", length));
  }
  list.spelled_lengths.push_back(number);
}

void add_syllable(List& list, const std::string& syllable, const std::string& where) {
  if (syllable.size() != 2 || !is_name(syllable)) {
    fail(where, fmt::format("expected a syllable of two letters, got '{}'", syllable));
  }
  if (std::count(list.syllables.begin(), list.syllables.end(), syllable) > 0) {
    fail(where, fmt::format("the syllable '{}' is there twice", syllable));
  }
  constexpr std::size_t kMost = 128;  // 128^4 names can still be counted
  if (list.syllables.size() == kMost) {
    fail(where, fmt::format("expected at most {} syllables", kMost));
  }
  list.syllables.push_back(syllable);
}

// spell 2 3: ba be bi
void add_syllables(List& list, std::string_view line, const std::string& where) {
  const Strings parts = split(line, ':');
  const Strings lengths = split(parts[0], ' ');
  const Strings syllables = parts.size() == 2 ? split(parts[1], ' ') : Strings();
  if (lengths.empty() || syllables.empty() || !list.syllables.empty() || list.columns.size() > 1) {
    fail(where,
         fmt::format("expected 'spell 2 3: ba be bi' once in a plain list, got 'spell {}'", line));
  }
  for (const std::string& length : lengths) add_length(list, length, where);
  for (const std::string& syllable : syllables) add_syllable(list, syllable, where);
  for (const Strings& row : list.rows) {
    if (list.find_spelled(row[0])) {
      fail(where, fmt::format("'{}' can be spelled from syllables", row[0]));
    }
  }
}

}  // namespace

List read_list(std::string_view line, const std::string& where) {
  const Strings parts = split(line, ':');
  List list;
  list.name = parts[0];
  list.columns = parts.size() > 1 ? split(parts[1], '|') : Strings{"word"};
  if (!is_name(list.name) || parts.size() > 2 ||
      !std::all_of(list.columns.begin(), list.columns.end(),
                   [](const std::string& column) { return is_name(column); })) {
    fail(where,
         fmt::format("expected 'list name' or 'list name: column | column', got 'list {}'", line));
  }
  return list;
}

void read_rows(List& list, std::string_view line, const std::string& where) {
  if (line.starts_with("spell ")) return add_syllables(list, line.substr(6), where);
  if (list.columns.size() > 1) return add_row(list, split(line, '|'), where);
  for (const std::string& word : split(line, ',')) add_row(list, {word}, where);
}

}  // namespace limpid::tales
