#include "limpid/formats/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/half_precision.hpp"

namespace limpid {
namespace {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

/// The limit of the reference implementation. A header of 100,000 tensors has a tenth of it.
constexpr std::uint64_t kLargestHeader = 100'000'000;

std::string header_text(const MappedFile& file) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length) {
    fail_file(file.path(),
              fmt::format("has {} bytes, expected at least 8: the header's length", file.size()));
  }
  file.read_at(0, std::as_writable_bytes(std::span(&length, 1)));
  const std::uint64_t longest = std::min(kLargestHeader, file.size() - sizeof length);
  if (length > longest) {
    fail_file(file.path(),
              fmt::format("header length is {}, expected at most {}", length, longest));
  }
  std::string header(static_cast<std::size_t>(length), '\0');
  file.read_at(sizeof length, std::as_writable_bytes(std::span(header)));
  return header;
}

/// Reads numbers of type Stored a piece at a time and widens (or rounds) each to a float.
template <class Stored, class Convert>
void read_converted(const MappedFile& file, std::uint64_t offset, std::span<float> into,
                    Convert convert) {
  std::array<Stored, 4096> piece;
  while (!into.empty()) {
    const std::size_t count = std::min(piece.size(), into.size());
    file.read_at(offset, std::as_writable_bytes(std::span(piece).first(count)));
    std::transform(piece.begin(), piece.begin() + count, into.begin(), convert);
    offset += count * sizeof(Stored);
    into = into.subspan(count);
  }
}

template <class Number>
constexpr Dtype dtype_of() {
  if (std::is_same_v<Number, float>) return Dtype::f32;
  if (std::is_same_v<Number, double>) return Dtype::f64;
  if (std::is_same_v<Number, std::int64_t>) return Dtype::i64;
  return Dtype::u8;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  const std::string json = header_text(file_);
  data_begin_ = sizeof(std::uint64_t) + json.size();
  header_ = SafetensorsHeader::parse(path, json, file_.size() - data_begin_);
  for (std::size_t i = 0; i < header_.tensors.size(); ++i) index_[header_.tensors[i].name] = i;
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &header_.tensors[found->second];
}

const TensorInfo& SafetensorsFile::info(std::string_view name) const {
  const TensorInfo* tensor = find(name);
  if (tensor == nullptr) fail_file(path(), fmt::format("tensor {} is missing", in_quotes(name)));
  return *tensor;
}

void SafetensorsFile::read_into(std::string_view name, std::span<float> into) const {
  const TensorInfo& tensor = info(name);
  if (tensor.count() != static_cast<Index>(into.size())) {
    fail_file(path(), fmt::format("tensor {} has {} numbers, expected {}", in_quotes(name),
                                  tensor.count(), into.size()));
  }
  const std::uint64_t offset = data_begin_ + tensor.begin;
  switch (tensor.dtype) {
    case Dtype::f32:
      file_.read_at(offset, std::as_writable_bytes(into));
      break;
    case Dtype::f64:
      read_converted<double>(file_, offset, into, [](double x) { return static_cast<float>(x); });
      break;
    case Dtype::f16:
      read_converted<std::uint16_t>(file_, offset, into, float_from_half);
      break;
    case Dtype::bf16:
      read_converted<std::uint16_t>(file_, offset, into, float_from_bfloat16);
      break;
    default:
      fail_file(path(), fmt::format("tensor {} has dtype {}, expected F32, F64, F16 or BF16",
                                    in_quotes(name), dtype_name(tensor.dtype)));
  }
  file_.release(offset, tensor.end - tensor.begin);
}

std::vector<float> SafetensorsFile::read(std::string_view name) const {
  std::vector<float> numbers(static_cast<std::size_t>(info(name).count()));
  read_into(name, numbers);
  return numbers;
}

std::vector<std::byte> SafetensorsFile::read_bytes(std::string_view name) const {
  const TensorInfo& tensor = info(name);
  std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.end - tensor.begin));
  file_.read_at(data_begin_ + tensor.begin, bytes);
  file_.release(data_begin_ + tensor.begin, tensor.end - tensor.begin);
  return bytes;
}

template <class Number>
TensorToWrite tensor_to_write(std::string name, std::vector<Index> shape,
                              std::span<const Number> numbers) {
  TensorToWrite tensor;
  tensor.name = std::move(name);
  tensor.dtype = dtype_of<Number>();
  tensor.shape = std::move(shape);
  tensor.write = [numbers](const ByteSink& sink) { sink(std::as_bytes(numbers)); };
  return tensor;
}

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, std::string>& metadata,
                       std::span<const TensorToWrite> tensors) {
  SafetensorsHeader header{.tensors = {}, .metadata = metadata};
  for (const TensorToWrite& tensor : tensors) {
    header.tensors.push_back({.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape});
  }
  lay_out(header.tensors);
  const std::string json = header.to_json();
  const std::uint64_t length = json.size();

  write_file_atomically(path, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(&length, 1)));
    sink(std::as_bytes(std::span(json)));
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const TensorInfo& info = header.tensors[i];
      std::uint64_t written = 0;
      tensors[i].write([&](std::span<const std::byte> bytes) {
        written += bytes.size();
        sink(bytes);
      });
      if (written != info.end - info.begin) {
        fail("safetensors", fmt::format("tensor {} of shape {} came with {} bytes, expected {}",
                                        in_quotes(info.name), shape_text(info.shape), written,
                                        info.end - info.begin));
      }
    }
  });
}

template LIMPID_API TensorToWrite tensor_to_write(std::string, std::vector<Index>,
                                                  std::span<const float>);
template LIMPID_API TensorToWrite tensor_to_write(std::string, std::vector<Index>,
                                                  std::span<const double>);
template LIMPID_API TensorToWrite tensor_to_write(std::string, std::vector<Index>,
                                                  std::span<const std::int64_t>);
template LIMPID_API TensorToWrite tensor_to_write(std::string, std::vector<Index>,
                                                  std::span<const std::uint8_t>);

}  // namespace limpid
