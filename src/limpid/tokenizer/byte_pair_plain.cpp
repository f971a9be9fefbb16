#include "limpid/tokenizer/byte_pair_plain.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace limpid {
namespace {

using Pair = std::pair<std::string, std::string>;  // compares by its left string, then its right

struct Word {
  std::vector<std::string> tokens;
  std::int64_t count;
};

// Every two neighbours, with the number of times they occur.
std::map<Pair, std::int64_t> count_pairs(const std::vector<Word>& words) {
  std::map<Pair, std::int64_t> counts;
  for (const Word& word : words) {
    for (std::size_t i = 1; i < word.tokens.size(); ++i) {
      counts[{word.tokens[i - 1], word.tokens[i]}] += word.count;
    }
  }
  return counts;
}

// The word with the pair joined wherever it stands, from left to right.
std::vector<std::string> join(const std::vector<std::string>& tokens, const Pair& pair) {
  std::vector<std::string> joined;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool here =
        i + 1 < tokens.size() && tokens[i] == pair.first && tokens[i + 1] == pair.second;
    joined.push_back(here ? tokens[i] + tokens[i + 1] : tokens[i]);
    if (here) ++i;
  }
  return joined;
}

}  // namespace

LearnedMerges learn_merges_plainly(const PieceCounts& pieces, TokenId size) {
  LearnedMerges learned{Vocabulary::of_bytes(), {}};
  // Spell every piece with bytes.
  std::vector<Word> words;
  for (TokenId i = 0; i < pieces.size(); ++i) {
    words.push_back({{}, pieces.count(i)});
    for (const char byte : pieces.piece(i)) words.back().tokens.emplace_back(1, byte);
  }
  while (learned.vocabulary.size() < size) {
    const std::map<Pair, std::int64_t> counts = count_pairs(words);
    if (counts.empty()) break;
    // The highest count; since the map is sorted, the last of equal ones is the greatest pair.
    auto best = counts.begin();
    for (auto pair = counts.begin(); pair != counts.end(); ++pair) {
      if (pair->second >= best->second) best = pair;
    }
    const auto& [left, right] = best->first;
    learned.merges.push_back(
        {learned.vocabulary.find(left).value(), learned.vocabulary.find(right).value()});
    learned.vocabulary.add(left + right);
    for (Word& word : words) word.tokens = join(word.tokens, best->first);
  }
  return learned;
}

}  // namespace limpid
