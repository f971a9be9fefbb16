/// The header of a safetensors file: which tensors there are, and where their numbers lie.
///
///   {"__metadata__": {"format": "pt"},
///    "wte.weight": {"dtype": "F32", "shape": [257, 64], "data_offsets": [0, 65792]}, ...}
///
/// The offsets count from the first byte after the header. The rules that `parse` enforces, because
/// a file's author may be mistaken or hostile: the text is JSON of exactly this form, no key occurs
/// twice, and the tensors lie where formats/tensor_layout says they must.
///
/// SOURCE  https://huggingface.co/docs/safetensors, section "Format"
/// USES    core, formats/file_handle, formats/tensor_layout
/// ERRORS  std::runtime_error: file, tensor, what was expected and what came
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/formats/tensor_layout.hpp"

namespace limpid {

struct LIMPID_API SafetensorsHeader {
  std::vector<TensorInfo> tensors;  ///< in the order of their data
  std::map<std::string, std::string> metadata;

  /// REQUIRES nothing of the text. `path` is for messages; `data_bytes` is what follows the header.
  static SafetensorsHeader parse(const std::filesystem::path& path, std::string_view json,
                                 std::uint64_t data_bytes);

  /// Same header, same bytes. Padded with spaces to a multiple of 8, so that the data is aligned.
  /// ERRORS  std::invalid_argument when a name or the metadata is not UTF-8
  std::string to_json() const;
};

}  // namespace limpid
