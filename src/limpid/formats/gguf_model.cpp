#include "limpid/formats/gguf_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/gguf_key_writer.hpp"
#include "limpid/formats/gguf_names.hpp"
#include "limpid/formats/gguf_tokenizer.hpp"
#include "limpid/formats/model_tensors.hpp"
#include "limpid/formats/tensor_layout.hpp"

namespace limpid {
namespace {

/// A type's name on the command line, and the number that general.file_type has for it.
struct TypeRow {
  std::string_view name;
  BlockType type;
  Index file_type;
};
constexpr TypeRow kGgufTypes[] = {{"f32", BlockType::f32, 0},
                                  {"f16", BlockType::f16, 1},
                                  {"q8_0", BlockType::q8_0, 7},
                                  {"q4_0", BlockType::q4_0, 2}};

const TypeRow& row_of(BlockType type) {
  return *std::find_if(std::begin(kGgufTypes), std::end(kGgufTypes),
                       [&](const TypeRow& row) { return row.type == type; });
}

/// What a tensor is written as when the file's type is `type`.
BlockType type_of(const ModelTensor& tensor, BlockType type) {
  if (tensor.shape.size() < 2 || tensor.name == "position_embd.weight") return BlockType::f32;
  return tensor.row_size() % block_shape(type).numbers == 0 ? type : BlockType::f16;
}

}  // namespace

BlockType gguf_type_from_name(std::string_view name) {
  for (const TypeRow& row : kGgufTypes) {
    if (row.name == name) return row.type;
  }
  fail("gguf_model", fmt::format("type is {:?}, expected f32, f16, q8_0 or q4_0", name));
}

std::vector<std::string> write_gguf_model(const std::filesystem::path& path,
                                          const GgufDescription& description,
                                          const Parameters<float>& parameters,
                                          const Tokenizer& tokenizer, BlockType type) {
  const Config& config = description.model.config;
  GgufKeyWriter keys;
  keys.text("general.architecture", family_name(config.family));
  keys.integer(kGgufAlignmentKey, kGgufAlignment);
  keys.integer("general.file_type", row_of(type).file_type);
  if (block_shape(type).numbers > 1) keys.integer("general.quantization_version", 2);
  write_gguf_config(keys, description);
  write_gguf_tokenizer(keys, tokenizer, config.vocab);

  std::vector<GgufTensorToWrite> tensors;
  std::vector<std::string> notes;
  if (const std::size_t ends = description.model.end_tokens.size(); ends > kGgufEnds) {
    notes.push_back(
        fmt::format("of {} end tokens {} are written: GGUF has no more keys", ends, kGgufEnds));
  }
  for (const ModelTensor& tensor : model_tensors(gguf_names(config), config, parameters)) {
    const BlockType used = type_of(tensor, type);
    if (used != type && used != BlockType::f32) {
      notes.push_back(
          fmt::format("{} is written as F16: its rows of {} numbers are no multiple "
                      "of {}",
                      tensor.name, tensor.row_size(), block_shape(type).numbers));
    }
    tensors.push_back({tensor.name, tensor.shape, used,
                       [tensor](Index row) -> std::span<const float> { return tensor.row(row); }});
  }
  write_gguf(path, keys, tensors);
  return notes;
}

void read_gguf_weights(const GgufFile& file, const Config& config,
                       const Parameters<float>& parameters) {
  const std::vector<ModelTensor> tensors = model_tensors(gguf_names(config), config, parameters);
  // First the names and shapes of all, so that a wrong file changes nothing.
  std::set<std::string> known;
  for (const ModelTensor& tensor : tensors) {
    const GgufTensor* found = file.find(tensor.name);
    if (found == nullptr) {
      fail_file(file.path(), fmt::format("tensor {} is missing", in_quotes(tensor.name)));
    }
    if (found->shape != tensor.shape) {
      fail_file(file.path(),
                fmt::format("tensor {} has shape {}, expected {}", in_quotes(tensor.name),
                            shape_text(found->shape), shape_text(tensor.shape)));
    }
    known.insert(tensor.name);
  }
  for (const GgufTensor& tensor : file.tensors()) {
    if (known.contains(tensor.name)) continue;
    fail_file(file.path(),
              fmt::format("tensor {} is not known in a {} model of {} layers",
                          in_quotes(tensor.name), family_name(config.family), config.layers));
  }
  for (const ModelTensor& tensor : tensors) {
    const GgufTensor& stored = *file.find(tensor.name);
    for (Index row = 0; row < tensor.rows(); ++row) file.read_row(stored, row, tensor.row(row));
    file.release(stored);
  }
}

}  // namespace limpid
