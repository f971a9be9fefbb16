/// A regular file as a stretch of memory: the system reads a page when somebody looks at it, and may
/// take it back afterwards. A model that is copied out of it tensor by tensor, each released when it
/// has been copied, never lies in memory twice.
///
/// A file that another program cuts short while it is mapped ends this one (SIGBUS): there is no
/// memory behind the missing pages. Our own writers never do that: they put a new file in the place
/// of the old one (formats/atomic_file), and the old one stays until nobody has it open.
///
/// USES    core, formats/file_handle, formats/input_file
/// ERRORS  std::runtime_error: what InputFile refuses, what the system cannot map, bytes beyond the
///         end
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "limpid/core/export.hpp"
#include "limpid/formats/input_file.hpp"

namespace limpid {

class LIMPID_API MappedFile {
 public:
  explicit MappedFile(std::filesystem::path path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const std::filesystem::path& path() const { return file_.path(); }
  std::uint64_t size() const { return bytes_.size(); }
  std::span<const std::byte> bytes() const { return bytes_; }

  /// These bytes of the file, where they lie: at any address, so numbers must be copied out.
  std::span<const std::byte> view(std::uint64_t offset, std::uint64_t count) const;
  /// Copies them.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const;
  /// Nobody needs these bytes soon: their memory is given back. Looking at them again is allowed.
  void release(std::uint64_t offset, std::uint64_t count) const;

 private:
  InputFile file_;
  std::span<const std::byte> bytes_;
};

}  // namespace limpid
