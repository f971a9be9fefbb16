/// GGUF, version 3: the file that llama.cpp and its relatives run. Everything that a model needs
/// stands in it: its shape, its tokenizer, its numbers.
///
///   "GGUF"           4 bytes
///   version          u32: 3 (2 is read too: it looks the same)
///   tensors, keys    u64 each: how many of them follow
///   keys             formats/gguf_keys
///   per tensor       name (u64 length, bytes), u32 number of sizes, the sizes (u64 each, the
///                    innermost first: the other way round than here), u32 type
///                    (formats/number_blocks), u64 offset
///   padding          zeros up to a multiple of general.alignment (32, when there is no such key)
///   data             each tensor at its offset from here, a multiple of the alignment
///
/// All numbers are little-endian.
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md
/// USES    core, formats/atomic_file, formats/byte_cursor, formats/file_handle,
/// USES    formats/gguf_key_writer, formats/gguf_keys
/// USES    formats/mapped_file, formats/number_blocks, formats/tensor_layout
/// ERRORS  std::runtime_error for a file that is not there, is not what its header says, or cannot be
///         written; std::invalid_argument for numbers that a type cannot hold
/// COST    reading maps the file; nothing is copied but the rows that are asked for
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/formats/gguf_key_writer.hpp"
#include "limpid/formats/gguf_keys.hpp"
#include "limpid/formats/mapped_file.hpp"
#include "limpid/formats/number_blocks.hpp"

namespace limpid {

/// Where tensors begin, as our files say with this key, and all files that say nothing.
inline constexpr Index kGgufAlignment = 32;
inline constexpr std::string_view kGgufAlignmentKey = "general.alignment";

struct LIMPID_API GgufTensor {
  std::string name;
  std::vector<Index> shape;  ///< row-major: the innermost size last
  BlockType type = BlockType::f32;
  std::uint64_t begin = 0;  ///< in the file

  Index rows() const;
  std::uint64_t row_bytes() const;
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(rows()) * row_bytes(); }
};

class LIMPID_API GgufFile {
 public:
  /// Reads and checks the header.
  explicit GgufFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const GgufKeys& keys() const { return keys_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  /// Null when there is none of this name.
  const GgufTensor* find(std::string_view name) const;

  /// One row as floats. REQUIRES a tensor of this file, a row of it, `into` as long as a row
  void read_row(const GgufTensor& tensor, Index row, std::span<float> into) const;
  /// Its memory is given back.
  void release(const GgufTensor& tensor) const { file_.release(tensor.begin, tensor.bytes()); }

 private:
  void place_tensors(std::uint64_t header_end);

  MappedFile file_;
  GgufKeys keys_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// True for a file that begins with "GGUF".
LIMPID_API bool is_gguf(const std::filesystem::path& path);

/// A tensor on its way into a file: `row` gives our numbers for each of its rows.
struct GgufTensorToWrite {
  std::string name;
  std::vector<Index> shape;
  BlockType type = BlockType::f32;
  std::function<std::span<const float>(Index)> row;
};

/// Writes all or nothing. Same input, same bytes. REQUIRES rows that are whole blocks of their type
LIMPID_API void write_gguf(const std::filesystem::path& path, const GgufKeyWriter& keys,
                           std::span<const GgufTensorToWrite> tensors);

}  // namespace limpid
