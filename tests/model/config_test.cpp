#include "limpid/model/config.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace limpid;

// NO gradient check: a config has no numbers to train
// NO fixture: the published parameter counts below are the other implementation
// NO accumulation: nothing accumulates

namespace {

Config gpt2_124m() {
  Config config;
  config.vocab = 50257;
  config.context = 1024;
  config.layers = 12;
  config.heads = config.kv_heads = 12;
  config.width = 768;
  config.hidden = 3072;
  return config;
}

}  // namespace

TEST_CASE("by hand: GPT-2 124M has 124,439,808 parameters") {
  CHECK(gpt2_124m().parameter_count() == 124'439'808);
}

TEST_CASE("by hand: TinyLlama 1.1B has 1,100,048,384 parameters") {
  Config config;
  config.family = Family::llama;
  config.vocab = 32000;
  config.context = 2048;
  config.layers = 22;
  config.heads = 32;
  config.kv_heads = 4;
  config.width = 2048;
  config.hidden = 5632;
  config.tied = false;
  config.validate();
  CHECK(config.parameter_count() == 1'100'048'384);
}

TEST_CASE("by hand: operations per token") {
  // 6 x (124,439,808 - 786,432) + 12 x 12 x 768 x 64
  CHECK(gpt2_124m().training_flops_per_token(64) == 6.0 * 123'653'376 + 7'077'888);
  // An embedding that is not the head too multiplies nothing: its 50257 x 768 numbers are looked up.
  Config untied = gpt2_124m();
  untied.tied = false;
  CHECK(untied.parameter_count() == 124'439'808 + 38'597'376);
  CHECK(untied.training_flops_per_token(64) == 6.0 * 123'653'376 + 7'077'888);
}

TEST_CASE("property: family names round-trip") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    CHECK(family_from_name(family_name(family)) == family);
  }
}

TEST_CASE("edges: the smallest model is allowed") {
  Config config;
  config.vocab = config.context = config.layers = config.heads = config.kv_heads = config.width =
      config.hidden = 1;
  CHECK_NOTHROW(config.validate());
}

TEST_CASE("misuse: an impossible configuration names the key, its value and what was expected") {
  const auto message = [](auto change) {
    Config config = gpt2_124m();
    change(config);
    try {
      config.validate();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message([](Config& c) { c.heads = c.kv_heads = 7; }) ==
        "config: width 768 is not divisible by heads 7");
  CHECK(message([](Config& c) { c.vocab = 0; }) == "config: vocab is 0, expected 1 to 10000000");
  CHECK(
      message([](Config& c) { c.kv_heads = 4; }) ==
      "config: kv_heads is 4, expected 12 (heads): the gpt2 family has no grouped-query attention");
  CHECK(message([](Config& c) {
          c.family = Family::llama;
          c.width = 36;
        }) ==
        "config: width 36 / heads 12 gives head width 3, expected an even number: rotary positions "
        "turn pairs");
  CHECK(message([](Config& c) { c.dropout = 1; }) ==
        "config: dropout is 1, expected 0 or more and less than 1");
  CHECK(message([](Config& c) { c.norm_epsilon = 0; }) ==
        "config: norm_epsilon is 0, expected between 0 and 1");
  CHECK(message([](Config& c) {
          c.family = Family::llama;
          c.kv_heads = 5;
        }) == "config: heads 12 is not divisible by kv_heads 5");
  CHECK(message([](Config& c) { c.kv_heads = 13; }) == "config: kv_heads is 13, expected 1 to 12");
  // NaN is no number between any two.
  CHECK(message([](Config& c) { c.dropout = std::nan(""); }) ==
        "config: dropout is nan, expected 0 or more and less than 1");
  CHECK(message([](Config& c) { c.norm_epsilon = std::nan(""); }) ==
        "config: norm_epsilon is nan, expected between 0 and 1");
  CHECK(message([](Config& c) { c.rotary_base = std::nan(""); }) ==
        "config: rotary_base is nan, expected between 1 and 1e12");
  CHECK_THROWS_WITH_AS(family_from_name("bert"), "config: family is 'bert', expected gpt2 or llama",
                       std::invalid_argument);
}
