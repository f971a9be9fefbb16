#include "limpid/formats/gguf_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/byte_cursor.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/tensor_layout.hpp"

namespace limpid {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kVersion = 3;
constexpr Index kLargestAlignment = 1 << 20;
constexpr std::uint32_t kMostSizes = 4;

std::uint64_t padded(std::uint64_t size, std::uint64_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

void take_version(ByteCursor& cursor) {
  if (cursor.take_text(kMagic.size(), "the word GGUF") != kMagic) {
    fail_file(cursor.path(), "does not begin with GGUF");
  }
  const auto version = cursor.take_number<std::uint32_t>("the version");
  if (version != kVersion && version != kVersion - 1) {
    const bool swapped = version == kVersion << 24 || version == (kVersion - 1) << 24;
    fail_file(cursor.path(), swapped ? "is big-endian, expected little-endian"
                                     : fmt::format("has version {}, expected 2 or 3", version));
  }
}

GgufTensor take_tensor(ByteCursor& cursor) {
  GgufTensor tensor;
  const auto fail_tensor = [&](const std::string& message) {
    fail_file(cursor.path(), fmt::format("tensor {}: {}", in_quotes(tensor.name), message));
  };
  tensor.name = cursor.take_text(cursor.take_number<std::uint64_t>("a tensor's name's length"),
                                 "a tensor's name");
  const auto sizes = cursor.take_number<std::uint32_t>("a tensor's number of sizes");
  if (sizes < 1 || sizes > kMostSizes) {
    fail_tensor(fmt::format("has {} sizes, expected 1 to {}", sizes, kMostSizes));
  }
  // No number takes more than four bytes, so no number of bytes overflows.
  Index count = 1;
  constexpr Index kMostNumbers = std::numeric_limits<Index>::max() / 8;
  for (std::uint32_t i = 0; i < sizes; ++i) {
    const auto size = cursor.take_number<std::uint64_t>("a tensor's size");
    if (size < 1 || size > static_cast<std::uint64_t>(kMostNumbers / count)) {
      fail_tensor(fmt::format(
          "size {} is {}, expected 1 or more, and less than 2^60 numbers in all", i, size));
    }
    count *= static_cast<Index>(size);
    tensor.shape.insert(tensor.shape.begin(), static_cast<Index>(size));
  }
  const auto number = cursor.take_number<std::uint32_t>("a tensor's type");
  const std::optional<BlockType> type = block_type_from_number(number);
  if (!type) {
    fail_tensor(
        fmt::format("has type {}, expected 0 (F32), 1 (F16), 2 (Q4_0), 8 (Q8_0) or 30 "
                    "(BF16)",
                    number));
  }
  tensor.type = *type;
  const BlockShape& block = block_shape(*type);
  if (tensor.shape.back() % block.numbers != 0) {
    fail_tensor(fmt::format("has rows of {} numbers, expected a multiple of {} for {}",
                            tensor.shape.back(), block.numbers, block.name));
  }
  tensor.begin = cursor.take_number<std::uint64_t>("a tensor's offset");
  return tensor;
}

}  // namespace

Index GgufTensor::rows() const {
  Index rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return rows;
}

std::uint64_t GgufTensor::row_bytes() const {
  return static_cast<std::uint64_t>(packed_bytes(type, shape.back()));
}

GgufFile::GgufFile(const std::filesystem::path& path) : file_(path) {
  ByteCursor cursor(file_.path(), file_.bytes());
  take_version(cursor);
  const auto tensors = cursor.take_number<std::uint64_t>("the number of tensors");
  const auto keys = cursor.take_number<std::uint64_t>("the number of keys");
  keys_ = GgufKeys(cursor, keys);
  // Counts that lie end at the end of the file: each tensor and key takes some of its bytes.
  for (std::uint64_t i = 0; i < tensors; ++i) {
    tensors_.push_back(take_tensor(cursor));
    if (!index_.emplace(tensors_.back().name, tensors_.size() - 1).second) {
      fail_file(file_.path(),
                fmt::format("tensor {} occurs twice", in_quotes(tensors_.back().name)));
    }
  }
  place_tensors(cursor.position());
}

// From offsets into the data to places in the file, every one of them checked.
void GgufFile::place_tensors(std::uint64_t header_end) {
  const Index alignment = keys_.integer(kGgufAlignmentKey).value_or(kGgufAlignment);
  if (alignment < 1 || alignment > kLargestAlignment || (alignment & (alignment - 1)) != 0) {
    fail_file(path(), fmt::format("key {} is {}, expected a power of two up to {}",
                                  in_quotes(kGgufAlignmentKey), alignment, kLargestAlignment));
  }
  const auto step = static_cast<std::uint64_t>(alignment);
  const std::uint64_t data = padded(header_end, step);
  const std::uint64_t most = file_.size() > data ? file_.size() - data : 0;
  std::vector<const GgufTensor*> in_order;
  for (GgufTensor& tensor : tensors_) {
    const auto fail_tensor = [&](const std::string& message) {
      fail_file(path(), fmt::format("tensor {}: {}", in_quotes(tensor.name), message));
    };
    if (tensor.begin % step != 0) {
      fail_tensor(fmt::format("offset is {}, expected a multiple of {}", tensor.begin, alignment));
    }
    if (tensor.begin > most || tensor.bytes() > most - tensor.begin) {
      fail_tensor(
          fmt::format("shape {} of {} takes {} bytes from {}, expected them within the {} "
                      "bytes of data",
                      shape_text(tensor.shape), block_shape(tensor.type).name, tensor.bytes(),
                      tensor.begin, most));
    }
    tensor.begin += data;
    in_order.push_back(&tensor);
  }
  std::sort(in_order.begin(), in_order.end(),
            [](const GgufTensor* a, const GgufTensor* b) { return a->begin < b->begin; });
  for (std::size_t i = 1; i < in_order.size(); ++i) {
    const GgufTensor &before = *in_order[i - 1], &after = *in_order[i];
    if (before.begin + before.bytes() > after.begin) {
      fail_file(path(), fmt::format("tensors {} and {} overlap at byte {}", in_quotes(before.name),
                                    in_quotes(after.name), after.begin));
    }
  }
}

const GgufTensor* GgufFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

void GgufFile::read_row(const GgufTensor& tensor, Index row, std::span<float> into) const {
  const std::uint64_t bytes = tensor.row_bytes();
  unpack(tensor.type, file_.view(tensor.begin + static_cast<std::uint64_t>(row) * bytes, bytes),
         into);
}

bool is_gguf(const std::filesystem::path& path) {
  const InputFile file(path);
  std::string begin(kMagic.size(), ' ');
  if (file.size() < begin.size()) return false;
  file.read_at(0, std::as_writable_bytes(std::span(begin)));
  return begin == kMagic;
}

void write_gguf(const std::filesystem::path& path, const GgufKeyWriter& keys,
                std::span<const GgufTensorToWrite> tensors) {
  std::string head(kMagic);
  const auto put = [&head](auto number) { append_number(head, number); };
  put(kVersion);
  put(std::uint64_t{tensors.size()});
  put(keys.count());
  head += keys.bytes();
  std::uint64_t offset = 0;
  std::vector<GgufTensor> placed;
  for (const GgufTensorToWrite& tensor : tensors) {
    put(std::uint64_t{tensor.name.size()});
    head += tensor.name;
    put(static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) {
      put(static_cast<std::uint64_t>(*size));
    }
    put(static_cast<std::uint32_t>(tensor.type));
    put(offset);
    placed.push_back({tensor.name, tensor.shape, tensor.type});
    offset = padded(offset + placed.back().bytes(), kGgufAlignment);
  }
  head.resize(padded(head.size(), kGgufAlignment));

  write_file_atomically(path, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(head)));
    std::vector<std::byte> packed;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      packed.resize(placed[i].row_bytes());
      for (Index row = 0; row < placed[i].rows(); ++row) {
        in_file(path, [&] { pack(placed[i].type, tensors[i].row(row), packed); });
        sink(packed);
      }
      packed.assign(padded(placed[i].bytes(), kGgufAlignment) - placed[i].bytes(), std::byte{0});
      sink(packed);
    }
  });
}

}  // namespace limpid
