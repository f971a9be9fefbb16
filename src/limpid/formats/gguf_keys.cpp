#include "limpid/formats/gguf_keys.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "limpid/formats/file_handle.hpp"

namespace limpid {
namespace {

constexpr int kDeepestArray = 4;  // arrays of arrays; the keys that are known have none

/// Calls use(Number{}) with the type's number; false for text and arrays.
template <class Use>
bool with_number_type(GgufType type, Use use) {
  switch (type) {
    case GgufType::u8:
      return use(std::uint8_t{}), true;
    case GgufType::i8:
      return use(std::int8_t{}), true;
    case GgufType::u16:
      return use(std::uint16_t{}), true;
    case GgufType::i16:
      return use(std::int16_t{}), true;
    case GgufType::u32:
      return use(std::uint32_t{}), true;
    case GgufType::i32:
      return use(std::int32_t{}), true;
    case GgufType::f32:
      return use(float{}), true;
    case GgufType::boolean:
      return use(std::uint8_t{}), true;
    case GgufType::u64:
      return use(std::uint64_t{}), true;
    case GgufType::i64:
      return use(std::int64_t{}), true;
    case GgufType::f64:
      return use(double{}), true;
    case GgufType::text:
    case GgufType::array:
      break;
  }
  return false;
}

GgufType take_type(ByteCursor& cursor, std::string_view key) {
  const auto type = cursor.take_number<std::uint32_t>("a key's type");
  if (type > static_cast<std::uint32_t>(GgufType::f64)) {
    fail_file(cursor.path(),
              fmt::format("key {} has type {}, expected 0 to 12", in_quotes(key), type));
  }
  return static_cast<GgufType>(type);
}

// Walks over the elements; the texts' lengths are looked at, nothing is kept.
void skip(ByteCursor& cursor, std::string_view key, GgufType type, std::uint64_t count, int depth) {
  std::uint64_t size = 0;
  if (with_number_type(type, [&](auto number) { size = sizeof number; })) {
    // More than is left in any case, when the product would overflow.
    const bool fits = count <= cursor.left() / size;
    cursor.take(fits ? count * size : std::numeric_limits<std::uint64_t>::max(), "a key's value");
    return;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (type == GgufType::text) {
      cursor.take(cursor.take_number<std::uint64_t>("a text's length"), "a text");
      continue;
    }
    if (depth == kDeepestArray) {
      fail_file(cursor.path(), fmt::format("key {} has arrays in arrays, expected at most {} deep",
                                           in_quotes(key), kDeepestArray));
    }
    const GgufType inner = take_type(cursor, key);
    skip(cursor, key, inner, cursor.take_number<std::uint64_t>("an array's count"), depth + 1);
  }
}

template <class Number>
Number element(const GgufValue& value, std::uint64_t index) {
  Number number;
  std::memcpy(&number, value.bytes.data() + index * sizeof number, sizeof number);
  return number;
}

// The element as an Index; nothing when it is none.
std::optional<Index> integer_at(const GgufValue& value, std::uint64_t index) {
  std::optional<Index> result;
  if (value.type == GgufType::boolean) return result;
  with_number_type(value.type, [&](auto zero) {
    using Number = decltype(zero);
    if constexpr (std::is_integral_v<Number>) {
      const auto number = element<Number>(value, index);
      if (std::in_range<Index>(number)) result = static_cast<Index>(number);
    }
  });
  return result;
}

std::optional<double> number_at(const GgufValue& value, std::uint64_t index) {
  std::optional<double> result;
  if (value.type == GgufType::boolean) return result;
  with_number_type(value.type, [&](auto zero) {
    result = static_cast<double>(element<decltype(zero)>(value, index));
  });
  return result;
}

std::string_view kind_of(const GgufValue& value) {
  if (value.is_array) return "an array";
  if (value.type == GgufType::text) return "a text";
  if (value.type == GgufType::boolean) return "true or false";
  return "a number";
}

}  // namespace

GgufKeys::GgufKeys(ByteCursor& cursor, std::uint64_t count) : path_(cursor.path()) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto length = cursor.take_number<std::uint64_t>("a key's length");
    const std::string key(cursor.take_text(length, "a key"));
    GgufValue value{.type = take_type(cursor, key), .bytes = {}};
    if (value.type == GgufType::array) {
      value.is_array = true;
      value.type = take_type(cursor, key);
      value.count = cursor.take_number<std::uint64_t>("an array's count");
    }
    // The value's bytes are those between here and where the walk over them ends.
    ByteCursor end = cursor;
    skip(end, key, value.type, value.count, 0);
    value.bytes = cursor.take(end.position() - cursor.position(), "a key's value");
    if (!values_.emplace(key, value).second) {
      fail_file(path_, fmt::format("key {} occurs twice", in_quotes(key)));
    }
  }
}

