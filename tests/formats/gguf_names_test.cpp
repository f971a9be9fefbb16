#include "limpid/formats/gguf_names.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

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
