#include "limpid/tokenizer/unigram_trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/unigram_lattice.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

constexpr int kStepsBetweenPrunings = 2;

// A character never dies, however seldom it is expected: every word must stay spellable.
constexpr double kLeastCount = 1e-10;

std::size_t at(TokenId id) {
  return static_cast<std::size_t>(id);
}

bool is_character(std::string_view piece) {
  return first_code_point(piece).length == piece.size();
}

ScoredPieces view(const UnigramPieces& pieces) {
  return {pieces.vocabulary, pieces.log_probabilities,
          longest_piece(pieces.vocabulary, pieces.log_probabilities)};
}

// Counts become log probabilities. A piece that is expected nowhere is impossible.
void normalise(std::vector<double>& counts) {
  const double log_total = std::log(std::accumulate(counts.begin(), counts.end(), 0.0));
  for (double& count : counts) count = count > 0 ? std::log(count) - log_total : kImpossible;
}

// The ids 0 to n - 1, those first whose score is high; of equal scores by the pieces' bytes.
std::vector<TokenId> sorted_by(const std::vector<double>& scores, const Vocabulary& pieces) {
  std::vector<TokenId> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) {
    if (scores[at(a)] != scores[at(b)]) return scores[at(a)] > scores[at(b)];
    return pieces[a] < pieces[b];
  });
  return order;
}

double expected_counts(const UnigramPieces& pieces, const PieceCounts& words,
                       std::vector<double>& counts) {
  counts.assign(at(pieces.vocabulary.size()), 0);
  const ScoredPieces scored = view(pieces);
  double log_probability = 0;
  for (TokenId i = 0; i < words.size(); ++i) {
    const auto weight = static_cast<double>(words.count(i));
    log_probability += weight * add_expected_counts(scored, words.piece(i), weight, counts);
  }
  return log_probability;
}

UnigramTokenizer tokenizer_of(const UnigramPieces& pieces, const Vocabulary& bytes,
                              const UnigramOptions& options) {
  Vocabulary vocabulary;
  std::vector<double> log_probabilities;
  for (const TokenId id : sorted_by(pieces.log_probabilities, pieces.vocabulary)) {
    if (pieces.log_probabilities[at(id)] == kImpossible) break;
    vocabulary.add(pieces.vocabulary[id]);
    log_probabilities.push_back(pieces.log_probabilities[at(id)]);
  }
  const double price = log_probabilities.back() - kUnknownPenalty;
  for (TokenId byte = 0; byte < bytes.size(); ++byte) vocabulary.add(bytes[byte]);
  std::optional<TokenId> unknown;
  if (!options.byte_fallback) unknown = vocabulary.add(kUnknown);
  TokenSet tokens = with_specials(std::move(vocabulary), options.specials);
  tokens.unknown = unknown;
  // What was added has the price of what is unknown; of special tokens it is not read.
  log_probabilities.resize(at(tokens.vocabulary.size()), price);
  return UnigramTokenizer(std::move(tokens), std::move(log_probabilities), options.pattern);
}

}  // namespace

UnigramPieces seed_pieces(const PieceCounts& words, std::size_t size, std::size_t longest) {
  // Count every substring of every word, character by character.
  PieceCounts characters(Pattern::none, {}), substrings(Pattern::none, {});
  std::vector<double> scores;
  for (TokenId i = 0; i < words.size(); ++i) {
    const std::string_view word = words.piece(i);
    for (std::size_t begin = 0; begin < word.size();) {
      const std::size_t first = first_code_point(word.substr(begin)).length;
      characters.add_piece(word.substr(begin, first), words.count(i));
      std::size_t length = first;
      for (std::size_t n = 2; n <= longest && begin + length < word.size(); ++n) {
        length += first_code_point(word.substr(begin + length)).length;
        substrings.add_piece(word.substr(begin, length), words.count(i));
        const TokenId id = substrings.size() - 1;
        if (at(id) == scores.size()) scores.push_back(static_cast<double>(n));
      }
      begin += first;
    }
  }
  // So far the scores hold lengths.
  Vocabulary all;
  for (TokenId id = 0; id < substrings.size(); ++id) {
    scores[at(id)] *= static_cast<double>(substrings.count(id));
    all.add(substrings.piece(id));
  }
  UnigramPieces seed;
  for (TokenId id = 0; id < characters.size(); ++id) {
    seed.vocabulary.add(characters.piece(id));
    seed.log_probabilities.push_back(static_cast<double>(characters.count(id)));
  }
  for (const TokenId id : sorted_by(scores, all)) {
    if (size == 0) break;
    if (substrings.count(id) < 2) continue;
    seed.vocabulary.add(all[id]);
    seed.log_probabilities.push_back(static_cast<double>(substrings.count(id)));
    --size;
  }
  normalise(seed.log_probabilities);
  return seed;
}

