#include "limpid/formats/gguf_key_writer.hpp"

#include "limpid/formats/byte_cursor.hpp"

namespace limpid {
void GgufKeyWriter::put_text(std::string_view text) {
  append_number(bytes_, std::uint64_t{text.size()});
  bytes_ += text;
}

void GgufKeyWriter::begin(std::string_view key, GgufType type) {
  put_text(key);
  append_number(bytes_, static_cast<std::uint32_t>(type));
  ++count_;
}

void GgufKeyWriter::begin_array(std::string_view key, GgufType type, std::size_t count) {
  begin(key, GgufType::array);
  append_number(bytes_, static_cast<std::uint32_t>(type));
  append_number(bytes_, std::uint64_t{count});
}

void GgufKeyWriter::text(std::string_view key, std::string_view value) {
  begin(key, GgufType::text);
  put_text(value);
}

void GgufKeyWriter::integer(std::string_view key, Index value) {
  begin(key, GgufType::u32);
  append_number(bytes_, static_cast<std::uint32_t>(value));
}

void GgufKeyWriter::number(std::string_view key, double value) {
  begin(key, GgufType::f32);
  append_number(bytes_, static_cast<float>(value));
}

void GgufKeyWriter::flag(std::string_view key, bool value) {
  begin(key, GgufType::boolean);
  append_number(bytes_, static_cast<std::uint8_t>(value));
}

void GgufKeyWriter::texts(std::string_view key, const std::vector<std::string>& values) {
  begin_array(key, GgufType::text, values.size());
  for (const std::string& value : values) put_text(value);
}

void GgufKeyWriter::integers(std::string_view key, std::span<const std::int32_t> values) {
  begin_array(key, GgufType::i32, values.size());
  for (const std::int32_t value : values) append_number(bytes_, value);
}

void GgufKeyWriter::numbers(std::string_view key, std::span<const float> values) {
  begin_array(key, GgufType::f32, values.size());
  for (const float value : values) append_number(bytes_, value);
}

}  // namespace limpid
