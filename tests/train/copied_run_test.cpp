#include "limpid/train/copied_run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "limpid/core/rng.hpp"

using namespace limpid;

// NO gradient check: words have no gradient
// NO fixture: the naive search below is the other implementation
// NO accumulation: nothing accumulates
// NO misuse: every text has a longest run, if only of 0 words

namespace {

std::vector<std::string> random_texts(Index count, Index length, Rng& rng) {
  std::vector<std::string> texts;
  for (Index i = 0; i < count; ++i) {
    std::string text;
    for (Index j = 0; j < length; ++j) {
      text += static_cast<char>('a' + rng.below(3));
      text += ' ';
    }
    texts.push_back(text);
  }
  return texts;
}

// Every stretch of the text against every place of every training text.
Index naive(const std::vector<std::string>& training, const std::string& text) {
  Index longest = 0;
  for (const std::string& other : training) {
    for (std::size_t i = 0; i < text.size(); i += 2) {
      for (std::size_t j = 0; j < other.size(); j += 2) {
        Index same = 0;
        while (i + 2 * static_cast<std::size_t>(same) < text.size() &&
               j + 2 * static_cast<std::size_t>(same) < other.size() &&
               text[i + 2 * static_cast<std::size_t>(same)] ==
                   other[j + 2 * static_cast<std::size_t>(same)]) {
          ++same;
        }
        longest = std::max(longest, same);
      }
    }
  }
  return longest;
}

}  // namespace

TEST_CASE("by hand: the fox ran home") {
  const std::vector<std::string> training{"the fox ran home", "a bear came"};
  const CopiedRun copied(training);
  CHECK(copied.longest("then the fox ran away") == 3);
  CHECK(copied.longest("the fox ran home") == 4);
  CHECK(copied.longest("home a bear") == 2);  // runs do not cross from one text into the next
  CHECK(copied.longest("nothing of it") == 0);
}

TEST_CASE("property: the same as looking everywhere") {
  Rng rng(1);
  const std::vector<std::string> training = random_texts(6, 30, rng);
  const CopiedRun copied(training);
  for (const std::string& text : random_texts(50, 20, rng)) {
    CHECK(copied.longest(text) == naive(training, text));
  }
}

TEST_CASE("edges: no training text, an empty text") {
  CHECK(CopiedRun(std::vector<std::string>{}).longest("a b") == 0);
  CHECK(CopiedRun(std::vector<std::string>{"a b", ""}).longest("") == 0);
}
