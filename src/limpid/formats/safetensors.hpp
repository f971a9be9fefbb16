/// safetensors: the file that most models travel in. A length, a header that says what is where,
/// and the numbers, little-endian, row-major, one tensor after the other.
///
///   bytes 0..7      N, the header's length in bytes
///   bytes 8..8+N    the header, JSON: formats/safetensors_header
///   the rest        the data
///
/// Nothing in it can be executed (which is why it replaced pickled files), and the header alone
/// tells the size of everything: opening a file reads the header only, and each tensor is read when
/// it is asked for.
///
/// SOURCE  https://huggingface.co/docs/safetensors, section "Format"
/// USES    core, formats/atomic_file, formats/file_handle, formats/half_precision,
/// USES    formats/mapped_file, formats/safetensors_header, formats/tensor_layout
/// ERRORS  std::runtime_error for a file that is not there, is not what its header says, or cannot
///         be written; std::invalid_argument for tensors that no file can hold
/// COST    reading takes the memory of the header and of the tensor asked for, and no copy of it: the
///         file is mapped, and each tensor's pages are given back when it has been copied
#pragma once

#include <cstddef>
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
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/mapped_file.hpp"
#include "limpid/formats/safetensors_header.hpp"
#include "limpid/formats/tensor_layout.hpp"

namespace limpid {

class LIMPID_API SafetensorsFile {
 public:
  /// Reads and checks the header.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const std::vector<TensorInfo>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// ERRORS  no such tensor
  const TensorInfo& info(std::string_view name) const;

  /// F32, F64, F16 or BF16 as floats. `into` has exactly the tensor's size.
  void read_into(std::string_view name, std::span<float> into) const;
  std::vector<float> read(std::string_view name) const;
  /// Any dtype, as stored.
  std::vector<std::byte> read_bytes(std::string_view name) const;

 private:
  const TensorInfo* find(std::string_view name) const;

  MappedFile file_;
  SafetensorsHeader header_;
  std::uint64_t data_begin_ = 0;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// A tensor on its way into a file. Its numbers are asked for when their turn comes, so a tensor
/// that must first be computed (say, transposed) needs its memory only then.
struct TensorToWrite {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<Index> shape;
  std::function<void(const ByteSink&)> write;
};

/// Numbers that lie in memory and stay there until they are written.
/// Instantiated for float, double, std::int64_t and std::uint8_t.
template <class Number>
TensorToWrite tensor_to_write(std::string name, std::vector<Index> shape,
                              std::span<const Number> numbers);

/// Writes all or nothing (formats/atomic_file). Same input, same bytes: tensors stand in the order
/// given, metadata in the order of its keys. Give wide types before narrow ones: then every tensor
/// is aligned to its type.
LIMPID_API void write_safetensors(const std::filesystem::path& path,
                                  const std::map<std::string, std::string>& metadata,
                                  std::span<const TensorToWrite> tensors);

}  // namespace limpid
