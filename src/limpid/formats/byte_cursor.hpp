/// Reads the parts of a binary file one after the other. A length that comes out of the file is held
/// against the bytes that are left before anything is done with it. append_number writes what take_number
/// reads.
///
///   model.gguf: ends at byte 96, expected 8 bytes from byte 92: the number of keys
///
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error: the file ends before what is asked for
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "limpid/core/export.hpp"

namespace limpid {

class LIMPID_API ByteCursor {
 public:
  /// `path` is for messages. REQUIRES both outlive the cursor
  ByteCursor(const std::filesystem::path& path, std::span<const std::byte> bytes)
      : path_(&path), bytes_(bytes) {}

  const std::filesystem::path& path() const { return *path_; }
  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return bytes_.size() - position_; }

  /// The next `count` bytes, which stay where they are. `what` is for messages.
  std::span<const std::byte> take(std::uint64_t count, std::string_view what);
  std::string_view take_text(std::uint64_t count, std::string_view what);

  /// A number as the file has it, little-endian.
  template <class Number>
  Number take_number(std::string_view what) {
    static_assert(std::is_arithmetic_v<Number>);
    Number number;
    std::memcpy(&number, take(sizeof number, what).data(), sizeof number);
    return number;
  }

 private:
  const std::filesystem::path* path_;
  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
};

/// Writes a number as take_number reads it.
template <class Number>
void append_number(std::string& bytes, Number number) {
  static_assert(std::is_arithmetic_v<Number>);
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace limpid
