/// Where the tensors of a file lie: sizes and offsets that have been checked before anything follows
/// them. Three rules, and a file that breaks one is refused:
///   - every name occurs once;
///   - shape x bytes of the dtype = end - begin, computed without overflow;
///   - the tensors fill the data from the first byte to the last, without holes or overlaps.
///
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error for a file (which tensor, what was expected and what came);
///         std::invalid_argument for tensors that no file can hold
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

inline constexpr std::size_t kLargestRank = 8;  ///< sizes in a shape

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
LIMPID_API std::optional<Dtype> dtype_from_name(std::string_view name);

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

/// Sorts the tensors by their place in a file with this many bytes of data, and checks the three
/// rules. `path` is for messages.
LIMPID_API void check_layout(const std::filesystem::path& path, std::vector<TensorInfo>& tensors,
                             std::uint64_t data_bytes);

/// Sets begin and end of all tensors one after the other.
LIMPID_API void lay_out(std::vector<TensorInfo>& tensors);

}  // namespace limpid
