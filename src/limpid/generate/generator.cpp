#include "limpid/generate/generator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limpid/core/check.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/kv_cache.hpp"

namespace limpid {
namespace {

using Ids = std::vector<std::int32_t>;

// `count` tokens of every text, one text after the other, beginning `from_end` tokens before the texts' ends.
Ids some_tokens(const std::vector<Ids>& texts, Index from_end, Index count) {
  Ids ids;
  for (const Ids& text : texts) {
    ids.insert(ids.end(), text.end() - from_end, text.end() - from_end + count);
  }
  return ids;
}

// Lets the model read the last `unread` tokens of every text: in chunks, so that what a
// layer holds for them stays small. Returns the logits for the next token, [B, V].
Matrix<float> read(const Decoder<float>& model, const std::vector<Ids>& texts, Index unread,
                   std::vector<KeyValueCache<float>>& past) {
  constexpr Index kChunk = 256;
  const auto batch = static_cast<Index>(texts.size());
  Matrix<float> logits;
  while (unread > 0) {
    const Index time = std::min(kChunk, unread);
    logits = model.forward_cached(some_tokens(texts, unread, time),
                                  Context{.batch = batch, .time = time}, past);
    unread -= time;
  }
  return logits;
}

void check_prompts(const Decoder<float>& model, std::span<const Ids> prompts,
                   std::span<const Rng> rngs) {
  require(!prompts.empty() && prompts.size() == rngs.size(), "generator",
          "expected at least one prompt and one random stream for each");
  const std::size_t length = prompts.front().size();
  require(length > 0, "generator", "the prompt is empty, expected at least one token");
  for (const Ids& prompt : prompts) {
    require(prompt.size() == length, "generator", "expected prompts of equal length");
  }
  if (static_cast<Index>(length) > model.config.context) {
    fail("generator",
         fmt::format("the prompt has {} tokens, expected at most {} (the model's context)", length,
                     model.config.context));
  }
}

}  // namespace

std::vector<Ids> generate(const Decoder<float>& model, std::span<const Ids> prompts,
                          const GenerateOptions& options, std::span<Rng> rngs,
                          const OnToken& on_token) {
  check_prompts(model, prompts, rngs);
  const auto batch = static_cast<Index>(prompts.size());
  const auto prompt_length = static_cast<Index>(prompts.front().size());
  require(options.max_tokens >= 0, "generator", "max_tokens is negative, expected 0 or more");
  const Index capacity =
      prompt_length + std::min(model.config.context - prompt_length, options.max_tokens);

  std::vector<Ids> texts(prompts.begin(), prompts.end());
  std::vector<Ids> drawn(prompts.size());
  std::vector<bool> over(prompts.size(), false);
  std::vector<KeyValueCache<float>> past = model.make_caches(batch, capacity);
  const Index drawable = options.vocabulary > 0 ? std::min(options.vocabulary, model.config.vocab)
                                                : model.config.vocab;
  Index unread = prompt_length;  // tokens at the end of each text that the model has not seen

  for (Index step = 0; step < options.max_tokens; ++step) {
    if (past.front().length + unread > capacity) {
      for (KeyValueCache<float>& cache : past) cache.reset();
      unread = std::max<Index>(1, capacity / 2);
    }
    const Matrix<float> logits = read(model, texts, unread, past);
    unread = 1;

    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::span<const float> row(logits.data() + static_cast<Index>(i) * logits.cols(),
                                       static_cast<std::size_t>(drawable));
      // A sequence that is over still takes its place in the batch; what it reads does not matter.
      if (over[i]) {
        texts[i].push_back(texts[i].back());
        continue;
      }
      const std::int32_t id = sample(row, options.sampling, texts[i], rngs[i]);
      texts[i].push_back(id);
      drawn[i].push_back(id);
      const bool go_on = !on_token || on_token(static_cast<Index>(i), id);
      over[i] = !go_on || (options.end && id == *options.end);
    }
    if (std::all_of(over.begin(), over.end(), [](bool is_over) { return is_over; })) break;
  }

  return drawn;
}

}  // namespace limpid