void GgufKeys::fail_key(std::string_view key, const std::string& message) const {
  fail_file(path_, fmt::format("key {} {}", in_quotes(key), message));
}

void GgufKeys::fail_missing(std::string_view key) const {
  fail_key(key, "is missing");
}

std::vector<std::string> GgufKeys::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : values_) names.push_back(name);
  return names;
}

const GgufValue* GgufKeys::find(std::string_view key, bool is_array) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  if (found->second.is_array != is_array) {
    fail_key(key, fmt::format("is {}, expected {}", kind_of(found->second),
                              is_array ? "an array" : "a single value"));
  }
  return &found->second;
}

std::optional<Index> GgufKeys::integer(std::string_view key) const {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return std::nullopt;
  const std::optional<Index> result = integer_at(*value, 0);
  if (!result)
    fail_key(key, fmt::format("is {}, expected a whole number below 2^63", kind_of(*value)));
  return result;
}

std::optional<double> GgufKeys::number(std::string_view key) const {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return std::nullopt;
  const std::optional<double> result = number_at(*value, 0);
  if (!result) fail_key(key, fmt::format("is {}, expected a number", kind_of(*value)));
  return result;
}

std::optional<bool> GgufKeys::flag(std::string_view key) const {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::boolean || value->bytes.front() > std::byte{1}) {
    fail_key(key, fmt::format("is {}, expected true or false (1 or 0)", kind_of(*value)));
  }
  return value->bytes.front() == std::byte{1};
}

std::optional<std::string> GgufKeys::text(std::string_view key) const {
  const GgufValue* value = find(key, false);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::text) {
    fail_key(key, fmt::format("is {}, expected a text", kind_of(*value)));
  }
  ByteCursor cursor(path_, value->bytes);
  const auto length = cursor.take_number<std::uint64_t>("a text's length");
  return std::string(cursor.take_text(length, "a text"));
}

std::optional<std::vector<std::string>> GgufKeys::texts(std::string_view key) const {
  const GgufValue* value = find(key, true);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::text) fail_key(key, "is an array of numbers, expected texts");
  std::vector<std::string> result;
  ByteCursor cursor(path_, value->bytes);
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const auto length = cursor.take_number<std::uint64_t>("a text's length");
    result.emplace_back(cursor.take_text(length, "a text"));
  }
  return result;
}

std::optional<std::vector<Index>> GgufKeys::integers(std::string_view key) const {
  const GgufValue* value = find(key, true);
  if (value == nullptr) return std::nullopt;
  std::vector<Index> result;
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const std::optional<Index> integer = integer_at(*value, i);
    if (!integer) fail_key(key, "is an array of something else, expected whole numbers");
    result.push_back(*integer);
  }
  return result;
}

std::optional<std::vector<float>> GgufKeys::numbers(std::string_view key) const {
  const GgufValue* value = find(key, true);
  if (value == nullptr) return std::nullopt;
  std::vector<float> result;
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const std::optional<double> number = number_at(*value, i);
    if (!number) fail_key(key, "is an array of something else, expected numbers");
    result.push_back(static_cast<float>(*number));
  }
  return result;
}

}  // namespace limpid
