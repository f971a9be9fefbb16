/// The header of a safetensors file: which tensors there are, and where their numbers lie.
///
///   {"__metadata__": {"format": "pt"},
///    "wte.weight": {"dtype": "F32", "shape": [257, 64], "data_offsets": [0, 65792]}, ...}
///
/// The offsets count from the first byte after the header. The rules that `parse` enforces, because
/// a file's author may be mistaken or hostile:
///   - the text is JSON of exactly this form, every name occurs once;
///   - shape x bytes of the dtype = end - begin, computed without overflow;
///   - the tensors fill the data from the first byte to the last, without holes or overlaps.
///
/// SOURCE  https://huggingface.co/docs/safetensors, section "Format"
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error: file, tensor, what was expected and what came
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

/// What a number is stored as. Ours are F32; the others occur in files of strangers.
enum class Dtype {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  i64,
  u64,
  i32,
  u32,
  i16,
  u16,
  i8,
  u8,
  boolean
};

LIMPID_API std::string_view dtype_name(Dtype dtype);  ///< "F32", as the header spells it
LIMPID_API Index dtype_bytes(Dtype dtype);

struct TensorInfo {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<Index> shape;  ///< [] is one number
  std::uint64_t begin = 0;   ///< in bytes, from the end of the header
  std::uint64_t end = 0;     ///< one past the last

  Index count() const { return static_cast<Index>(end - begin) / dtype_bytes(dtype); }
};

/// "[257, 64]"
LIMPID_API std::string shape_text(const std::vector<Index>& shape);

struct LIMPID_API SafetensorsHeader {
  std::vector<TensorInfo> tensors;  ///< in the order of their data
  std::map<std::string, std::string> metadata;

  /// REQUIRES nothing of the text. `path` is for messages; `data_bytes` is what follows the header.
  static SafetensorsHeader parse(const std::filesystem::path& path, std::string_view json,
                                 std::uint64_t data_bytes);

  /// Sets begin and end of all tensors one after the other, and returns the bytes in all.
  /// ERRORS  std::invalid_argument when a name occurs twice or a size is negative
  std::uint64_t lay_out();

  /// Same header, same bytes. Padded with spaces to a multiple of 8, so that the data is aligned.
  /// ERRORS  std::invalid_argument when a name or the metadata is not UTF-8
  std::string to_json() const;
};

}  // namespace limpid
