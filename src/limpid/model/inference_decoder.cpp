#include "limpid/model/inference_decoder.hpp"

#include <span>

#include "limpid/core/memory.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/core/rng.hpp"

namespace limpid {
namespace {

void give_back_gradients(const Parameters<float>& parameters) {
  for (const Parameter<float>& parameter : parameters) {
    give_back_zeros(std::as_writable_bytes(parameter.grad));
  }
}

}  // namespace

std::unique_ptr<Decoder<float>> inference_decoder(const Config& config) {
  config.validate();
  Rng rng(0);
  // One block and one token first, so that nothing large is there at once; then it grows.
  Config small = config;
  small.layers = small.vocab = 1;
  auto model = std::make_unique<Decoder<float>>(small, rng);
  model->config = config;
  give_back_gradients(model->parameters());

  model->embedding = Embedding<float>(config.vocab, config.width, rng);
  give_back_gradients(model->embedding.parameters());
  model->blocks.reserve(static_cast<std::size_t>(config.layers));
  while (static_cast<Index>(model->blocks.size()) < config.layers) {
    model->blocks.emplace_back(config, rng);
    give_back_gradients(model->blocks.back().parameters());
  }
  if (!config.tied) {
    model->head = Matrix<float>::Zero(config.vocab, config.width);
    model->head_grad = Matrix<float>::Zero(config.vocab, config.width);
    give_back_zeros(std::as_writable_bytes(
        std::span(model->head_grad.data(), static_cast<std::size_t>(model->head_grad.size()))));
  }
  return model;
}

}  // namespace limpid
