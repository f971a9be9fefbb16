// Byte pairs: the merges that a text teaches, and a word encoded with them. The headers say what each
// thing is: src/limpid/tokenizer/byte_pair_plain.hpp, and in lessons/03-byte_pair/exercises/1-implement
// encode_plainly.hpp.
// Write what is missing, then grade it:
//
//   ./dev learn byte_pair
//
// Tokens are strings here. std::string compares as the house wants it: byte by byte, 0 to 255. So
// does Pair, first by its left string, then by its right one.
#include "limpid/tokenizer/byte_pair_plain.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "encode_plainly.hpp"
#include "support/todo.hpp"

namespace limpid {

using lesson::todo;

namespace {

using Pair = std::pair<std::string, std::string>;

struct Word {
  std::vector<std::string> tokens;
  std::int64_t count;  // how often the text holds this word
};

// Every two neighbours, with the number of times they occur in the text.
std::map<Pair, std::int64_t> count_pairs(const std::vector<Word>& words) {
  std::map<Pair, std::int64_t> counts;
  for (const Word& word : words) {
    //> // counts[{left, right}] is 0 where nothing was added yet.
    //> todo("training: count the neighbours in word.tokens");
    for (std::size_t i = 1; i < word.tokens.size(); ++i) {
      counts[{word.tokens[i - 1], word.tokens[i]}] += word.count;
    }
    //<
  }
  return counts;
}

// The pair that occurs most often; of equal ones the greatest. REQUIRES counts is not empty.
Pair best_pair(const std::map<Pair, std::int64_t>& counts) {
  auto best = counts.begin();
  for (auto pair = counts.begin(); pair != counts.end(); ++pair) {
    //> // A map is sorted: its pairs come in rising order. pair->second is the count.
    //> todo("training: let `best` be `pair` where that is better");
    if (pair->second >= best->second) best = pair;
    //<
  }
  return best->first;
}

// The tokens with the pair joined wherever it stands, from left to right.
std::vector<std::string> join(const std::vector<std::string>& tokens, const Pair& pair) {
  std::vector<std::string> joined;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    //> // Append to `joined` either the token or, where the pair begins, both in one.
    //> todo("training: what becomes of tokens[i]");
    const bool here =
        i + 1 < tokens.size() && tokens[i] == pair.first && tokens[i + 1] == pair.second;
    joined.push_back(here ? tokens[i] + tokens[i + 1] : tokens[i]);
    if (here) ++i;
    //<
  }
  return joined;
}

}  // namespace

LearnedMerges learn_merges_plainly(const PieceCounts& pieces, TokenId size) {
  LearnedMerges learned{Vocabulary::of_bytes(), {}};
  std::vector<Word> words;
  for (TokenId i = 0; i < pieces.size(); ++i) {
    words.push_back({{}, pieces.count(i)});
    for (const char byte : pieces.piece(i)) words.back().tokens.emplace_back(1, byte);
  }
  while (learned.vocabulary.size() < size) {
    const std::map<Pair, std::int64_t> counts = count_pairs(words);
    if (counts.empty()) break;
    const Pair best = best_pair(counts);
    const auto& [left, right] = best;
    learned.merges.push_back(
        {learned.vocabulary.find(left).value(), learned.vocabulary.find(right).value()});
    learned.vocabulary.add(left + right);
    for (Word& word : words) word.tokens = join(word.tokens, best);
  }
  return learned;
}

std::vector<std::string> lesson::encode_plainly(std::string_view piece,
                                                const LearnedMerges& learned) {
  std::vector<std::string> tokens;
  for (const char byte : piece) tokens.emplace_back(1, byte);
  const auto bytes_of = [&](TokenId id) { return std::string(learned.vocabulary[id]); };
  //> // learned.merges are pairs of ids, in the order in which training found them;
  //> // bytes_of(merge.left) is a token's string. `join` from above is of use.
  //> static_cast<void>(bytes_of);
  //> todo("encoding: apply the merges to `tokens`");
  for (const Merge& merge : learned.merges) {
    tokens = join(tokens, {bytes_of(merge.left), bytes_of(merge.right)});
  }
  //<
  return tokens;
}

}  // namespace limpid
