#include "limpid/tales/matcher.hpp"

namespace limpid::tales {

bool Matcher::stands(std::string_view words, std::size_t at, bool capital) const {
  if (words.empty() || words.size() > text_.size() - at) return false;
  if (text_[at] != (capital ? to_capital(words[0]) : words[0])) return false;
  return text_.substr(at + 1, words.size() - 1) == words.substr(1);
}

std::size_t Matcher::match(std::string_view words, std::size_t at, bool capital,
                           std::optional<std::size_t> fact) {
  if (stands(words, at, capital)) return at + words.size();
  // Where a text of several words differs, the word that it differs in is what was expected.
  std::size_t same = 0, begin = 0;
  while (same < words.size() && at + same < text_.size() &&
         text_[at + same] == (same == 0 && capital ? to_capital(words[0]) : words[same])) {
    if (words[same++] == ' ') begin = same;
  }
  if (fact) begin = 0;
  const bool cut_off = at + same == text_.size();
  expect(cut_off ? text_.size() : at + begin, words.substr(begin, words.find(' ', begin) - begin),
         fact);
  return 0;
}

std::size_t Matcher::article(std::size_t at, bool capital) {
  const std::size_t space = text_.find(' ', at);
  const bool vowel =
      space != std::string_view::npos && space + 1 < text_.size() && is_vowel(text_[space + 1]);
  const std::string_view right = capital ? (vowel ? "An" : "A") : (vowel ? "an" : "a");
  if (space != std::string_view::npos && text_.substr(at, space - at) == right) return space;
  expect(at, right, std::nullopt);
  return 0;
}

void Matcher::expect(std::size_t at, std::string_view word, std::optional<std::size_t> fact) {
  if (at < furthest_) return;
  if (at > furthest_) expected_.clear();
  furthest_ = at;
  expected_.push_back({std::string(word), fact});
}

}  // namespace limpid::tales
