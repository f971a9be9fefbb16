#include "limpid/train/copied_run.hpp"

#include <algorithm>

namespace limpid {
namespace {

constexpr std::int32_t kNewWord = -1;  // a word that training never had
constexpr std::int32_t kEnd = -2;      // of a text: equal to no word

// A word is what stands between spaces, its punctuation included.
template <class Visit>
void for_each_word(std::string_view text, Visit&& visit) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    if (end > begin) visit(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace

CopiedRun::CopiedRun(std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    for_each_word(text, [&](std::string_view word) {
      const auto next_id = static_cast<std::int32_t>(ids_.size());
      suffixes_.push_back(static_cast<std::uint32_t>(words_.size()));
      words_.push_back(ids_.try_emplace(std::string(word), next_id).first->second);
    });
    words_.push_back(kEnd);
  }
  std::sort(suffixes_.begin(), suffixes_.end(), [&](std::uint32_t a, std::uint32_t b) {
    // A text's end stops the comparison; ends are told apart by their place.
    while (words_[a] == words_[b] && words_[a] != kEnd) ++a, ++b;
    return words_[a] != words_[b] ? words_[a] < words_[b] : a < b;
  });
}

std::int32_t CopiedRun::word_id(std::string_view word) const {
  const auto found = ids_.find(std::string(word));
  return found == ids_.end() ? kNewWord : found->second;
}

Index CopiedRun::common(std::span<const std::int32_t> words, std::uint32_t suffix) const {
  Index length = 0;
  while (length < static_cast<Index>(words.size()) &&
         words[static_cast<std::size_t>(length)] ==
             words_[suffix + static_cast<std::size_t>(length)]) {
    ++length;
  }
  return length;
}

Index CopiedRun::longest(std::string_view text) const {
  std::vector<std::int32_t> words;
  for_each_word(text, [&](std::string_view word) { words.push_back(word_id(word)); });
  Index longest = 0;
  for (std::size_t begin = 0; begin < words.size(); ++begin) {
    const std::span<const std::int32_t> here = std::span(words).subspan(begin);
    const auto place =
        std::lower_bound(suffixes_.begin(), suffixes_.end(), here,
                         [&](std::uint32_t suffix, std::span<const std::int32_t> target) {
                           const auto same = static_cast<std::size_t>(common(target, suffix));
                           return same < target.size() && words_[suffix + same] < target[same];
                         });
    if (place != suffixes_.end()) longest = std::max(longest, common(here, *place));
    if (place != suffixes_.begin()) longest = std::max(longest, common(here, *(place - 1)));
  }
  return longest;
}

}  // namespace limpid
