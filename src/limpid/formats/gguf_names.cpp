#include "limpid/formats/gguf_names.hpp"

#include <span>
#include <string_view>

namespace limpid {
namespace {

struct Row {
  std::string_view ours;
  std::string_view theirs;  // N is the block's number, in both names
  Part part = Part::whole;
};

// clang-format off
constexpr Row kGpt2Before[] = {
    {"embedding.weight",                "token_embd.weight"},
    {"positions.weight",                "position_embd.weight"},
};
constexpr Row kGpt2Block[] = {
    {"blocks.N.norm1.gain",             "blk.N.attn_norm.weight"},
    {"blocks.N.norm1.bias",             "blk.N.attn_norm.bias"},
    {"blocks.N.attention.qkv.weight",   "blk.N.attn_qkv.weight"},
    {"blocks.N.attention.qkv.bias",     "blk.N.attn_qkv.bias"},
    {"blocks.N.attention.out.weight",   "blk.N.attn_output.weight"},
    {"blocks.N.attention.out.bias",     "blk.N.attn_output.bias"},
    {"blocks.N.norm2.gain",             "blk.N.ffn_norm.weight"},
    {"blocks.N.norm2.bias",             "blk.N.ffn_norm.bias"},
    {"blocks.N.feed_forward.up.weight",   "blk.N.ffn_up.weight"},
    {"blocks.N.feed_forward.up.bias",     "blk.N.ffn_up.bias"},
    {"blocks.N.feed_forward.down.weight", "blk.N.ffn_down.weight"},
    {"blocks.N.feed_forward.down.bias",   "blk.N.ffn_down.bias"},
};
constexpr Row kGpt2After[] = {
    {"final_norm.gain",                 "output_norm.weight"},
    {"final_norm.bias",                 "output_norm.bias"},
};

constexpr Row kLlamaBefore[] = {
    {"embedding.weight",                "token_embd.weight"},
};
constexpr Row kLlamaBlock[] = {
    {"blocks.N.norm1.gain",             "blk.N.attn_norm.weight"},
    {"blocks.N.attention.qkv.weight",   "blk.N.attn_q.weight",      Part::queries},
    {"blocks.N.attention.qkv.weight",   "blk.N.attn_k.weight",      Part::keys},
    {"blocks.N.attention.qkv.weight",   "blk.N.attn_v.weight",      Part::values},
    {"blocks.N.attention.out.weight",   "blk.N.attn_output.weight"},
    {"blocks.N.norm2.gain",             "blk.N.ffn_norm.weight"},
    {"blocks.N.feed_forward.gate_up.weight", "blk.N.ffn_gate.weight", Part::gate},
    {"blocks.N.feed_forward.gate_up.weight", "blk.N.ffn_up.weight",   Part::up},
    {"blocks.N.feed_forward.down.weight",    "blk.N.ffn_down.weight"},
};
constexpr Row kLlamaAfter[] = {
    {"final_norm.gain",                 "output_norm.weight"},
};

// Both families; a tied head is the embedding and has no tensor of its own.
constexpr Row kUntiedHead[] = {{"head.weight", "output.weight"}};
// clang-format on

void append(std::vector<TensorName>& names, std::span<const Row> rows, Index number = 0) {
  for (const Row& row : rows) {
    names.push_back({with_number(row.ours, number), with_number(row.theirs, number), row.part});
  }
}

}  // namespace

std::vector<TensorName> gguf_names(const Config& config) {
  std::vector<TensorName> names;
  const bool gpt2 = config.family == Family::gpt2;
  gpt2 ? append(names, kGpt2Before) : append(names, kLlamaBefore);
  for (Index n = 0; n < config.layers; ++n) {
    gpt2 ? append(names, kGpt2Block, n) : append(names, kLlamaBlock, n);
  }
  gpt2 ? append(names, kGpt2After) : append(names, kLlamaAfter);
  if (!config.tied) append(names, kUntiedHead);
  return names;
}

}  // namespace limpid
