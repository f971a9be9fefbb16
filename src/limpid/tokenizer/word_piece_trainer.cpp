#include "limpid/tokenizer/word_piece_trainer.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/bert_words.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

using Pair = std::pair<std::string, std::string>;

struct Word {
  std::vector<std::string> pieces;
  std::int64_t count;
};

// A word as its characters: u ##n ##h ...
std::vector<std::string> spell(std::string_view word) {
  std::vector<std::string> pieces;
  while (!word.empty()) {
    const std::size_t length = first_code_point(word).length;
    pieces.emplace_back(pieces.empty() ? "" : kContinuation);
    pieces.back() += word.substr(0, length);
    word.remove_prefix(length);
  }
  return pieces;
}

// The second one always has ##: it stands behind the first in a word.
std::string joined(const Pair& pair) {
  return pair.first + pair.second.substr(kContinuation.size());
}

struct Counts {
  std::map<std::string, std::int64_t> pieces;
  std::map<Pair, std::int64_t> pairs;
};

Counts count(const std::vector<Word>& words) {
  Counts counts;
  for (const Word& word : words) {
    for (std::size_t i = 0; i < word.pieces.size(); ++i) {
      counts.pieces[word.pieces[i]] += word.count;
      if (i > 0) counts.pairs[{word.pieces[i - 1], word.pieces[i]}] += word.count;
    }
  }
  return counts;
}

// The pair with the highest score; nothing when none occurs `min_count` times.
const Pair* best_pair(const Counts& counts, std::int64_t min_count) {
  const Pair* best = nullptr;
  std::pair<double, std::int64_t> highest;
  for (const auto& [pair, together] : counts.pairs) {
    if (together < min_count) continue;
    // One rounding only (products below 2^53 are exact), so that equal fractions are equal here.
    const double chance = static_cast<double>(counts.pieces.at(pair.first)) *
                          static_cast<double>(counts.pieces.at(pair.second));
    const std::pair score{static_cast<double>(together) / chance, together};
    // The map is sorted, so the last of equal ones is the greatest pair.
    if (best == nullptr || score >= highest) std::tie(best, highest) = std::pair(&pair, score);
  }
  return best;
}

void join(std::vector<std::string>& pieces, const Pair& pair) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool here =
        i + 1 < pieces.size() && pieces[i] == pair.first && pieces[i + 1] == pair.second;
    result.push_back(here ? joined(pair) : pieces[i]);
    if (here) ++i;
  }
  pieces = std::move(result);
}

}  // namespace

Vocabulary learn_word_pieces(const PieceCounts& counted, TokenId size, std::int64_t min_count) {
  // Spell every word with characters, which are the first pieces.
  std::vector<Word> words;
  std::set<std::string> characters;
  for (TokenId i = 0; i < counted.size(); ++i) {
    words.push_back({spell(counted.piece(i)), counted.count(i)});
    characters.insert(words.back().pieces.begin(), words.back().pieces.end());
  }
  Vocabulary vocabulary;
  for (const std::string& character : characters) vocabulary.add(character);
  if (vocabulary.size() > size) {
    fail("word_piece", fmt::format("room for {} pieces, expected at least {}: the characters alone",
                                   size, vocabulary.size()));
  }
  while (vocabulary.size() < size) {
    const Counts counts = count(words);
    const Pair* best = best_pair(counts, min_count);
    if (best == nullptr) break;
    vocabulary.add(joined(*best));
    for (Word& word : words) join(word.pieces, *best);
  }
  return vocabulary;
}

WordPieceTokenizer train_word_piece(std::string_view text, const WordPieceOptions& options) {
  if (options.min_count < 1) {
    fail("word_piece", fmt::format("min_count is {}, expected at least 1", options.min_count));
  }
  if (const auto at = find_invalid_utf8(text)) {
    fail("word_piece", fmt::format("the text is not UTF-8 at byte {}", *at));
  }
  PieceCounts words(Pattern::none, {});
  for (const std::string_view part : texts_between(text, options.specials)) {
    for (const std::string& word : bert_words(part, options.lower_case)) words.add_piece(word);
  }
  if (words.size() == 0) fail("word_piece", "the text has no words");
  const auto others = static_cast<TokenId>(options.specials.size() + 1);
  Vocabulary vocabulary = learn_word_pieces(words, options.vocab_size - others, options.min_count);
  const TokenId unknown = vocabulary.add(kBertUnknown);
  TokenSet tokens = with_specials(std::move(vocabulary), options.specials);
  tokens.unknown = unknown;
  return WordPieceTokenizer(std::move(tokens), options.lower_case);
}

}  // namespace limpid
