#include "limpid/train/close_reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "limpid/nn/context.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/tokenizer/utf8.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

namespace limpid {
namespace {

constexpr double kSmallestLook = 0.02;  // a smaller share is no look

// The `count` largest of n values, the largest first; among equals the lower place.
template <class Value>
std::vector<Index> largest(Index n, Index count, Value&& value) {
  std::vector<Index> places(static_cast<std::size_t>(n));
  std::iota(places.begin(), places.end(), Index{0});
  count = std::min(n, count);
  std::partial_sort(places.begin(), places.begin() + count, places.end(), [&](Index a, Index b) {
    return value(a) != value(b) ? value(a) > value(b) : a < b;
  });
  places.resize(static_cast<std::size_t>(count));
  return places;
}

// `row`: the shares that fell on the window's inputs. Input j is token first + j - 1.
std::vector<ShownLook> largest_shares(const RowVector<float>& row, Index first, Index count) {
  std::vector<ShownLook> looks;
  for (const Index place : largest(row.size(), count, [&](Index j) { return row[j]; })) {
    if (row[place] < kSmallestLook) break;
    looks.push_back({first + place - 1, static_cast<double>(row[place])});
  }
  return looks;
}

std::vector<std::vector<ShownLook>> looks_of(const Decoder<float>::Cache& cache, Index row,
                                             Index first, const ReadingOptions& options) {
  std::vector<std::vector<ShownLook>> views(1);
  RowVector<float> all = RowVector<float>::Zero(row + 1);
  for (const Block<float>::Cache& block : cache.blocks) {
    const std::vector<Matrix<float>>& maps = block.attention.probabilities;
    RowVector<float> mean = RowVector<float>::Zero(row + 1);
    std::vector<std::vector<ShownLook>> heads;
    for (const Matrix<float>& map : maps) {
      const RowVector<float> seen = map.row(row).head(row + 1);
      mean += seen / static_cast<float>(maps.size());
      if (options.heads) heads.push_back(largest_shares(seen, first, options.looks));
    }
    views.push_back(largest_shares(mean, first, options.looks));
    views.insert(views.end(), heads.begin(), heads.end());
    all += mean / static_cast<float>(cache.blocks.size());
  }
  views.front() = largest_shares(all, first, options.looks);
  return views;
}

}  // namespace

std::string shown_alone(std::string_view bytes) {
  if (!find_invalid_utf8(bytes)) return std::string(bytes);
  std::string hex;
  for (const char byte : bytes) {
    hex += fmt::format("{}{:02X}", hex.empty() ? "<" : " ", static_cast<unsigned char>(byte));
  }
  return hex + ">";
}

std::vector<ShownToken> read_closely(const Decoder<float>& model, const Tokenizer& tokenizer,
                                     std::int32_t start, std::span<const std::int32_t> ids,
                                     const ReadingOptions& options) {
  const auto count = static_cast<Index>(ids.size());
  std::vector<std::int32_t> inputs{start};
  inputs.insert(inputs.end(), ids.begin(), ids.end());
  std::vector<ShownToken> tokens;
  Utf8Stream text;

  // Windows of the context's length; of each but the first only the newer half is new.
  for (Index first = 0, done = 0; done < count;) {
    const Index end = std::min(count, first + model.config.context);
    Decoder<float>::Cache cache;
    const Matrix<float> logits =
        model.forward(std::span(inputs).subspan(static_cast<std::size_t>(first),
                                                static_cast<std::size_t>(end - first)),
                      Context{.batch = 1, .time = end - first, .attention_maps = true}, &cache);
    for (; done < end; ++done) {
      const std::int32_t id = ids[static_cast<std::size_t>(done)];
      const Index row = done - first;
      // Probabilities in double: the sum of a thousand of them should be 1.
      const RowVector<double> scores = logits.row(row).cast<double>();
      const double log_sum =
          scores.maxCoeff() + std::log((scores.array() - scores.maxCoeff()).exp().sum());
      ShownToken token;
      token.special = tokenizer.is_special(id);
      // A token that stands for no text is shown by its name.
      const std::string_view bytes = tokenizer.token_text(id);
      token.text =
          bytes.empty() ? text.flush() + std::string(tokenizer.token_bytes(id)) : text.push(bytes);
      token.bytes = static_cast<Index>(bytes.size());
      token.bits = (log_sum - scores[id]) / std::log(2.0);
      token.probability = std::exp(scores[id] - log_sum);
      for (const Index guess :
           largest(tokenizer.vocab_size(), options.guesses, [&](Index i) { return scores[i]; })) {
        const auto guessed = static_cast<std::int32_t>(guess);
        const std::string_view its = tokenizer.token_text(guessed);
        token.guesses.push_back({shown_alone(its.empty() ? tokenizer.token_bytes(guessed) : its),
                                 std::exp(scores[guess] - log_sum)});
      }
      token.looks = looks_of(cache, row, first, options);
      tokens.push_back(std::move(token));
    }
    first = end - model.config.context / 2;
  }
  if (!tokens.empty()) tokens.back().text += text.flush();
  return tokens;
}

}  // namespace limpid
