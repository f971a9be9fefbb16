/// A regular file that is read by position. Its size is known before anything is read, so a reader
/// can check what a header claims before it takes memory or follows an offset.
///
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error: not there, a directory, not a regular file, not readable, or shorter
///         than what is asked for
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "limpid/core/export.hpp"
#include "limpid/formats/file_handle.hpp"

namespace limpid {

class LIMPID_API InputFile {
 public:
  explicit InputFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }  ///< bytes, when it was opened
  int descriptor() const { return handle_.get(); }

  /// Fills `bytes` from this offset. Several threads may read at once.
  void read_at(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  std::filesystem::path path_;
  FileHandle handle_;
  std::uint64_t size_ = 0;
};

}  // namespace limpid
