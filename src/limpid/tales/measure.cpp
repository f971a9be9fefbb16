#include "limpid/tales/measure.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>
#include <unordered_map>

#include "limpid/tales/checker.hpp"
#include "limpid/tales/world_text.hpp"
#include "limpid/tales/writer.hpp"

namespace limpid::tales {
namespace {

std::string lower(std::string_view word) {
  std::string result(word);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Calls on_word for every run of letters and on_rest for what stands between.
template <class OnWord, class OnRest>
void scan(std::string_view text, OnWord on_word, OnRest on_rest) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    const bool letters = is_letter(text[i]);
    while (i < text.size() && is_letter(text[i]) == letters) ++i;
    letters ? on_word(text.substr(begin, i - begin)) : on_rest(text.substr(begin, i - begin));
  }
}

// The words that fill slots: those of the lists, and those of rules that choose single words.
std::set<std::string> slot_words(const World& world) {
  std::set<std::string> words;
  const auto add = [&](std::string_view text) {
    scan(
        text, [&](std::string_view word) { words.insert(lower(word)); }, [](std::string_view) {});
  };
  for (const List& list : world.lists) {
    for (const auto& row : list.rows) {
      for (const std::string& word : row) add(word);
    }
  }
  for (const Rule& rule : world.rules) {
    const auto one_word = [](const Alternative& line) {
      return line.pieces.size() == 1 && line.pieces[0].kind == Piece::Kind::text &&
             line.pieces[0].text.find(' ') == std::string::npos;
    };
    if (!std::all_of(rule.alternatives.begin(), rule.alternatives.end(), one_word)) continue;
    for (const Alternative& line : rule.alternatives) add(line.pieces[0].text);
  }
  return words;
}

std::string skeleton_of(const World& world, const std::set<std::string>& slots,
                        std::string_view sentence) {
  const auto masked = [&](std::string_view word) {
    return slots.count(lower(word)) > 0 ||
           std::any_of(world.lists.begin(), world.lists.end(),
                       [&](const List& list) { return list.find_spelled(word).has_value(); });
  };
  std::string skeleton;
  scan(
      sentence, [&](std::string_view word) { skeleton += masked(word) ? "_" : lower(word); },
      [&](std::string_view rest) { skeleton += rest; });
  return skeleton;
}

void count(Range& range, std::size_t value, std::size_t stories) {
  range.least = stories == 1 ? value : std::min(range.least, value);
  range.most = std::max(range.most, value);
  range.mean += (static_cast<double>(value) - range.mean) / static_cast<double>(stories);
}

}  // namespace

Measures measure(const World& world, Split split, Rng& rng, std::size_t bytes) {
  if (bytes == 0) throw std::invalid_argument("tales: expected bytes above 0 to measure, got 0");
  const std::set<std::string> slots = slot_words(world);
  std::unordered_map<std::string, std::size_t> words, skeletons;
  Measures result;
  double bits = 0;
  while (result.bytes < bytes) {
    const Story story = write(world, split, rng);
    result.bytes += story.text.size();
    bits += story.bits;
    ++result.stories;
    std::size_t sentences = 0;
    for (const std::string_view sentence : sentences_of(story.text)) {
      ++skeletons[skeleton_of(world, slots, sentence)];
      ++sentences;
    }
    result.sentences += sentences;
    scan(
        story.text, [&](std::string_view word) { ++words[lower(word)]; }, [](std::string_view) {});
    const auto spaces = std::count(story.text.begin(), story.text.end(), ' ');
    count(result.words_per_story, static_cast<std::size_t>(spaces) + 1, result.stories);
    count(result.sentences_per_story, sentences, result.stories);
    count(result.recalls_per_story, story.recalls.size(), result.stories);
  }
  result.word_types = words.size();
  for (const auto& [word, number] : words) result.word_types_20 += number >= 20;
  result.skeletons = skeletons.size();
  std::size_t largest = 0;
  for (const auto& [skeleton, number] : skeletons) {
    if (number < largest || (number == largest && skeleton > result.largest_skeleton_text))
      continue;
    largest = number;
    result.largest_skeleton_text = skeleton;
  }
  result.largest_skeleton = static_cast<double>(largest) / static_cast<double>(result.sentences);
  result.bits_per_byte = bits / static_cast<double>(result.bytes);
  return result;
}

}  // namespace limpid::tales
