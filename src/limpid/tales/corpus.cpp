#include "limpid/tales/corpus.hpp"

#include <algorithm>

#include "limpid/tales/writer.hpp"

namespace limpid::tales {
namespace {

std::string_view without_space(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \r\n\t"), text.size());
  const std::size_t end = text.find_last_not_of(" \r\n\t") + 1;  // npos + 1 is 0
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

}  // namespace

Rng stream(std::uint64_t seed, Split split) {
  constexpr std::uint64_t kTales = 0x7a1e5;  // far from the streams that training counts from 0
  return Rng(seed, kTales + static_cast<std::uint64_t>(split));
}

std::string write_corpus(const World& world, Split split, std::uint64_t seed, std::size_t bytes,
                         double* bits) {
  Rng rng = stream(seed, split);
  std::string corpus;
  while (corpus.size() < bytes) {
    const Story story = write(world, split, rng);
    corpus += story.text;
    corpus += kEndOfStory;
    corpus += '\n';
    if (bits != nullptr) *bits += story.bits;
  }
  return corpus;
}

std::vector<Entry> entries(std::string_view corpus) {
  std::vector<Entry> result;
  while (true) {
    const std::size_t end = corpus.find(kEndOfStory);
    const std::string_view text = without_space(corpus.substr(0, end));
    if (end == std::string_view::npos) {
      if (!text.empty()) result.push_back({text, false});
      return result;
    }
    result.push_back({text, true});
    corpus.remove_prefix(end + kEndOfStory.size());
  }
}

}  // namespace limpid::tales
