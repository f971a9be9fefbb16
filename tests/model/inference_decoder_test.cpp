#include "limpid/model/inference_decoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace limpid;

// NO by hand: decoder_test works out what a decoder computes
// NO gradient check: the backward pass is the decoder's own
// NO fixture: decoder_test compares a decoder with PyTorch's

namespace {

Config tiny(Family family, bool tied) {
  Config config;
  config.family = family;
  config.vocab = 50;
  config.context = 6;
  config.layers = 3;
  config.width = 64;
  config.heads = 4;
  config.kv_heads = family == Family::llama ? 2 : 4;
  config.hidden = 96;
  config.tied = tied;
  return config;
}

void copy(const Parameters<float>& from, const Parameters<float>& to) {
  REQUIRE(from.size() == to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    REQUIRE(from[i].name == to[i].name);
    REQUIRE(from[i].shape == to[i].shape);
    REQUIRE(from[i].grad.size() == to[i].grad.size());
    std::copy(from[i].value.begin(), from[i].value.end(), to[i].value.begin());
  }
}

const std::vector<std::int32_t> kIds{3, 1, 4, 1, 5, 9};
constexpr Context kContext{.batch = 1, .time = 6};

}  // namespace

TEST_CASE("property: with the same weights it computes what a decoder computes, bit for bit") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      Rng rng(1);
      Decoder<float> model(tiny(family, tied), rng);
      const auto inference = inference_decoder(model.config);
      copy(model.parameters(), inference->parameters());
      CHECK(inference->config == model.config);
      CHECK(inference->forward(kIds, kContext, nullptr) == model.forward(kIds, kContext, nullptr));
    }
  }
}

TEST_CASE("accumulation: its gradients are zeros, and grow as a decoder's do") {
  Rng rng(1);
  Decoder<float> model(tiny(Family::llama, false), rng);
  const auto inference = inference_decoder(model.config);
  copy(model.parameters(), inference->parameters());
  for (const Parameter<float>& parameter : inference->parameters()) {
    CHECK(
        std::all_of(parameter.grad.begin(), parameter.grad.end(), [](float g) { return g == 0; }));
  }
  for (int time = 0; time < 2; ++time) {
    for (Decoder<float>* each : {&model, inference.get()}) {
      Decoder<float>::Cache cache;
      const Matrix<float> logits = each->forward(kIds, kContext, &cache);
      each->backward(logits, kContext, cache);
    }
  }
  const Parameters<float> left = model.parameters(), right = inference->parameters();
  for (std::size_t i = 0; i < left.size(); ++i) {
    CAPTURE(left[i].name);
    CHECK(std::equal(left[i].grad.begin(), left[i].grad.end(), right[i].grad.begin()));
  }
}

TEST_CASE("edges: one layer, one token") {
  Config config = tiny(Family::gpt2, true);
  config.layers = config.vocab = 1;
  const auto model = inference_decoder(config);
  CHECK(model->blocks.size() == 1);
  CHECK(model->parameters().front().shape == std::vector<Index>{1, 64});
}

TEST_CASE("misuse: an impossible configuration") {
  Config config = tiny(Family::llama, true);
  config.heads = 3;
  CHECK_THROWS_AS(inference_decoder(config), std::invalid_argument);
}
