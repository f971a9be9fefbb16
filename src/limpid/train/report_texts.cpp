#include "limpid/train/report_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "limpid/generate/generator.hpp"
#include "limpid/tales/checker.hpp"
#include "limpid/tales/parser.hpp"
#include "limpid/tales/world.hpp"

namespace limpid {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::size_t kWritten = 3;
constexpr std::uint64_t kSeed = 1;
constexpr Index kLooks = 120'000;  // in the whole page, so that it stays below 2 MB

std::vector<Ids> write_texts(const Decoder<float>& model, std::int32_t start,
                             std::optional<std::int32_t> end) {
  GenerateOptions options;
  options.max_tokens = end ? std::min(model.config.context, kLongestText) : kLongestText;
  options.end = end;
  std::vector<Rng> rngs;
  for (std::size_t i = 0; i < kWritten; ++i) rngs.emplace_back(kSeed, i);
  const std::vector<Ids> prompts(kWritten, Ids{start});
  return generate(model, prompts, options, rngs);
}

}  // namespace

ShownTexts show_texts(const Decoder<float>& model, const Tokenizer& tokenizer,
                      std::optional<std::int32_t> end, std::span<const Ids> held_out) {
  // One long text has no start mark: a line's end is the nearest to it.
  const Ids line_end = tokenizer.encode("\n");
  const std::int32_t start = end ? *end : line_end.empty() ? 0 : line_end.front();

  std::vector<Ids> all = write_texts(model, start, end);
  for (Ids ids : held_out) {
    if (end) ids.push_back(*end);
    if (static_cast<Index>(ids.size()) > kLongestText) ids.resize(kLongestText);
    all.push_back(std::move(ids));
  }

  // As many looks as the page can carry.
  Index tokens = 0;
  for (const Ids& ids : all) tokens += static_cast<Index>(ids.size());
  const Index places = kLooks / std::max<Index>(1, tokens);
  const Config& shape = model.config;
  ShownTexts shown;
  shown.heads = shape.layers * (shape.heads + 1) + 1 <= places;
  const Index views = 1 + shape.layers * (shown.heads ? shape.heads + 1 : 1);
  const ReadingOptions options{
      .guesses = 5, .looks = std::clamp<Index>(places / views, 1, 6), .heads = shown.heads};
  for (const Ids& ids : all) {
    ShownText text;
    text.real = shown.texts.size() >= kWritten;
    text.ended = end && !ids.empty() && ids.back() == *end;
    text.text = tokenizer.decode(std::span(ids).first(ids.size() - (text.ended ? 1 : 0)));
    text.tokens = read_closely(model, tokenizer, start, ids, options);
    shown.texts.push_back(std::move(text));
  }
  return shown;
}

std::vector<ShownRecall> token_ranges(std::span<const tales::Recall> recalls,
                                      std::span<const ShownToken> tokens) {
  std::vector<std::size_t> ends;  // of each token, in bytes of the text
  for (const ShownToken& token : tokens) {
    ends.push_back((ends.empty() ? 0 : ends.back()) + static_cast<std::size_t>(token.bytes));
  }
  // The token that holds this byte.
  const auto holder = [&](std::size_t byte) {
    return static_cast<Index>(std::upper_bound(ends.begin(), ends.end(), byte) - ends.begin());
  };
  std::vector<ShownRecall> shown;
  for (const tales::Recall& recall : recalls) {
    // A text that was cut short may end before the word.
    if (ends.empty() || recall.end > ends.back()) continue;
    shown.push_back({holder(recall.begin), holder(recall.end - 1) + 1, holder(recall.source_begin),
                     holder(recall.source_end - 1) + 1, recall.fact});
  }
  return shown;
}

void judge_tale(ShownText& tale) {
  const tales::World& world = tales::World::embedded();
  const tales::Verdict verdict = tales::check(world, tale.text, tale.ended);
  if (verdict.consistent) {
    tale.verdict = "complete and consistent";
  } else {
    tale.verdict = fmt::format(
        "{} of {} sentences are good; {}", verdict.accepted, verdict.sentences,
        verdict.reasons.empty() ? "the story is not complete" : verdict.reasons.front());
  }
  const tales::Parse parse = tales::parse_all(world, {.split = {}, .any_name = true}, tale.text);
  tale.recalls = token_ranges(parse.story.recalls, tale.tokens);
}

}  // namespace limpid
