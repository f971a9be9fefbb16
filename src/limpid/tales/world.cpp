#include "limpid/tales/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace limpid::tales {
bool is_vowel(char letter) {
  return std::string_view("aeiouAEIOU").find(letter) != std::string::npos;
}

char to_capital(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

Value List::spelled_count(std::size_t length) const {
  Value count = 1;
  for (std::size_t i = 0; i < length; ++i) count *= static_cast<Value>(syllables.size());
  return count;
}

Value List::size() const {
  Value size = row_count();
  for (const std::size_t length : spelled_lengths) size += spelled_count(length);
  return size;
}

double List::weight(Value value) const {
  if (syllables.empty()) return 1;
  if (value < row_count()) return 0.5 / static_cast<double>(rows.size());
  value -= row_count();
  for (const std::size_t length : spelled_lengths) {
    const Value names = spelled_count(length);
    if (value < names) return 0.5 / static_cast<double>(spelled_lengths.size()) / names;
    value -= names;
  }
  return 0;
}

// A spelled name is a number written with syllables as digits, the first syllable first.
std::string List::word(Value value, std::size_t column) const {
  if (value < row_count()) return rows[static_cast<std::size_t>(value)][column];
  value -= row_count();
  const auto base = static_cast<Value>(syllables.size());
  for (const std::size_t length : spelled_lengths) {
    Value place = spelled_count(length);
    if (value >= place) {
      value -= place;
      continue;
    }
    std::string name;
    for (std::size_t i = 0; i < length; ++i) {
      place /= base;
      name += syllables[static_cast<std::size_t>(value / place % base)];
    }
    name[0] = to_capital(name[0]);
    return name;
  }
  return {};
}

std::optional<Value> List::find(std::string_view word) const {
  for (Value row = 0; row < row_count(); ++row) {
    if (rows[static_cast<std::size_t>(row)][0] == word) return row;
  }
  return find_spelled(word);
}

std::optional<Value> List::find_spelled(std::string_view word) const {
  Value before = row_count();
  for (const std::size_t length : spelled_lengths) {
    if (word.size() == 2 * length) {
      Value value = 0;
      for (std::size_t i = 0; i < length; ++i) {
        const auto matches = [&](const std::string& syllable) {
          const char first = i == 0 ? to_capital(syllable[0]) : syllable[0];
          return word[2 * i] == first && word[2 * i + 1] == syllable[1];
        };
        const auto found = std::find_if(syllables.begin(), syllables.end(), matches);
        if (found == syllables.end()) return std::nullopt;
        value = value * static_cast<Value>(syllables.size()) +
                static_cast<Value>(found - syllables.begin());
      }
      return before + value;
    }
    before += spelled_count(length);
  }
  return std::nullopt;
}

bool Condition::met(const Facts& facts) const {
  const Value value = facts[fact];
  if (value == kUntold) return holds_untold;
  const auto row = static_cast<std::size_t>(value);
  return row < holds.size() ? holds[row] != 0 : holds_spelled;
}

bool Novelty::novel(Value a, Value b) const {
  const std::size_t sum =
      first_position[static_cast<std::size_t>(a)] + second_position[static_cast<std::size_t>(b)];
  return sum % every == 0;
}

double World::weight(std::size_t fact, Value value, const Facts& told,
                     std::optional<Split> split) const {
  for (const std::size_t other : facts[fact].differs_from) {
    if (told[other] == value) return 0;
  }
  bool guarded = false;
  bool novel = false;
  for (const Novelty& novelty : novelties) {
    if (!split || novelty.second != fact) continue;
    guarded = true;
    if (told[novelty.first] == kUntold) {
      throw std::runtime_error(
          fmt::format("tales: the fact '{}' is told before '{}', but 'novel' "
                      "expects it after",
                      facts[fact].name, facts[novelty.first].name));
    }
    novel = novel || novelty.novel(told[novelty.first], value);
  }
  if (guarded && novel != (split == Split::novel)) return 0;
  return lists[facts[fact].list].weight(value);
}

double World::total(std::size_t fact, const Facts& told, std::optional<Split> split) const {
  const List& list = lists[facts[fact].list];
  double sum = 0;
  for (Value row = 0; row < list.row_count(); ++row) sum += weight(fact, row, told, split);
  if (list.syllables.empty()) return sum;
  // Spelled names weigh one half together, less those that other facts have.
  sum += 0.5;
  for (const Value name : taken(fact, told, list.row_count(), list.size()))
    sum -= list.weight(name);
  return sum;
}

std::vector<Value> World::taken(std::size_t fact, const Facts& told, Value begin, Value end) const {
  std::vector<Value> values;
  for (const std::size_t other : facts[fact].differs_from) {
    const Value value = told[other];
    if (value >= begin && value < end) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace limpid::tales
