// One prompt's way through a model, with every intermediate value kept: what `limpid trace` shows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limpid/model/decoder.hpp"

namespace limpid::cli {

struct BlockTrace {
  Matrix<float> norm1;  // [T, C] what attention reads
  Matrix<float> qkv;    // [T, (H + 2G) D] queries, keys, values; rotary has turned them
  std::vector<Matrix<float>> looks;  // [T, T] a head: who looks at whom
  Matrix<float> attention;           // [T, C] what attention adds to the stream
  Matrix<float> norm2;               // [T, C] what the feed-forward reads
  Matrix<float> hidden;              // [T, F] inside the feed-forward, after the bend
  Matrix<float> feed_forward;        // [T, C] what it adds
  Matrix<float> stream;              // [T, C] the residual stream after both sums
  std::vector<double> next;          // [V] next token, if the model ended after this block
};

struct Trace {
  Matrix<float> embedding;  // [T, C] the tokens' rows
  Matrix<float> stream;     // [T, C] with positions, where they are added
  std::vector<BlockTrace> blocks;
  Matrix<float> final_norm;  // [T, C]
  Matrix<float> logits;      // [T, V]
  std::vector<double> next;  // [V] the softmax of the last row
};

// Does what Decoder::forward does, layer by layer, with the same calls in the same order.
Trace trace_prompt(const Decoder<float>& model, std::span<const std::int32_t> ids);

// The head that looks hardest at one place: whose last row has the largest entry.
std::size_t most_peaked_head(const BlockTrace& block);

}  // namespace limpid::cli
