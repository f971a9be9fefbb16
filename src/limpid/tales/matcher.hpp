/// Compares words with a place in a text, and remembers where the best try ended.
///
/// When no derivation fits, the place that the parser came to, and what it could have read there,
/// say what is wrong with the text.
///
/// USES    tales/world
/// ERRORS  none
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// What could have stood where the text went wrong.
struct Expected {
  std::string word;
  std::optional<std::size_t> fact;  ///< none: a word of the rule's own text
};

class Matcher {
 public:
  explicit Matcher(std::string_view text) : text_(text) {}

  /// Whether these words stand at this place; `capital`: the first letter is a capital there.
  bool stands(std::string_view words, std::size_t at, bool capital) const;
  /// The place behind the words, or 0 if they do not stand here: then they were expected.
  std::size_t match(std::string_view words, std::size_t at, bool capital,
                    std::optional<std::size_t> fact);
  /// The place behind "a", or behind "an" before a vowel; 0 if the right one does not stand here.
  std::size_t article(std::size_t at, bool capital);
  /// A try ended at this place, where this word would have fitted.
  void expect(std::size_t at, std::string_view word, std::optional<std::size_t> fact);

  std::size_t furthest() const { return furthest_; }
  const std::vector<Expected>& expected() const { return expected_; }

 private:
  std::string_view text_;
  std::size_t furthest_ = 0;
  std::vector<Expected> expected_;
};

}  // namespace limpid::tales
