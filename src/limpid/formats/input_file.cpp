#include "limpid/formats/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace limpid {

// O_NONBLOCK: opening a named pipe would wait for a writer, for ever. It changes nothing for files.
InputFile::InputFile(std::filesystem::path path)
    : path_(std::move(path)), handle_(FileHandle::open_existing(path_, O_RDONLY | O_NONBLOCK)) {
  struct stat status = {};
  if (::fstat(handle_.get(), &status) != 0) fail_system(path_, "cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) fail_file(path_, "is a directory, expected a file");
  if (!S_ISREG(status.st_mode)) fail_file(path_, "is a device or a pipe, expected a regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void InputFile::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
  // Both comparisons are safe from overflow: offset <= size comes first.
  if (offset > size_ || bytes.size() > size_ - offset) {
    fail_file(path_, fmt::format("has {} bytes, expected {} bytes from byte {}", size_,
                                 bytes.size(), offset));
  }
  while (!bytes.empty()) {
    const ssize_t got =
        ::pread(handle_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system(path_, fmt::format("cannot be read at byte {}", offset), errno);
    if (got == 0) {
      fail_file(path_, fmt::format("ends at byte {} while it is being read, expected {} more bytes",
                                   offset, bytes.size()));
    }
    offset += static_cast<std::uint64_t>(got);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace limpid
