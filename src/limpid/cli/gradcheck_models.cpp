// The cases of ./limpid gradcheck that are made of several layers: a block, and the whole decoder with its
// loss, in both families.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "limpid/cli/gradcheck_cases.hpp"
#include "limpid/cli/gradcheck_layers.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/nn/cross_entropy.hpp"

namespace limpid::cli {
namespace {

Config small_config(Family family) {
  Config config;
  config.family = family;
  config.vocab = 7;
  config.context = kTime;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = family == Family::llama ? 2 : 4;
  config.width = kWidth;
  config.hidden = 12;
  return config;
}

}  // namespace

Errors check_block() {
  Rng rng(16);
  Errors all;
  for (const Family family : {Family::gpt2, Family::llama}) {
    append(all, std::string(family_name(family)) + ": ",
           check_with_context(Block<double>(small_config(family), rng), rng));
  }
  return all;
}

Errors check_decoder() {
  Errors all;
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(17);
    Decoder<double> model(small_config(family), rng);
    randomize(model.parameters(), rng);
    const std::vector<std::int32_t> ids{4, 0, 6, 4, 2, 1}, targets{0, 6, 3, 2, kIgnore, 5};
    Decoder<double>::Cache cache;
    Numbers logits = model.forward(ids, kContext, &cache);
    zero_gradients(model.parameters());
    model.backward(cross_entropy<double>(std::move(logits), targets).dlogits, kContext, cache);
    append(all, std::string(family_name(family)) + ": ",
           check_gradients(checked(model.parameters()), [&] {
             return cross_entropy_loss(model.forward(ids, kContext, nullptr), targets);
           }));
  }
  return all;
}

}  // namespace limpid::cli
