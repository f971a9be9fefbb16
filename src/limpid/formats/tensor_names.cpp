#include "limpid/formats/tensor_names.hpp"

#include <fmt/format.h>

namespace limpid {
namespace {

// clang-format off
constexpr NameRow kGpt2Before[] = {
    {"embedding.weight",                "transformer.wte.weight"},
    {"positions.weight",                "transformer.wpe.weight"},
};
constexpr NameRow kGpt2Block[] = {
    {"blocks.N.norm1.gain",             "transformer.h.N.ln_1.weight"},
    {"blocks.N.norm1.bias",             "transformer.h.N.ln_1.bias"},
    {"blocks.N.attention.qkv.weight",   "transformer.h.N.attn.c_attn.weight",  Part::turned},
    {"blocks.N.attention.qkv.bias",     "transformer.h.N.attn.c_attn.bias"},
    {"blocks.N.attention.out.weight",   "transformer.h.N.attn.c_proj.weight",  Part::turned},
    {"blocks.N.attention.out.bias",     "transformer.h.N.attn.c_proj.bias"},
    {"blocks.N.norm2.gain",             "transformer.h.N.ln_2.weight"},
    {"blocks.N.norm2.bias",             "transformer.h.N.ln_2.bias"},
    {"blocks.N.feed_forward.up.weight",   "transformer.h.N.mlp.c_fc.weight",   Part::turned},
    {"blocks.N.feed_forward.up.bias",     "transformer.h.N.mlp.c_fc.bias"},
    {"blocks.N.feed_forward.down.weight", "transformer.h.N.mlp.c_proj.weight", Part::turned},
    {"blocks.N.feed_forward.down.bias",   "transformer.h.N.mlp.c_proj.bias"},
};
constexpr NameRow kGpt2After[] = {
    {"final_norm.gain",                 "transformer.ln_f.weight"},
    {"final_norm.bias",                 "transformer.ln_f.bias"},
};

constexpr NameRow kLlamaBefore[] = {
    {"embedding.weight",                "model.embed_tokens.weight"},
};
constexpr NameRow kLlamaBlock[] = {
    {"blocks.N.norm1.gain",             "model.layers.N.input_layernorm.weight"},
    {"blocks.N.attention.qkv.weight",   "model.layers.N.self_attn.q_proj.weight", Part::queries},
    {"blocks.N.attention.qkv.weight",   "model.layers.N.self_attn.k_proj.weight", Part::keys},
    {"blocks.N.attention.qkv.weight",   "model.layers.N.self_attn.v_proj.weight", Part::values},
    {"blocks.N.attention.out.weight",   "model.layers.N.self_attn.o_proj.weight"},
    {"blocks.N.norm2.gain",             "model.layers.N.post_attention_layernorm.weight"},
    {"blocks.N.feed_forward.gate_up.weight", "model.layers.N.mlp.gate_proj.weight", Part::gate},
    {"blocks.N.feed_forward.gate_up.weight", "model.layers.N.mlp.up_proj.weight",   Part::up},
    {"blocks.N.feed_forward.down.weight",    "model.layers.N.mlp.down_proj.weight"},
};
constexpr NameRow kLlamaAfter[] = {
    {"final_norm.gain",                 "model.norm.weight"},
};
// clang-format on

constexpr NameRow kHead = {"head.weight", "lm_head.weight"};
constexpr NameTable kGpt2 = {kGpt2Before, kGpt2Block, kGpt2After, kHead};
constexpr NameTable kLlama = {kLlamaBefore, kLlamaBlock, kLlamaAfter, kHead};

}  // namespace

std::string with_number(std::string_view name, Index number) {
  const std::size_t place = name.find(".N.");
  if (place == std::string_view::npos) return std::string(name);
  return fmt::format("{}.{}.{}", name.substr(0, place), number, name.substr(place + 3));
}

std::vector<TensorName> names_by(const NameTable& table, const Config& config) {
  std::vector<TensorName> names;
  const auto append = [&](std::span<const NameRow> rows, Index number = 0) {
    for (const NameRow& row : rows) {
      names.push_back({with_number(row.ours, number), with_number(row.theirs, number), row.part});
    }
  };
  append(table.before);
  for (Index n = 0; n < config.layers; ++n) append(table.block, n);
  append(table.after);
  if (!config.tied) append({&table.head, 1});
  return names;
}

std::vector<TensorName> huggingface_names(const Config& config) {
  return names_by(config.family == Family::gpt2 ? kGpt2 : kLlama, config);
}

std::string huggingface_prefix(Family family) {
  return family == Family::gpt2 ? "transformer." : "model.";
}

bool is_huggingface_buffer(Family family, const std::string& theirs) {
  const std::string_view name = theirs;
  if (family == Family::gpt2) {
    return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
  }
  return name.ends_with(".rotary_emb.inv_freq");
}

RowRange rows_of(Part part, const Config& config, Index all_rows) {
  const Index queries = config.heads * config.head_width();
  const Index keys = config.kv_heads * config.head_width();
  switch (part) {
    case Part::queries:
      return {0, queries};
    case Part::keys:
      return {queries, queries + keys};
    case Part::values:
      return {queries + keys, queries + 2 * keys};
    case Part::gate:
      return {0, config.hidden};
    case Part::up:
      return {config.hidden, 2 * config.hidden};
    case Part::whole:
    case Part::turned:
      break;
  }
  return {0, all_rows};
}

}  // namespace limpid
