#include "limpid/formats/tensor_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/file_handle.hpp"

namespace limpid {
namespace {

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  Index bytes;
};

constexpr std::array<DtypeRow, 15> kDtypes{{{Dtype::f64, "F64", 8},
                                            {Dtype::f32, "F32", 4},
                                            {Dtype::f16, "F16", 2},
                                            {Dtype::bf16, "BF16", 2},
                                            {Dtype::f8_e4m3, "F8_E4M3", 1},
                                            {Dtype::f8_e5m2, "F8_E5M2", 1},
                                            {Dtype::i64, "I64", 8},
                                            {Dtype::u64, "U64", 8},
                                            {Dtype::i32, "I32", 4},
                                            {Dtype::u32, "U32", 4},
                                            {Dtype::i16, "I16", 2},
                                            {Dtype::u16, "U16", 2},
                                            {Dtype::i8, "I8", 1},
                                            {Dtype::u8, "U8", 1},
                                            {Dtype::boolean, "BOOL", 1}}};

constexpr auto kLargestBytes = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());

const DtypeRow& row_of(Dtype dtype) {
  return *std::find_if(kDtypes.begin(), kDtypes.end(),
                       [&](const DtypeRow& row) { return row.dtype == dtype; });
}

/// Bytes of a tensor, or nothing when the product does not fit a signed 64-bit number.
std::optional<std::uint64_t> bytes_of(const TensorInfo& tensor) {
  auto bytes = static_cast<std::uint64_t>(dtype_bytes(tensor.dtype));
  // A zero anywhere makes the tensor empty, however large the other sizes are.
  if (std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end()) return 0;
  for (const Index size : tensor.shape) {
    if (static_cast<std::uint64_t>(size) > kLargestBytes / bytes) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(size);
  }
  return bytes;
}

void check_sizes(const std::filesystem::path& path, const TensorInfo& tensor,
                 std::uint64_t data_bytes) {
  const auto fail_tensor = [&](const std::string& message) {
    fail_file(path, fmt::format("tensor {}: {}", in_quotes(tensor.name), message));
  };
  if (tensor.begin > tensor.end || tensor.end > data_bytes) {
    fail_tensor(fmt::format("data_offsets are [{}, {}], expected begin <= end <= {}", tensor.begin,
                            tensor.end, data_bytes));
  }
  const std::optional<std::uint64_t> bytes = bytes_of(tensor);
  const std::string what =
      fmt::format("shape {} of {}", shape_text(tensor.shape), dtype_name(tensor.dtype));
  if (!bytes) fail_tensor(what + " overflows, expected less than 2^63 bytes");
  if (*bytes != tensor.end - tensor.begin) {
    fail_tensor(fmt::format("data_offsets span {} bytes, expected {} for {}",
                            tensor.end - tensor.begin, *bytes, what));
  }
}

/// A name that occurs twice, or null.
const std::string* find_duplicate(const std::vector<TensorInfo>& tensors) {
  std::vector<const std::string*> names;
  names.reserve(tensors.size());
  for (const TensorInfo& tensor : tensors) names.push_back(&tensor.name);
  std::sort(names.begin(), names.end(), [](auto* a, auto* b) { return *a < *b; });
  const auto twice =
      std::adjacent_find(names.begin(), names.end(), [](auto* a, auto* b) { return *a == *b; });
  return twice == names.end() ? nullptr : *twice;
}

}  // namespace

std::string_view dtype_name(Dtype dtype) {
  return row_of(dtype).name;
}

Index dtype_bytes(Dtype dtype) {
  return row_of(dtype).bytes;
}

std::optional<Dtype> dtype_from_name(std::string_view name) {
  const auto row = std::find_if(kDtypes.begin(), kDtypes.end(),
                                [&](const DtypeRow& each) { return each.name == name; });
  if (row == kDtypes.end()) return std::nullopt;
  return row->dtype;
}

std::string shape_text(const std::vector<Index>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void check_layout(const std::filesystem::path& path, std::vector<TensorInfo>& tensors,
                  std::uint64_t data_bytes) {
  if (const std::string* name = find_duplicate(tensors)) {
    fail_file(path, fmt::format("tensor {} occurs twice", in_quotes(*name)));
  }
  for (const TensorInfo& tensor : tensors) check_sizes(path, tensor, data_bytes);
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t previous_end = 0;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.begin != previous_end) {
      fail_file(path, fmt::format("tensor {}: data begins at byte {}, expected {}: no hole and no "
                                  "overlap",
                                  in_quotes(tensor.name), tensor.begin, previous_end));
    }
    previous_end = tensor.end;
  }
  if (previous_end != data_bytes) {
    fail_file(path, fmt::format("has {} bytes of data, expected {} as the header says", data_bytes,
                                previous_end));
  }
}

void lay_out(std::vector<TensorInfo>& tensors) {
  if (const std::string* name = find_duplicate(tensors)) {
    fail("tensor_layout", fmt::format("tensor {} occurs twice", in_quotes(*name)));
  }
  std::uint64_t position = 0;
  for (TensorInfo& tensor : tensors) {
    const bool negative =
        std::any_of(tensor.shape.begin(), tensor.shape.end(), [](Index size) { return size < 0; });
    const std::optional<std::uint64_t> bytes = negative ? std::nullopt : bytes_of(tensor);
    if (!bytes || *bytes > kLargestBytes - position || tensor.shape.size() > kLargestRank) {
      fail(
          "tensor_layout",
          fmt::format("tensor {} has shape {}, expected up to {} sizes of 0 or more, and less than "
                      "2^63 bytes in all",
                      in_quotes(tensor.name), shape_text(tensor.shape), kLargestRank));
    }
    tensor.begin = position;
    position = tensor.end = position + *bytes;
  }
}

}  // namespace limpid
