#include "limpid/formats/model_tensors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "limpid/formats/gguf_names.hpp"
#include "limpid/model/decoder.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: gguf_model_test and llama2c_checkpoint_test compare whole files
// NO accumulation: nothing accumulates

namespace {

Config llama() {
  Config config;
  config.family = Family::llama;
  config.vocab = 5;
  config.context = 3;
  config.layers = 2;
  config.width = 12;
  config.heads = 2;
  config.kv_heads = 1;
  config.hidden = 3;
  config.tied = false;
  return config;
}

// Every number says which one it is, in the order of the parameters.
Decoder<float> numbered(const Config& config) {
  Rng rng(1);
  Decoder<float> model(config, rng);
  float next = 0;
  for (const Parameter<float>& parameter : model.parameters()) {
    for (float& number : parameter.value) number = next++;
  }
  return model;
}

}  // namespace

TEST_CASE("by hand: rows of queries and keys come pair by pair, those of values as they are") {
  const Config config = llama();
  Decoder<float> model = numbered(config);
  const auto tensors = model_tensors(gguf_names(config), config, model.parameters());
  const auto find = [&](const std::string& name) {
    return *std::find_if(tensors.begin(), tensors.end(),
                         [&](const ModelTensor& tensor) { return tensor.name == name; });
  };
  const auto order = [](const ModelTensor& tensor) {
    std::vector<Index> rows;
    for (Index row = 0; row < tensor.rows(); ++row) {
      rows.push_back((tensor.row(row).data() - tensor.numbers.data()) / tensor.row_size());
    }
    return rows;
  };
  // Two heads of width 6.
  CHECK(order(find("blk.1.attn_q.weight")) ==
        std::vector<Index>{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  CHECK(order(find("blk.1.attn_k.weight")) == std::vector<Index>{0, 3, 1, 4, 2, 5});
  CHECK(order(find("blk.1.attn_v.weight")) == std::vector<Index>{0, 1, 2, 3, 4, 5});
  CHECK(find("blk.1.attn_v.weight").shape == std::vector<Index>{6, 12});
  CHECK(find("blk.0.ffn_up.weight").shape == std::vector<Index>{3, 12});
  CHECK(find("output_norm.weight").rows() == 1);
}

TEST_CASE("property: every number of a model stands in exactly one row") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Config config = llama();
    config.family = family;
    if (family == Family::gpt2) config.kv_heads = config.heads;
    Decoder<float> model = numbered(config);
    std::vector<float> all;
    for (const auto& tensor : model_tensors(gguf_names(config), config, model.parameters())) {
      for (Index row = 0; row < tensor.rows(); ++row) {
        all.insert(all.end(), tensor.row(row).begin(), tensor.row(row).end());
      }
    }
    std::sort(all.begin(), all.end());
    REQUIRE(static_cast<Index>(all.size()) == config.parameter_count());
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == static_cast<float>(i));
  }
}

TEST_CASE("edges: heads of width 2 turn nothing round") {
  Config config = llama();
  config.heads = config.kv_heads = 6;
  Decoder<float> model = numbered(config);
  const auto tensors = model_tensors(gguf_names(config), config, model.parameters());
  for (const ModelTensor& tensor : tensors) {
    for (Index row = 0; row < tensor.rows(); ++row) {
      CHECK(tensor.row(row).data() == tensor.numbers.data() + row * tensor.row_size());
    }
  }
}

TEST_CASE("misuse: parameters of another configuration") {
  const Config config = llama();
  Config other = config;
  Decoder<float> model = numbered(config);
  const auto error = [&] {
    return failure("", [&] { model_tensors(gguf_names(other), other, model.parameters()); });
  };
  other.layers = 3;
  CHECK(error() == "model_tensors: the model has no parameter blocks.2.norm1.gain");
  other = config;
  other.kv_heads = 2;
  CHECK(error() ==
        "model_tensors: parameter blocks.0.attention.qkv.weight has 24 rows, expected 36 or more");
  other = config;
  other.tied = true;
  CHECK(error().starts_with("model_tensors: the model has "));
}

TEST_CASE("misuse: a context whose cosines and sines would be larger than the model") {
  const auto error = [](Config config, Index context) {
    config.context = context;
    return failure("", [&] { expect_small_tables("f", config); });
  };
  // Head width 6: 4,000,000 numbers are always allowed.
  CHECK(error(llama(), 666'666) == "no error");
  CHECK(error(llama(), 666'667) ==
        "f: a context of 666667 positions asks for 4000002 cosines and sines, expected at most "
        "4000000");
  Config large = llama();
  large.vocab = 1'000'000;  // 24 million numbers in embedding and head
  CHECK(error(large, 4'000'000) == "no error");
  CHECK(error(large, 5'000'000) != "no error");
  Config gpt2 = llama();
  gpt2.family = Family::gpt2;  // its positions are tensors
  CHECK(error(gpt2, 9'000'000) == "no error");
}
