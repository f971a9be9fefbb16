#include "limpid/tokenizer/unigram_lattice.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/rng.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: going through all ways one by one is the other implementation
// NO accumulation: the counts that are added to are checked with the other properties
// NO misuse: every text has an answer; the classes that build on this check their input

using namespace limpid;
using Ids = std::vector<TokenId>;

namespace {

struct Pieces {
  Vocabulary vocabulary;
  std::vector<double> log_probabilities;

  explicit Pieces(const std::vector<std::pair<std::string, double>>& list) {
    for (const auto& [piece, probability] : list) {
      if (vocabulary.find(piece)) continue;
      vocabulary.add(piece);
      log_probabilities.push_back(std::log(probability));
    }
  }
  ScoredPieces view() const {
    return {vocabulary, log_probabilities, longest_piece(vocabulary, log_probabilities)};
  }
};

struct Way {
  Ids ids;
  double log_probability;
};

// All ways to cut a text, one by one.
void all_ways(const Pieces& pieces, std::string_view text, const Way& so_far,
              std::vector<Way>& ways) {
  if (text.empty()) ways.push_back(so_far);
  for (std::size_t length = 1; length <= text.size(); ++length) {
    const auto id = pieces.vocabulary.find(text.substr(0, length));
    if (!id) continue;
    Way way = so_far;
    way.ids.push_back(*id);
    way.log_probability += pieces.log_probabilities[static_cast<std::size_t>(*id)];
    all_ways(pieces, text.substr(length), way, ways);
  }
}

std::vector<Way> all_ways(const Pieces& pieces, std::string_view text) {
  std::vector<Way> ways;
  all_ways(pieces, text, {{}, 0}, ways);
  return ways;
}

std::string random_word(Rng& rng, std::uint64_t longest) {
  std::string word;
  for (std::uint64_t n = 1 + rng.below(longest); n > 0; --n) word += "abc"[rng.below(3)];
  return word;
}

// Pieces over a, b, c; now and then a letter is missing, so that some words have no way.
Pieces random_pieces(Rng& rng) {
  std::vector<std::pair<std::string, double>> list;
  for (const char* letter : {"a", "b", "c"}) {
    if (rng.below(4) != 0) list.emplace_back(letter, 0.01 + 0.05 * rng.uniform());
  }
  for (int i = 0; i < 10; ++i) list.emplace_back(random_word(rng, 4), 0.001 + 0.2 * rng.uniform());
  return Pieces(list);
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  const Pieces pieces({{"un", .04}, {"happi", .01}, {"ness", .05}, {"happiness", .001}});
  const BestPath best = best_path(pieces.view(), "unhappiness");
  CHECK(best.ids == Ids{0, 3});
  CHECK(std::abs(std::exp(best.log_probability) - .00004) <= 1e-16);
  std::vector<double> counts(4, 1.0);  // counts are added to
  const double all = add_expected_counts(pieces.view(), "unhappiness", 6, counts);
  CHECK(std::abs(std::exp(all) - .00006) <= 1e-16);
  // Six words: un in all six, the others 1/3 and 2/3 of six.
  const std::vector<double> expected = {7, 3, 3, 5};
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(counts[i] - expected[i]) <= 1e-12);
}

TEST_CASE("property: the best way and its probability, against all ways one by one") {
  Rng rng(1);
  int ways_seen = 0, none = 0, single = 0;
  for (int round = 0; round < 100; ++round) {
    const Pieces pieces = random_pieces(rng);
    for (int i = 0; i < 20; ++i) {
      const std::string word = random_word(rng, 10);
      const std::vector<Way> ways = all_ways(pieces, word);
      const BestPath best = best_path(pieces.view(), word);
      const Way* expected = nullptr;
      for (const Way& way : ways) {
        if (!expected || way.log_probability > expected->log_probability) expected = &way;
      }
      ways_seen += static_cast<int>(ways.size());
      if (expected == nullptr) {
        ++none;
        CHECK(best.ids.empty());
        CHECK(best.log_probability == kImpossible);
        CHECK(best.reached < word.size());
        continue;
      }
      // The same pieces in another order are another way, as probable but for rounding.
      int equal = 0;
      for (const Way& way : ways) equal += way.log_probability > expected->log_probability - 1e-9;
      if (equal == 1) CHECK(best.ids == expected->ids);
      std::string spelt;
      for (const TokenId id : best.ids) spelt += pieces.vocabulary[id];
      CHECK(spelt == word);
      single += equal == 1 ? 1 : 0;
      CHECK(std::abs(best.log_probability - expected->log_probability) <= 1e-12);
      CHECK(best.reached == word.size());
    }
  }
  CHECK(ways_seen > 5000);
  CHECK(none > 50);
  CHECK(single > 500);
}

