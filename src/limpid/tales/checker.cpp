#include "limpid/tales/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "limpid/tales/parser.hpp"

namespace limpid::tales {
namespace {

constexpr int kMostBreaks = 8;

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

void explain(const World& world, std::string text, const std::vector<bool>& accepted,
             Verdict& verdict) {
  for (int round = 0; round < kMostBreaks; ++round) {
    const Parse parse = parse_all(world, {std::nullopt, true}, text);
    if (parse.derivations > 0) return;
    if (parse.furthest >= text.size()) {
      verdict.reasons.emplace_back("cut off: the story does not come to its end");
      return;
    }
    const auto sentences = sentences_of(text);
    const Place place = place_of(sentences, text.data() + parse.furthest);
    const std::string found(word_at(text, parse.furthest));
    if (const auto expected = mismatch(world, parse, found)) {
      verdict.reasons.push_back(fmt::format("sentence {}: '{}' where the story has '{}' ({})",
                                            place.number, found, expected->word,
                                            world.facts[*expected->fact].name));
      std::string right = expected->word;
      if (found[0] >= 'A' && found[0] <= 'Z') right[0] = to_capital(right[0]);
      text.replace(parse.furthest, found.size(), right);
      continue;
    }
    if (place.number <= accepted.size() && accepted[place.number - 1]) {
      verdict.reasons.push_back(
          fmt::format("sentence {}: it cannot follow here (order of events, or a fact that the "
                      "story has told otherwise): {}",
                      place.number, place.sentence));
    }
    return;
  }
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
  Verdict verdict;
  std::vector<bool> accepted;
  for (const std::string_view sentence : sentences_of(text)) {
    accepted.push_back(is_sentence(world, sentence));
    ++verdict.sentences;
    verdict.accepted += accepted.back();
    if (!accepted.back()) {
      verdict.reasons.push_back(fmt::format("sentence {}: not a sentence of this world: {}",
                                            verdict.sentences, sentence));
    }
  }
  if (!ended) verdict.reasons.emplace_back("cut off: no end token follows");
  explain(world, std::string(text), accepted, verdict);
  verdict.consistent = verdict.reasons.empty();
  return verdict;
}

}  // namespace limpid::tales
