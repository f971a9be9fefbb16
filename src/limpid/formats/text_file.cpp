#include "limpid/formats/text_file.hpp"

#include <fmt/format.h>

#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/text_chunks.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

std::string read_text_file(const std::filesystem::path& path, std::uint64_t limit) {
  const auto too_large = [&](const std::string& size) {
    fail_file(path, fmt::format("has {} bytes, expected at most {}", size, limit));
  };
  TextChunks chunks(path, [](std::string_view read) { return read.size(); });
  if (chunks.size() > limit) too_large(fmt::to_string(chunks.size()));
  std::string text;
  text.reserve(static_cast<std::size_t>(chunks.size()));
  while (const auto chunk = chunks.next()) {
    if (chunks.bytes_read() > limit) too_large("more");
    text += *chunk;
  }
  return text;
}

std::string read_utf8_file(const std::filesystem::path& path) {
  std::string text = read_text_file(path);
  if (const auto bad = find_invalid_utf8(text)) {
    fail_file(path, fmt::format("byte {} (0x{:02X}) is not UTF-8 text", *bad,
                                static_cast<unsigned char>(text[*bad])));
  }
  return text;
}

}  // namespace limpid
