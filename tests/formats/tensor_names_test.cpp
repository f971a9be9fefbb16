#include "limpid/formats/tensor_names.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "limpid/core/parameter.hpp"
#include "limpid/model/decoder.hpp"

using namespace limpid;

// NO gradient check: a name has no gradient
// NO fixture: huggingface_test reads whole models with these names, made by Python
// NO accumulation: nothing accumulates
// NO misuse: every configuration that validates has names

namespace {

Config tiny(Family family, bool tied) {
  Config config;
  config.family = family;
  config.vocab = 5;
  config.context = 3;
  config.layers = 11;
  config.width = 8;
  config.heads = 4;
  config.kv_heads = family == Family::llama ? 2 : 4;
  config.hidden = 6;
  config.tied = tied;
  return config;
}

const TensorName& named(const std::vector<TensorName>& names, const std::string& theirs) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const TensorName& name) { return name.theirs == theirs; });
  REQUIRE(found != names.end());
  return *found;
}

}  // namespace

TEST_CASE("by hand: one name of each kind") {
  const std::vector<TensorName> gpt2 = huggingface_names(tiny(Family::gpt2, true));
  CHECK(gpt2.size() == 2 + 11 * 12 + 2);
  const TensorName& fused = named(gpt2, "transformer.h.10.attn.c_attn.weight");
  CHECK(fused.ours == "blocks.10.attention.qkv.weight");
  CHECK(fused.part == Part::turned);

  const std::vector<TensorName> llama = huggingface_names(tiny(Family::llama, false));
  CHECK(llama.size() == 1 + 11 * 9 + 2);
  const TensorName& keys = named(llama, "model.layers.0.self_attn.k_proj.weight");
  CHECK(keys.ours == "blocks.0.attention.qkv.weight");
  CHECK(keys.part == Part::keys);
  CHECK(named(llama, "lm_head.weight").ours == "head.weight");
}

TEST_CASE("by hand: rows of the fused matrices") {
  // Head width 2: 4 query heads have 8 rows, 2 key heads and 2 value heads 4 rows each.
  const Config config = tiny(Family::llama, true);
  const auto rows = [&](Part part) {
    const RowRange range = rows_of(part, config, 99);
    return std::pair(range.begin, range.end);
  };
  CHECK(rows(Part::queries) == std::pair<Index, Index>(0, 8));
  CHECK(rows(Part::keys) == std::pair<Index, Index>(8, 12));
  CHECK(rows(Part::values) == std::pair<Index, Index>(12, 16));
  CHECK(rows(Part::gate) == std::pair<Index, Index>(0, 6));
  CHECK(rows(Part::up) == std::pair<Index, Index>(6, 12));
  CHECK(rows(Part::whole) == std::pair<Index, Index>(0, 99));
  CHECK(rows(Part::turned) == std::pair<Index, Index>(0, 99));
}

TEST_CASE("property: every row of every parameter has one place, and every name occurs once") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      const Config config = tiny(family, tied);
      Rng rng(1);
      Decoder<float> model(config, rng);
      const std::vector<TensorName> names = huggingface_names(config);
      std::set<std::string> theirs;
      for (const TensorName& name : names) theirs.insert(name.theirs);
      CHECK(theirs.size() == names.size());
      for (const Parameter<float>& parameter : model.parameters()) {
        CAPTURE(parameter.name);
        Index next = 0;
        for (const TensorName& name : names) {
          if (name.ours != parameter.name) continue;
          const RowRange rows = rows_of(name.part, config, parameter.shape.front());
          CHECK(rows.begin == next);
          next = rows.end;
        }
        CHECK(next == parameter.shape.front());
      }
    }
  }
}

TEST_CASE("edges: buffers are told from biases") {
  CHECK(is_huggingface_buffer(Family::gpt2, "h.0.attn.bias"));
  CHECK(is_huggingface_buffer(Family::gpt2, "transformer.h.0.attn.masked_bias"));
  CHECK(!is_huggingface_buffer(Family::gpt2, "h.0.attn.c_attn.bias"));
  CHECK(!is_huggingface_buffer(Family::gpt2, "h.0.ln_1.bias"));
  CHECK(is_huggingface_buffer(Family::llama, "model.layers.0.self_attn.rotary_emb.inv_freq"));
  CHECK(!is_huggingface_buffer(Family::llama, "model.layers.0.attn.bias"));
}
