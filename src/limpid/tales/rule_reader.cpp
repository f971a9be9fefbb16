#include "limpid/tales/rule_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "limpid/tales/world_text.hpp"

namespace limpid::tales {
namespace {

using Strings = std::vector<std::string>;

void read_values(const std::string& where, const Strings& words, std::size_t& i, const List& list,
                 std::size_t column, Condition& condition) {
  for (bool more = true; more;) {
    if (i + 1 >= words.size()) fail(where, "expected a word after 'is'");
    bool found = false;
    for (std::size_t row = 0; row < list.rows.size(); ++row) {
      if (list.rows[row][column] != words[i]) continue;
      condition.holds[row] = 1;
      found = true;
    }
    if (!found)
      fail(where, fmt::format("expected a word of the list '{}', got '{}'", list.name, words[i]));
    ++i;
    more = words[i] == "or";
    i += more;
  }
}

// [weight 3, owner = friend]
void add_note(const World& world, const std::string& where, const std::string& note,
              Alternative& alternative) {
  const Strings words = split(note, ' ');
  if (words.size() == 2 && words[0] == "weight") {
    const char* end = words[1].data() + words[1].size();
    const auto result = std::from_chars(words[1].data(), end, alternative.weight);
    if (result.ec != std::errc() || result.ptr != end || !(alternative.weight > 0)) {
      fail(where, fmt::format("expected a number above 0 as weight, got '{}'", words[1]));
    }
  } else if (words.size() == 3 && words[1] == "=") {
    const std::size_t fact = known(world.facts, "fact", words[0], where);
    const auto value = world.lists[world.facts[fact].list].find(words[2]);
    if (!value) fail(where, fmt::format("expected a value of '{}', got '{}'", words[0], words[2]));
    alternative.sets.emplace_back(fact, *value);
  } else {
    fail(where, fmt::format("expected 'weight N' or 'fact = value', got '{}'", note));
  }
}

void add_pieces(const std::string& where, std::string_view line, Alternative& alternative) {
  while (!line.empty()) {
    const std::size_t begin = line.find('{');
    if (const std::string text(line.substr(0, begin)); !text.empty()) {
      if (text.find('}') != std::string::npos) fail(where, "expected '{' before '}'");
      if (text.find("  ") != std::string::npos) fail(where, "expected one space, got two");
      alternative.pieces.push_back({Piece::Kind::text, text});
    }
    if (begin == std::string_view::npos) return;
    const std::size_t end = line.find('}', begin);
    if (end == std::string_view::npos) fail(where, "expected '}' after '{'");
    alternative.pieces.push_back(
        {Piece::Kind::rule, std::string(line.substr(begin + 1, end - begin - 1))});
    line.remove_prefix(end + 1);
  }
}

}  // namespace

// when trait is shy or brave and owner is not friend
std::vector<Condition> read_conditions(const World& world, std::string_view line,
                                       const std::string& where) {
  std::vector<Condition> conditions;
  Strings words = split(line, ' ');
  words.push_back("and");
  for (std::size_t i = 0; i + 1 < words.size();) {
    const auto [fact, column] = fact_column(world, words[i], where);
    const List& list = world.lists[world.facts[fact].list];
    if (words[i + 1] != "is")
      fail(where, fmt::format("expected 'is' after '{}', got '{}'", words[i], words[i + 1]));
    i += 2;
    const bool negated = i < words.size() && words[i] == "not";
    i += negated;
    Condition condition{fact, std::vector<char>(list.rows.size(), 0), false, false, false};
    if (i < words.size() && words[i] == "told") {
      std::fill(condition.holds.begin(), condition.holds.end(), 1);
      condition.holds_spelled = true;
      condition.about_telling = true;
      ++i;
    } else {
      read_values(where, words, i, list, column, condition);
    }
    if (negated) {
      for (char& holds : condition.holds) holds = !holds;
      condition.holds_untold = true;
      condition.holds_spelled = !condition.holds_spelled;
    }
    if (words[i] != "and") fail(where, fmt::format("expected 'or' or 'and', got '{}'", words[i]));
    ++i;
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

Alternative read_alternative(const World& world, std::string_view line, const std::string& where) {
  Alternative alternative;
  alternative.where = where;
  if (line.starts_with("[")) {
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos) fail(where, "expected ']' after '['");
    for (const std::string& note : split(line.substr(1, end - 1), ',')) {
      add_note(world, where, note, alternative);
    }
    line = trim(line.substr(end + 1));
  }
  if (line.empty()) fail(where, "expected a text, got nothing");
  add_pieces(where, line, alternative);
  return alternative;
}

}  // namespace limpid::tales
