#include "limpid/tales/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "limpid/core/check.hpp"
#include "limpid/tales/parser.hpp"

namespace limpid::tales {
namespace {

constexpr int kMostBreaks = 8;
// A sentence of the world is shorter; a foreign text may be one endless "sentence".
constexpr std::size_t kLongestQuote = 200;

std::string_view word_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() &&
         ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z'))) {
    ++end;
  }
  return text.substr(at, end - at);
}

// Whether a fact of this list could be told by this word, in any of its columns.
bool is_of_list(const List& list, std::string_view word) {
  if (list.find(word)) return true;
  if (!list.syllables.empty()) return !word.empty() && word[0] >= 'A' && word[0] <= 'Z';
  for (const auto& row : list.rows) {
    for (const std::string& column : row) {
      if (column == word || (!word.empty() && word.substr(1) == column.substr(1) &&
                             word[0] == to_capital(column[0]))) {
        return true;
      }
    }
  }
  return false;
}

// The fact that the story has told otherwise: what stands here is of its list, but another value.
std::optional<Expected> mismatch(const World& world, const Parse& parse, std::string_view found) {
  for (const Expected& expected : parse.expected) {
    if (!expected.fact || expected.word.empty()) continue;
    if (is_of_list(world.lists[world.facts[*expected.fact].list], found)) return expected;
  }
  return std::nullopt;
}

struct Place {
  std::size_t number = 0;  // of the sentence, from 1
  std::string_view sentence;
};

Place place_of(const std::vector<std::string_view>& sentences, const char* at) {
  std::size_t i = 0;
  while (i + 1 < sentences.size() && sentences[i + 1].data() <= at) ++i;
  return {i + 1, sentences[i]};
}

// The breaks that the parser finds, each with the number of its sentence. A word that contradicts a
// fact is put right, and the search goes on behind it; what else is wrong ends it.
std::multimap<std::size_t, std::string> breaks(const World& world, std::string text,
                                               const std::vector<bool>& accepted) {
  std::multimap<std::size_t, std::string> reasons;
  for (int round = 0; round < kMostBreaks; ++round) {
    const Parse parse = parse_all(world, {std::nullopt, true}, text);
    if (parse.derivations > 0) break;
    const auto sentences = sentences_of(text);
    if (parse.furthest >= text.size()) {
      reasons.emplace(sentences.size() + 1, "cut off: the story does not come to its end");
      break;
    }
    const Place place = place_of(sentences, text.data() + parse.furthest);
    const std::string found(word_at(text, parse.furthest));
    if (const auto expected = mismatch(world, parse, found)) {
      reasons.emplace(place.number, fmt::format("sentence {}: '{}' where the story has '{}' ({})",
                                                place.number, shortened(found, kLongestQuote),
                                                shortened(expected->word, kLongestQuote),
                                                world.facts[*expected->fact].name));
      std::string right = expected->word;
      if (found[0] >= 'A' && found[0] <= 'Z') right[0] = to_capital(right[0]);
      text.replace(parse.furthest, found.size(), right);
      continue;
    }
    if (accepted[place.number - 1]) {
      reasons.emplace(
          place.number,
          fmt::format("sentence {}: it does not follow from what was told (another order "
                      "of events, or another fact): {}",
                      place.number, shortened(place.sentence, kLongestQuote)));
    }
    break;
  }
  return reasons;
}

}  // namespace

std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> sentences;
  while (!text.empty()) {
    const std::size_t end = std::min(sentence_end(text, 0), text.size());
    sentences.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return sentences;
}

Verdict check(const World& world, std::string_view text, bool ended) {
  const auto sentences = sentences_of(text);
  std::vector<bool> accepted;
  for (const std::string_view sentence : sentences)
    accepted.push_back(is_sentence(world, sentence));

  auto reasons = breaks(world, std::string(text), accepted);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (accepted[i] || reasons.count(i + 1) > 0) continue;
    reasons.emplace(i + 1, fmt::format("sentence {}: not a sentence of this world: {}", i + 1,
                                       shortened(sentences[i], kLongestQuote)));
  }
  if (!ended) reasons.emplace(sentences.size() + 2, "cut off: no end token follows");

  Verdict verdict;
  verdict.sentences = sentences.size();
  verdict.accepted = static_cast<std::size_t>(std::count(accepted.begin(), accepted.end(), true));
  verdict.consistent = reasons.empty();
  for (auto& [number, reason] : reasons) verdict.reasons.push_back(std::move(reason));
  return verdict;
}

}  // namespace limpid::tales
