/// Collects the keys of a GGUF file (formats/gguf_keys tells their layout), in the order in which they
/// come.
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md, section "File Structure"
/// USES    core, formats/byte_cursor, formats/gguf_keys
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/formats/gguf_keys.hpp"

namespace limpid {

class LIMPID_API GgufKeyWriter {
 public:
  void text(std::string_view key, std::string_view value);
  void integer(std::string_view key, Index value);  ///< u32; REQUIRES that it fits
  void number(std::string_view key, double value);  ///< f32
  void flag(std::string_view key, bool value);
  void texts(std::string_view key, const std::vector<std::string>& values);
  void integers(std::string_view key, std::span<const std::int32_t> values);
  void numbers(std::string_view key, std::span<const float> values);

  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void begin(std::string_view key, GgufType type);
  void begin_array(std::string_view key, GgufType type, std::size_t count);
  void put_text(std::string_view text);

  std::string bytes_;
  std::uint64_t count_ = 0;
};

}  // namespace limpid