TEST_CASE("property: expected counts and the sum, against all ways one by one") {
  Rng rng(2);
  for (int round = 0; round < 100; ++round) {
    const Pieces pieces = random_pieces(rng);
    const std::string word = random_word(rng, 10);
    const std::vector<Way> ways = all_ways(pieces, word);
    double sum = 0;
    std::vector<double> expected(pieces.log_probabilities.size()), counts(expected.size());
    for (const Way& way : ways) sum += std::exp(way.log_probability);
    for (const Way& way : ways) {
      for (const TokenId id : way.ids) {
        expected[static_cast<std::size_t>(id)] += 3 * std::exp(way.log_probability) / sum;
      }
    }
    const double log_sum = add_expected_counts(pieces.view(), word, 3, counts);
    if (ways.empty()) CHECK(log_sum == kImpossible);
    if (!ways.empty()) CHECK(std::abs(log_sum - std::log(sum)) <= 1e-12);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      CHECK(std::abs(counts[i] - expected[i]) <= 1e-12);
    }
  }
}

TEST_CASE("property: expected pieces spell the word: their bytes add up to its bytes") {
  const Pieces pieces({{"a", .1}, {"aa", .2}, {"aaa", .05}, {"aaaaa", .01}});
  const std::string word(2000, 'a');  // its probability is far below the least double
  std::vector<double> counts(4);
  const double total = add_expected_counts(pieces.view(), word, 1, counts);
  CHECK(total < -800);
  double bytes = 0;
  for (TokenId id = 0; id < 4; ++id) {
    bytes +=
        counts[static_cast<std::size_t>(id)] * static_cast<double>(pieces.vocabulary[id].size());
  }
  CHECK(std::abs(bytes - 2000) <= 1e-6);
  CHECK(best_path(pieces.view(), word).log_probability < total);
}

TEST_CASE("edges: the empty text, equal ways, impossible pieces, unknown characters") {
  Pieces pieces({{"a", .5}, {"aa", .25}, {"é", .1}});
  CHECK(best_path(pieces.view(), "").ids.empty());
  CHECK(best_path(pieces.view(), "").log_probability == 0);
  CHECK(best_path(pieces.view(), "aaa").ids == Ids{0, 1});  // of equal ways: the last piece longest
  CHECK(best_path(pieces.view(), "aax").reached == 2);

  ScoredPieces with_unknown = pieces.view();
  with_unknown.unknown = 7;
  with_unknown.unknown_log_probability = -30;
  CHECK(best_path(with_unknown, "axé世").ids == Ids{0, 7, 2, 7});
  CHECK(best_path(with_unknown, "a\xFF\xE2\x82").ids == Ids{0, 7, 7});
  CHECK(std::abs(best_path(with_unknown, "世").log_probability + 30) <= 1e-12);

  // A character that is a piece is never unknown, however cheap that would be.
  with_unknown.unknown_log_probability = -0.1;
  CHECK(best_path(with_unknown, "aé").ids == Ids{0, 2});

  // A character may be unknown although a longer piece begins with it: ?|bc beats ab|?.
  const Pieces crossing({{"ab", .1}, {"bc", .2}});
  ScoredPieces either = crossing.view();
  either.unknown = 7;
  either.unknown_log_probability = -30;
  CHECK(best_path(either, "abc").ids == Ids{7, 1});

  pieces.log_probabilities[1] = kImpossible;
  CHECK(best_path(pieces.view(), "aa").ids == Ids{0, 0});
  pieces.log_probabilities[0] = kImpossible;
  CHECK(best_path(pieces.view(), "aa").ids.empty());
  pieces.log_probabilities[2] = kImpossible;
  CHECK(longest_piece(pieces.vocabulary, pieces.log_probabilities) == 0);
}