double em_step(UnigramPieces& pieces, const PieceCounts& words) {
  std::vector<double> counts;
  const double log_probability = expected_counts(pieces, words, counts);
  for (TokenId id = 0; id < pieces.vocabulary.size(); ++id) {
    if (is_character(pieces.vocabulary[id])) counts[at(id)] = std::max(counts[at(id)], kLeastCount);
  }
  normalise(counts);
  pieces.log_probabilities = std::move(counts);
  return log_probability;
}

UnigramPieces prune(const UnigramPieces& pieces, const PieceCounts& words, std::size_t size) {
  std::vector<double> counts, losses;
  static_cast<void>(expected_counts(pieces, words, counts));
  UnigramPieces rest = pieces;
  const ScoredPieces scored = view(rest);
  std::size_t characters = 0;
  for (TokenId id = 0; id < pieces.vocabulary.size(); ++id) {
    const std::string_view piece = pieces.vocabulary[id];
    if (is_character(piece)) {
      losses.push_back(-kImpossible);
      ++characters;
      continue;
    }
    // Take the piece out, see what its text costs now, put it back.
    double& own = rest.log_probabilities[at(id)];
    const double with = std::exchange(own, kImpossible);
    const double without = best_path(scored, piece).log_probability;
    own = with;
    losses.push_back(counts[at(id)] > 0 ? counts[at(id)] * (with - without) : kImpossible);
  }
  UnigramPieces kept;
  std::vector<TokenId> order = sorted_by(losses, pieces.vocabulary);
  order.resize(std::min(order.size(), std::max(size, characters)));
  for (const TokenId id : order) {
    kept.vocabulary.add(pieces.vocabulary[id]);
    kept.log_probabilities.push_back(std::exp(pieces.log_probabilities[at(id)]));
  }
  normalise(kept.log_probabilities);
  return kept;
}

UnigramTokenizer train_unigram(std::string_view text, const UnigramOptions& options) {
  if (text.empty()) fail("unigram", "the text is empty");
  if (const auto wrong = find_invalid_utf8(text)) {
    fail("unigram", fmt::format("the text is not UTF-8 at byte {}", *wrong));
  }
  PieceCounts words(options.pattern, options.specials);
  words.add(text);
  if (words.size() == 0) fail("unigram", "the text holds special tokens and nothing else");
  UnigramPieces pieces = seed_pieces(words, options.seed_size, options.longest);

  // The bytes of fallback that are characters of the text need no second place.
  const Vocabulary bytes = options.byte_fallback ? Vocabulary::of_bytes() : Vocabulary();
  std::size_t characters = 0, others = options.specials.size() + 1;
  if (options.byte_fallback) others = options.specials.size() + 256;
  for (TokenId id = 0; id < pieces.vocabulary.size(); ++id) {
    const std::string_view piece = pieces.vocabulary[id];
    if (is_character(piece)) ++characters;
    if (bytes.find(piece)) --others;
  }
  if (options.vocab_size < 0 || at(options.vocab_size) < characters + others) {
    fail("unigram", fmt::format("vocab_size is {}, expected at least {}: {} characters, {} others",
                                options.vocab_size, characters + others, characters, others));
  }
  const std::size_t room = at(options.vocab_size) - others;
  for (;;) {
    for (int step = 0; step < kStepsBetweenPrunings; ++step) em_step(pieces, words);
    const std::size_t size = pieces.log_probabilities.size();
    if (size <= room) break;
    pieces = prune(pieces, words, std::max(room, size * 3 / 4));
  }
  return tokenizer_of(pieces, bytes, options);
}

}  // namespace limpid
