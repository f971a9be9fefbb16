#include "limpid/formats/safetensors_header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/file_handle.hpp"

namespace limpid {
namespace {

constexpr std::string_view kMetadata = "__metadata__";
/// Receives the header's JSON piece by piece. Each piece is compared with the one form that is
/// allowed at its level, so nothing that does not belong here is ever stored, and nothing nests
/// deeper than level 3:
///
///   level 1   {  name : entry, ...  }
///   level 2   an entry: a tensor's three fields, or the metadata's strings
///   level 3   [  a shape or two offsets  ]
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(const std::filesystem::path& path, SafetensorsHeader& header)
      : path_(path), header_(header) {}

  bool null() override { return wrong("null"); }
  bool boolean(bool value) override { return wrong(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override { return wrong(fmt::to_string(value)); }
  bool number_float(double, const std::string& text) override { return wrong(in_quotes(text)); }
  bool binary(nlohmann::json::binary_t&) override { return wrong("binary"); }

  bool number_unsigned(std::uint64_t value) override {
    if (level_ != 3) return wrong(fmt::to_string(value));
    if (field_ == "shape") {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) {
        return wrong(fmt::to_string(value));
      }
      if (tensor().shape.size() == kLargestRank) {
        fail(fmt::format("has more than {} sizes, expected at most that", kLargestRank));
      }
      tensor().shape.push_back(static_cast<Index>(value));
    } else {
      if (offsets_ == 2) fail("has more than 2 numbers, expected [begin, end]");
      (offsets_ == 0 ? tensor().begin : tensor().end) = value;
      ++offsets_;
    }
    return true;
  }

  bool string(std::string& value) override {
    if (level_ == 2 && in_metadata_) {
      if (!header_.metadata.emplace(field_, std::move(value)).second) fail("occurs twice");
      return true;
    }
    if (level_ != 2 || field_ != "dtype") return wrong(in_quotes(value));
    const std::optional<Dtype> dtype = dtype_from_name(value);
    if (!dtype) return wrong(in_quotes(value));
    tensor().dtype = *dtype;
    return true;
  }

  bool start_object(std::size_t) override {
    if (level_ >= 2) return wrong("an object");
    ++level_;
    return true;
  }

  bool key(std::string& key) override {
    if (level_ == 1) {
      field_.clear();
      in_metadata_ = key == kMetadata;
      if (in_metadata_) {
        if (std::exchange(had_metadata_, true)) fail("occurs twice");
      } else {
        header_.tensors.push_back({.name = std::move(key), .dtype = {}, .shape = {}});
        has_ = {};
      }
      return true;
    }
    field_ = std::move(key);
    if (in_metadata_) return true;
    for (std::size_t i = 0; i < kFields.size(); ++i) {
      if (field_ != kFields[i]) continue;
      if (std::exchange(has_[i], true)) fail("occurs twice");
      return true;
    }
    fail("is an unknown field, expected dtype, shape and data_offsets");
  }

  bool end_object() override {
    --level_;
    field_.clear();
    if (level_ == 1 && !in_metadata_) {
      for (std::size_t i = 0; i < kFields.size(); ++i) {
        if (!has_[i]) fail(fmt::format("{} is missing", kFields[i]));
      }
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (level_ != 2 || in_metadata_ || field_ == "dtype") return wrong("an array");
    ++level_;
    offsets_ = 0;
    return true;
  }

  bool end_array() override {
    --level_;
    if (field_ == "data_offsets" && offsets_ != 2) {
      fail(fmt::format("has {} numbers, expected [begin, end]", offsets_));
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    fail_file(path_, fmt::format("header, byte {}: no JSON as expected in a safetensors header",
                                 position));
  }

 private:
  static constexpr std::array<std::string_view, 3> kFields{"dtype", "shape", "data_offsets"};

  TensorInfo& tensor() { return header_.tensors.back(); }

  [[noreturn]] void fail(const std::string& message) const {
    std::string where = "header";
    if (in_metadata_) {
      where = kMetadata;
    } else if (!header_.tensors.empty()) {
      where = "tensor " + in_quotes(header_.tensors.back().name);
    }
    if (!field_.empty()) where += ": " + (in_metadata_ ? in_quotes(field_) : field_.substr(0, 80));
    fail_file(path_, where + " " + message);
  }

  [[noreturn]] bool wrong(const std::string& got) const {
    const char* expected = "an object";
    if (level_ == 3) {
      expected = "an integer of 0 or more";
    } else if (level_ == 2) {
      expected = in_metadata_        ? "a string"
                 : field_ == "dtype" ? "a known dtype such as \"F32\""
                 : field_ == "shape" ? "an array of sizes"
                                     : "[begin, end]";
    }
    fail(fmt::format("is {}, expected {}", got, expected));
  }

  const std::filesystem::path& path_;
  SafetensorsHeader& header_;
  int level_ = 0;
  bool in_metadata_ = false, had_metadata_ = false;
  std::string field_;
  std::array<bool, 3> has_{};
  int offsets_ = 0;
};

std::string json_string(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    fail("safetensors", fmt::format("{} is not UTF-8", in_quotes(text)));
  }
}

}  // namespace

SafetensorsHeader SafetensorsHeader::parse(const std::filesystem::path& path, std::string_view json,
                                           std::uint64_t data_bytes) {
  if (!json.starts_with('{')) fail_file(path, "header does not begin with '{' as expected");
  SafetensorsHeader header;
  HeaderReader reader(path, header);
  nlohmann::json::sax_parse(json, &reader);

  check_layout(path, header.tensors, data_bytes);
  return header;
}

std::string SafetensorsHeader::to_json() const {
  std::string json = "{";
  if (!metadata.empty()) {
    std::vector<std::string> entries;
    for (const auto& [key, value] : metadata) {
      entries.push_back(json_string(key) + ":" + json_string(value));
    }
    json += fmt::format("\"{}\":{{{}}}", kMetadata, fmt::join(entries, ","));
  }
  for (const TensorInfo& tensor : tensors) {
    if (tensor.name == kMetadata) fail("safetensors", "a tensor cannot be named __metadata__");
    if (json.size() > 1) json += ',';
    json += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                        json_string(tensor.name), dtype_name(tensor.dtype),
                        fmt::join(tensor.shape, ","), tensor.begin, tensor.end);
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  return json;
}

}  // namespace limpid
