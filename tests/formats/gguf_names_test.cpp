#include "limpid/formats/gguf_names.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/models.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a name has no gradient
// NO fixture: gguf_model_test reads files that Python wrote
// NO accumulation: nothing accumulates
// NO misuse: every configuration has names

namespace {

std::string theirs(const std::vector<TensorName>& names, const std::string& ours, Part part) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const TensorName& name) {
    return name.ours == ours && name.part == part;
  });
  return found == names.end() ? "none" : found->theirs;
}

}  // namespace

TEST_CASE("by hand: some names of each family") {
  const auto gpt2 = gguf_names(tiny_config(Family::gpt2, true));
  CHECK(theirs(gpt2, "positions.weight", Part::whole) == "position_embd.weight");
  CHECK(theirs(gpt2, "blocks.1.attention.qkv.bias", Part::whole) == "blk.1.attn_qkv.bias");
  CHECK(theirs(gpt2, "blocks.0.feed_forward.down.weight", Part::whole) == "blk.0.ffn_down.weight");
  const auto llama = gguf_names(tiny_config(Family::llama, false));
  CHECK(theirs(llama, "blocks.1.attention.qkv.weight", Part::keys) == "blk.1.attn_k.weight");
  CHECK(theirs(llama, "blocks.0.feed_forward.gate_up.weight", Part::gate) ==
        "blk.0.ffn_gate.weight");
  CHECK(theirs(llama, "head.weight", Part::whole) == "output.weight");
}

// As llama.cpp lists them (gguf-py's constants.py), for one block.
TEST_CASE("by hand: all names of a block, each beside ours") {
  const auto block = [](const std::vector<TensorName>& names) {
    std::vector<std::string> lines;
    for (const TensorName& name : names) {
      if (name.ours.starts_with("blocks.1."))
        lines.push_back(name.ours.substr(9) + " " + name.theirs);
    }
    return lines;
  };
  CHECK(block(gguf_names(tiny_config(Family::gpt2, true))) ==
        std::vector<std::string>{
            "norm1.gain blk.1.attn_norm.weight", "norm1.bias blk.1.attn_norm.bias",
            "attention.qkv.weight blk.1.attn_qkv.weight", "attention.qkv.bias blk.1.attn_qkv.bias",
            "attention.out.weight blk.1.attn_output.weight",
            "attention.out.bias blk.1.attn_output.bias", "norm2.gain blk.1.ffn_norm.weight",
            "norm2.bias blk.1.ffn_norm.bias", "feed_forward.up.weight blk.1.ffn_up.weight",
            "feed_forward.up.bias blk.1.ffn_up.bias",
            "feed_forward.down.weight blk.1.ffn_down.weight",
            "feed_forward.down.bias blk.1.ffn_down.bias"});
  CHECK(block(gguf_names(tiny_config(Family::llama, true))) ==
        std::vector<std::string>{
            "norm1.gain blk.1.attn_norm.weight", "attention.qkv.weight blk.1.attn_q.weight",
            "attention.qkv.weight blk.1.attn_k.weight", "attention.qkv.weight blk.1.attn_v.weight",
            "attention.out.weight blk.1.attn_output.weight", "norm2.gain blk.1.ffn_norm.weight",
            "feed_forward.gate_up.weight blk.1.ffn_gate.weight",
            "feed_forward.gate_up.weight blk.1.ffn_up.weight",
            "feed_forward.down.weight blk.1.ffn_down.weight"});
}

TEST_CASE("property: every parameter has a name, and no two tensors have the same") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      const Config config = tiny_config(family, tied);
      Rng rng(1);
      Decoder<float> model(config, rng);
      std::set<std::string> ours, theirs;
      const auto names = gguf_names(config);
      for (const TensorName& name : names) {
        ours.insert(name.ours);
        theirs.insert(name.theirs);
      }
      CHECK(theirs.size() == names.size());
      std::set<std::string> parameters;
      for (const auto& parameter : model.parameters()) parameters.insert(parameter.name);
      CHECK(ours == parameters);
    }
  }
}

TEST_CASE("edges: a tied head has no tensor") {
  CHECK(theirs(gguf_names(tiny_config(Family::llama, true)), "head.weight", Part::whole) == "none");
  CHECK(theirs(gguf_names(tiny_config(Family::gpt2, false)), "head.weight", Part::whole) ==
        "output.weight");
}
