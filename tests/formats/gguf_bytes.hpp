// A GGUF file put together byte by byte, independently of our writer, so that tests can make every part of
// it lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limpid::test {

template <class Number>
std::string raw(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}
inline std::string raw_u32(std::uint32_t number) {
  return raw(number);
}
inline std::string raw_u64(std::uint64_t number) {
  return raw(number);
}
inline std::string raw_text(std::string_view text) {
  return raw_u64(text.size()).append(text);
}

struct GgufBytes {
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::vector<std::string> keys, tensors;
  std::string data;
  std::optional<std::uint64_t> key_count, tensor_count;  // lies

  // `type` and then the value as it stands in the file.
  void key(std::string_view name, std::uint32_t type, const std::string& value) {
    keys.push_back(raw_text(name) + raw_u32(type) + value);
  }
  void text(std::string_view name, std::string_view value) { key(name, 8, raw_text(value)); }
  void u32(std::string_view name, std::uint32_t value) { key(name, 4, raw(value)); }
  void f32(std::string_view name, float value) { key(name, 6, raw(value)); }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    std::string all = raw_u32(8) + raw_u64(values.size());
    for (const std::string& value : values) all += raw_text(value);
    key(name, 9, all);
  }
  template <class Number>
  void numbers(std::string_view name, std::uint32_t type, const std::vector<Number>& values) {
    std::string all = raw_u32(type) + raw_u64(values.size());
    for (const Number value : values) all += raw(value);
    key(name, 9, all);
  }
  // Sizes innermost first, as the file has them.
  void tensor(std::string_view name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
              std::uint64_t offset) {
    std::string all = raw_text(name) + raw_u32(static_cast<std::uint32_t>(sizes.size()));
    for (const std::uint64_t size : sizes) all += raw(size);
    tensors.push_back(all + raw_u32(type) + raw_u64(offset));
  }

  std::string bytes() const {
    std::string all = magic + raw_u32(version) + raw_u64(tensor_count.value_or(tensors.size())) +
                      raw_u64(key_count.value_or(keys.size()));
    for (const std::string& each : keys) all += each;
    for (const std::string& each : tensors) all += each;
    all.resize((all.size() + alignment - 1) / alignment * alignment);
    return all + data;
  }
};

}  // namespace limpid::test
