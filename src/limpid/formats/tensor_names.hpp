/// Our parameters' names beside the names that Hugging Face gives the same numbers. The table in
/// the .cpp is the page to read: one line for each tensor of a model file.
///
/// Three things differ besides the names:
///   - GPT-2's file keeps its products' weights as [in, out] (its "Conv1D"), we keep [out, in];
///   - Llama's file has a tensor each for queries, keys and values, which are rows of one matrix
///     here, and one each for gate and up;
///   - some GPT-2 files leave the first word, "transformer.", away.
///
/// SOURCE  Hugging Face transformers, modeling_gpt2.py and modeling_llama.py
/// USES    core, model/config
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/model/config.hpp"

namespace limpid {

/// Which part of our tensor is one tensor of theirs.
enum class Part {
  whole,
  turned,   ///< the whole, transposed
  queries,  ///< the first H*D rows of attention.qkv
  keys,     ///< then G*D rows
  values,   ///< then G*D rows
  gate,     ///< the first F rows of feed_forward.gate_up
  up        ///< then F rows
};

struct TensorName {
  std::string ours;    ///< "blocks.3.attention.qkv.weight"
  std::string theirs;  ///< "model.layers.3.self_attn.k_proj.weight"
  Part part;
};

/// A line of a table of names, with N for the block's number in both names.
struct NameRow {
  std::string_view ours, theirs;
  Part part = Part::whole;
};

/// How a format names the tensors of a family.
struct NameTable {
  std::span<const NameRow> before, block, after;  ///< the blocks, each of them, behind them
  NameRow head;  ///< of a head that is not tied: a tied one is the embedding and has no tensor
};

/// The table's tensors for a model of this configuration, in the order of our parameters.
LIMPID_API std::vector<TensorName> names_by(const NameTable& table, const Config& config);

/// Those of Hugging Face.
LIMPID_API std::vector<TensorName> huggingface_names(const Config& config);

/// "blocks.N.norm1.gain" of block 3: "blocks.3.norm1.gain". A name without ".N." stays as it is.
LIMPID_API std::string with_number(std::string_view name, Index number);

/// The first word of most of their names, which some files leave away: "transformer." or "model.".
LIMPID_API std::string huggingface_prefix(Family family);

/// A tensor that a file may have and that holds nothing learned: the causal mask, the rotary angles.
LIMPID_API bool is_huggingface_buffer(Family family, const std::string& theirs);

/// The rows of our tensor that this part takes.
struct RowRange {
  Index begin, end;
};
LIMPID_API RowRange rows_of(Part part, const Config& config, Index all_rows);

}  // namespace limpid
