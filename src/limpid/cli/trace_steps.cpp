#include "limpid/cli/trace_steps.hpp"

#include <algorithm>
#include <utility>

#include "limpid/core/elementwise.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/generate/sampling.hpp"

namespace limpid::cli {
namespace {

using Numbers = Matrix<float>;

Numbers logits_of(const Decoder<float>& model, const Numbers& normed) {
  return matmul<float>(normed, t(model.config.tied ? model.embedding.weight : model.head));
}

std::vector<double> softmax_of_last_row(const Numbers& logits) {
  const float* row = logits.data() + (logits.rows() - 1) * logits.cols();
  return distribution({row, static_cast<std::size_t>(logits.cols())}, {});
}

BlockTrace trace_block(const Decoder<float>& model, const Block<float>& block, Numbers x,
                       const Context& context) {
  BlockTrace trace;
  trace.norm1 = block.norm1.forward(x, nullptr);
  MultiHeadAttention<float>::Cache attention;
  trace.attention = block.attention.forward(trace.norm1, context, &attention);
  trace.qkv = std::move(attention.rows);
  trace.looks = std::move(attention.probabilities);
  add(x, trace.attention);

  trace.norm2 = block.norm2.forward(x, nullptr);
  Either<float, FeedForward<float>, GatedFeedForward<float>>::Cache feed_forward;
  trace.feed_forward = block.feed_forward.forward(trace.norm2, &feed_forward);
  const bool gpt2 = model.config.family == Family::gpt2;
  trace.hidden = std::move(gpt2 ? feed_forward.first.down.x : feed_forward.second.down.x);
  add(x, trace.feed_forward);

  trace.next = softmax_of_last_row(
      logits_of(model, model.final_norm.forward(x.bottomRows(1).eval(), nullptr)));
  trace.stream = std::move(x);
  return trace;
}

}  // namespace

Trace trace_prompt(const Decoder<float>& model, std::span<const std::int32_t> ids) {
  const Context context{.batch = 1, .time = static_cast<Index>(ids.size()), .attention_maps = true};
  Trace trace;
  trace.embedding = model.embedding.forward(ids);
  trace.stream =
      model.positions ? model.positions->forward(trace.embedding, context) : trace.embedding;
  for (const Block<float>& block : model.blocks) {
    const Numbers& x = trace.blocks.empty() ? trace.stream : trace.blocks.back().stream;
    trace.blocks.push_back(trace_block(model, block, x, context));
  }
  trace.final_norm = model.final_norm.forward(trace.blocks.back().stream, nullptr);
  trace.logits = logits_of(model, trace.final_norm);
  trace.next = softmax_of_last_row(trace.logits);
  return trace;
}

std::size_t most_peaked_head(const BlockTrace& block) {
  const auto peak = [](const Numbers& look) { return look.bottomRows(1).maxCoeff(); };
  const auto found =
      std::max_element(block.looks.begin(), block.looks.end(),
                       [&](const Numbers& a, const Numbers& b) { return peak(a) < peak(b); });
  return static_cast<std::size_t>(found - block.looks.begin());
}

}  // namespace limpid::cli
