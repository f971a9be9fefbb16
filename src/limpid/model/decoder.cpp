#include "limpid/model/decoder.hpp"

#include <fmt/format.h>

#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/matmul.hpp"

namespace limpid {

template <class Real>
Decoder<Real>::Decoder(const Config& model_config, Rng& rng) : config(model_config) {
  config.validate();
  embedding = Embedding<Real>(config.vocab, config.width, rng);
  if (config.family == Family::gpt2) {
    positions = LearnedPosition<Real>(config.context, config.width, rng);
  }
  dropout = Dropout<Real>(config.dropout);
  for (Index layer = 0; layer < config.layers; ++layer) blocks.emplace_back(config, rng);
  final_norm = make_norm<Real>(config);
  if (!config.tied) {
    head = normal_matrix<Real>(config.vocab, config.width, initial_deviation(config.width), rng);
    head_grad = Matrix::Zero(config.vocab, config.width);
  }
}

template <class Real>
auto Decoder<Real>::embed(Ids ids, const Context& context) const -> Matrix {
  if (static_cast<Index>(ids.size()) != context.rows()) {
    fail("decoder", fmt::format("{} ids, expected batch {} x time {} = {}", ids.size(),
                                context.batch, context.time, context.rows()));
  }
  if (context.offset + context.time > config.context) {
    fail("decoder",
         fmt::format("a sequence of {} tokens, expected at most {} (the model's context)",
                     context.offset + context.time, config.context));
  }
  Matrix x = embedding.forward(ids);
  return positions ? positions->forward(std::move(x), context) : x;
}

// ids [N] become rows of the stream [N, C]; every block adds to it; the head compares the normed rows
// with a row for each token of the vocabulary: logits [N, V].
template <class Real>
auto Decoder<Real>::forward(Ids ids, const Context& context, Cache* cache) const -> Matrix {
  if (cache != nullptr) {
    cache->ids.assign(ids.begin(), ids.end());
    cache->blocks.resize(blocks.size());
  }
  Matrix x = embed(ids, context);
  x = dropout.forward(std::move(x), context, cache == nullptr ? nullptr : &cache->dropout);
  for (std::size_t layer = 0; layer < blocks.size(); ++layer) {
    x = blocks[layer].forward(std::move(x), context,
                              cache == nullptr ? nullptr : &cache->blocks[layer]);
  }
  x = final_norm.forward(x, cache == nullptr ? nullptr : &cache->final_norm);
  Matrix logits = matmul<Real>(x, t(head_weight()));
  if (cache != nullptr) cache->head_input = std::move(x);
  return logits;
}

// The same calls in reverse. A tied matrix receives two gradients: in the first line as the head, in the
// last one as the table.
template <class Real>
void Decoder<Real>::backward(const Matrix& dlogits, const Context& context, const Cache& cache) {
  check_shape("decoder", "dlogits", dlogits, cache.head_input.rows(), config.vocab);
  matmul_add<Real>(config.tied ? embedding.weight_grad : head_grad, t(dlogits), cache.head_input);
  Matrix dx = final_norm.backward(matmul<Real>(dlogits, head_weight()), cache.final_norm);
  for (std::size_t layer = blocks.size(); layer-- > 0;) {
    dx = blocks[layer].backward(std::move(dx), context, cache.blocks[layer]);
  }
  dx = dropout.backward(std::move(dx), cache.dropout);
  if (positions) dx = positions->backward(std::move(dx), context);
  embedding.backward(dx, cache.ids);
}

template <class Real>
std::vector<KeyValueCache<Real>> Decoder<Real>::make_caches(Index batch, Index capacity) const {
  std::vector<KeyValueCache<Real>> caches;
  for (const Block<Real>& block : blocks) {
    caches.push_back(block.attention.make_cache(batch, capacity));
  }
  return caches;
}

template <class Real>
auto Decoder<Real>::forward_cached(Ids ids, Context context,
                                   std::vector<KeyValueCache<Real>>& past) const -> Matrix {
  require(past.size() == blocks.size(), "decoder", "expected one key/value cache per layer");
  context.offset = past.front().length;
  Matrix x = embed(ids, context);
  for (std::size_t layer = 0; layer < blocks.size(); ++layer) {
    x = blocks[layer].forward_cached(std::move(x), context, past[layer]);
  }
  // Only the last row of each sequence is asked for its next token.
  Matrix last(context.batch, config.width);
  for (Index b = 0; b < context.batch; ++b) last.row(b) = x.row((b + 1) * context.time - 1);
  return matmul<Real>(final_norm.forward(last, nullptr), t(head_weight()));
}

template <class Real>
auto Decoder<Real>::parameters() -> Parameters<Real> {
  Parameters<Real> all;
  append_parameters(all, "embedding", embedding.parameters());
  if (positions) append_parameters(all, "positions", positions->parameters());
  for (std::size_t layer = 0; layer < blocks.size(); ++layer) {
    append_parameters(all, fmt::format("blocks.{}", layer), blocks[layer].parameters());
  }
  append_parameters(all, "final_norm", final_norm.parameters());
  if (!config.tied) all.push_back(matrix_parameter("head.weight", head, head_grad));
  return all;
}

template <class Real>
Index Decoder<Real>::Cache::bytes() const {
  Index sum = static_cast<Index>(ids.size() * sizeof(std::int32_t)) + dropout.bytes() +
              final_norm.bytes() + head_input.size() * static_cast<Index>(sizeof(Real));
  for (const typename Block<Real>::Cache& block : blocks) sum += block.bytes();
  return sum;
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace limpid
