/// A text file in chunks: for texts larger than memory.
///
/// A buffer is filled, cut where its owner says that a cut does no harm, handed out, and what stood
/// behind the cut begins the next chunk. A text without such a place is read on until there is one,
/// whole if need be.
///
///   TextChunks chunks(path, [](std::string_view text) { return text.rfind('\n') + 1; });
///   while (const auto chunk = chunks.next()) count_lines(*chunk);
///
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error: not there, a directory, not readable
/// COST    memory for two chunks
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/formats/file_handle.hpp"

namespace limpid {

class LIMPID_API TextChunks {
 public:
  /// How many bytes of a text may be handed out; 0 when more must be read first.
  using Cut = std::function<std::size_t(std::string_view text)>;

  TextChunks(std::filesystem::path path, Cut cut, std::size_t chunk_bytes = std::size_t{1} << 24);

  /// The next chunk, valid until the next call; nothing at the end of the file.
  std::optional<std::string_view> next();

  std::uint64_t bytes_read() const { return read_; }
  /// The file's size when it was opened, 0 for a pipe.
  std::uint64_t size() const { return size_; }

 private:
  void read_up_to(std::size_t bytes);

  std::filesystem::path path_;
  FileHandle file_;
  Cut cut_;
  std::size_t chunk_bytes_;
  std::uint64_t size_ = 0, read_ = 0;
  std::string buffer_;
  std::size_t given_ = 0;  // bytes at the front of the buffer that were handed out
  bool at_end_ = false, is_regular_ = false;
};

}  // namespace limpid
