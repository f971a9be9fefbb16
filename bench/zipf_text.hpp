// A text of invented words after Zipf's law, from a seed: word k occurs in proportion to 1 / k, as in
// language.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "limpid/core/rng.hpp"

namespace limpid::bench {

inline std::string zipf_text(std::size_t bytes, std::size_t distinct_words) {
  Rng rng(1);
  std::vector<std::string> words;
  std::unordered_set<std::string> known;
  while (words.size() < distinct_words) {
    std::string word;
    for (std::uint64_t syllables = 1 + rng.below(4); syllables > 0; --syllables) {
      word += "bcdfghjklmnprstvw"[rng.below(17)];
      word += "aeiou"[rng.below(5)];
      if (rng.below(3) == 0) word += "nrst"[rng.below(4)];
    }
    if (known.insert(word).second) words.push_back(word);
  }
  std::string text;
  text.reserve(bytes + 32);
  const auto all = static_cast<double>(distinct_words);
  while (text.size() < bytes) {
    // all^u for a uniform u falls between k and k + 1 in proportion to 1 / k.
    text += words[static_cast<std::size_t>(std::pow(all, rng.uniform())) - 1];
    text += rng.below(10) == 0 ? ".\n" : rng.below(10) == 0 ? ", " : " ";
  }
  return text;
}

}  // namespace limpid::bench
