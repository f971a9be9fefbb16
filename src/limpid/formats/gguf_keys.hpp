/// The keys of a GGUF file: names with values, the first part of its header. (They are written by
/// formats/gguf_key_writer.)
///
///   key      u64 length, bytes
///   type     u32: 0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 f32, 7 bool, 8 text, 9 array, 10 u64,
///            11 i64, 12 f64
///   value    a number; a text as u64 length and bytes; an array as u32 type of its elements, u64
///            count, elements
///
/// Reading keeps no copies: a value is the place of its bytes until somebody asks for it, so that a
/// count that lies costs nothing. Keys that nobody asks for are skipped.
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md, section "File Structure"
/// USES    core, formats/byte_cursor, formats/file_handle
/// ERRORS  std::runtime_error: file, key, what was expected and what came
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/formats/byte_cursor.hpp"

namespace limpid {

/// The token that a text begins with: the tokenizer's key, and a setting of the model too.
inline constexpr std::string_view kGgufBeginKey = "tokenizer.ggml.bos_token_id";

enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  text,
  array,
  u64,
  i64,
  f64
};

/// Where a value lies.
struct GgufValue {
  GgufType type;  ///< of the elements, in an array
  bool is_array = false;
  std::uint64_t count = 1;           ///< of elements
  std::span<const std::byte> bytes;  ///< theirs, one after the other
};

class LIMPID_API GgufKeys {
 public:
  GgufKeys() = default;
  /// Reads `count` keys. The bytes must stay where they are.
  GgufKeys(ByteCursor& cursor, std::uint64_t count);

  bool has(std::string_view key) const { return values_.contains(key); }
  std::size_t size() const { return values_.size(); }
  std::vector<std::string> names() const;

  /// Nothing when the key is not there; an error when it has another kind of value.
  std::optional<Index> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;
  std::optional<std::vector<Index>> integers(std::string_view key) const;
  std::optional<std::vector<float>> numbers(std::string_view key) const;

  /// What was asked for must be there.
  template <class Value>
  Value required(std::string_view key, std::optional<Value> value) const {
    if (!value) fail_missing(key);
    return *std::move(value);
  }

 private:
  const GgufValue* find(std::string_view key, bool is_array) const;
  [[noreturn]] void fail_key(std::string_view key, const std::string& message) const;
  [[noreturn]] void fail_missing(std::string_view key) const;

  std::filesystem::path path_;
  std::map<std::string, GgufValue, std::less<>> values_;
};

}  // namespace limpid
