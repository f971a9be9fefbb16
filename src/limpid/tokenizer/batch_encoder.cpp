#include "limpid/tokenizer/batch_encoder.hpp"

#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

// Where each run begins, and behind the last one the end: run r ends with the text in which its
// share of all bytes ends.
std::vector<std::size_t> cut_into_runs(std::span<const std::string_view> texts, std::size_t runs) {
  std::size_t all = 0, bytes = 0;
  for (const std::string_view text : texts) all += text.size() + 1;  // an empty text is work too
  std::vector<std::size_t> begins = {0};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    bytes += texts[i].size() + 1;
    while (begins.size() < runs && bytes * runs >= all * begins.size()) begins.push_back(i + 1);
  }
  begins.resize(runs + 1, texts.size());
  return begins;
}

}  // namespace

std::vector<std::vector<TokenId>> BatchEncoder::encode(std::span<const std::string_view> texts,
                                                       Specials specials) {
  const auto runs = static_cast<std::size_t>(threads());
  while (caches_.size() < runs) caches_.push_back(tokenizer_.new_cache());

  const std::vector<std::size_t> begins = cut_into_runs(texts, runs);
  std::vector<std::vector<TokenId>> ids(texts.size());
  parallel_for(static_cast<Index>(runs), 1, [&](Index begin, Index end) {
    for (auto run = static_cast<std::size_t>(begin); run < static_cast<std::size_t>(end); ++run) {
      for (std::size_t i = begins[run]; i < begins[run + 1]; ++i) {
        ids[i] = tokenizer_.encode(texts[i], specials, caches_[run].get());
      }
    }
  });
  return ids;
}

}  // namespace limpid
