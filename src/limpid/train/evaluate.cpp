#include "limpid/train/evaluate.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/cross_entropy.hpp"

namespace limpid {

Index target_bytes(const Tokenizer& tokenizer, std::span<const std::int32_t> targets) {
  if (!tokenizer.keeps_text()) {
    fail("evaluate",
         fmt::format("tokens of the {} tokenizer are not the text's bytes, expected word, "
                     "char, byte, bpe, unigram or sentencepiece",
                     tokenizer.kind()));
  }
  Index bytes = 0;
  for (const std::int32_t id : targets) {
    if (id != kIgnore) bytes += static_cast<Index>(tokenizer.token_text(id).size());
  }
  return bytes;
}

TextLoss evaluate(const Decoder<float>& model, const Tokenizer& tokenizer,
                  std::span<const Batch> batches) {
  TextLoss sum;
  for (const Batch& batch : batches) {
    const Context context{.batch = batch.batch, .time = batch.time};
    const Matrix<float> logits = model.forward(batch.inputs, context, nullptr);
    sum.nats += cross_entropy_loss(logits, batch.targets) * static_cast<double>(batch.tokens);
    sum.tokens += batch.tokens;
    sum.bytes += target_bytes(tokenizer, batch.targets);
  }
  return sum;
}

std::span<const Batch> first_batches(std::span<const Batch> batches, Index tokens) {
  std::size_t count = 0;
  for (Index sum = 0; count < batches.size() && sum < tokens; ++count) sum += batches[count].tokens;
  return batches.first(count);
}

}  // namespace limpid
