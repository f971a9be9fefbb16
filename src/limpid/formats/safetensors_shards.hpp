/// The tensors of a model directory, in one file or in several. A large model's numbers are cut into
/// shards, each a safetensors file, and an index says which tensor is in which:
///
///   model.safetensors                      all of them; when it is there, nothing else is looked at
///   model.safetensors.index.json           {"metadata": {"total_size": 8192},
///   model-00001-of-00002.safetensors        "weight_map": {"wte.weight":
///   model-00002-of-00002.safetensors          "model-00001-of-00002.safetensors", ...}}
///
/// A reader sees one set of tensors and need not know. The index is a stranger's text: shards are
/// plain names of files beside it, every tensor is where the index says and in no other shard, and a
/// shard holds nothing that the index does not know. (total_size is a note, wrong in some models: nobody
/// needs it here.)
///
/// SOURCE  Hugging Face transformers, modeling_utils.py (sharded checkpoints)
/// USES    core/matrix, formats/file_handle, formats/json_fields, formats/safetensors, formats/text_file
/// ERRORS  std::runtime_error: the file, the tensor or the shard, what was expected
/// COST    the headers of all shards; an open file for each
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/formats/safetensors.hpp"

namespace limpid {

class LIMPID_API SafetensorsShards {
 public:
  /// Opens all files and checks their headers, and the index against them.
  explicit SafetensorsShards(const std::filesystem::path& directory);

  /// What messages about the whole name: model.safetensors, or the index.
  const std::filesystem::path& path() const { return path_; }
  /// All names, in alphabetical order.
  std::vector<std::string> names() const;

  bool has(std::string_view name) const { return places_.contains(name); }
  /// The file that holds a tensor. ERRORS  there is no such tensor
  const SafetensorsFile& file_of(std::string_view name) const;

 private:
  void open_shards();

  std::filesystem::path path_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::size_t, std::less<>> places_;  // which of the files
};

}  // namespace limpid
