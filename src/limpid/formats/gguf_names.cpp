#include "limpid/formats/gguf_names.hpp"

namespace limpid {
namespace {

// clang-format off
constexpr NameRow kGpt2Before[] = {
    {"embedding.weight",                "token_embd.weight"},
    {"positions.weight",                "position_embd.weight"},
};
constexpr NameRow kGpt2Block[] = {
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
constexpr NameRow kGpt2After[] = {
    {"final_norm.gain",                 "output_norm.weight"},
    {"final_norm.bias",                 "output_norm.bias"},
};

constexpr NameRow kLlamaBefore[] = {
    {"embedding.weight",                "token_embd.weight"},
};
constexpr NameRow kLlamaBlock[] = {
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
constexpr NameRow kLlamaAfter[] = {
    {"final_norm.gain",                 "output_norm.weight"},
};
// clang-format on

constexpr NameRow kHead = {"head.weight", "output.weight"};
constexpr NameTable kGpt2 = {kGpt2Before, kGpt2Block, kGpt2After, kHead};
constexpr NameTable kLlama = {kLlamaBefore, kLlamaBlock, kLlamaAfter, kHead};

}  // namespace

std::vector<TensorName> gguf_names(const Config& config) {
  return names_by(config.family == Family::gpt2 ? kGpt2 : kLlama, config);
}

}  // namespace limpid
