#include "limpid/formats/mapped_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "limpid/formats/file_handle.hpp"

namespace limpid {

MappedFile::MappedFile(std::filesystem::path path) : file_(std::move(path)) {
  const auto size = static_cast<std::size_t>(file_.size());
  if (size == 0) return;  // nothing can be mapped, and nothing needs to be
  void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file_.descriptor(), 0);
  if (begin == MAP_FAILED) fail_system(file_.path(), "cannot be mapped", errno);
  // Models are read from front to back: the system may read ahead. Only advice: it cannot go wrong.
  ::madvise(begin, size, MADV_SEQUENTIAL);
  bytes_ = {static_cast<const std::byte*>(begin), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::span<const std::byte> MappedFile::view(std::uint64_t offset, std::uint64_t count) const {
  // Both comparisons are safe from overflow: offset <= size comes first.
  if (offset > size() || count > size() - offset) {
    fail_file(path(),
              fmt::format("has {} bytes, expected {} bytes from byte {}", size(), count, offset));
  }
  return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
}

void MappedFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  const std::span<const std::byte> from = view(offset, into.size());
  if (!from.empty()) std::memcpy(into.data(), from.data(), from.size());
}

void MappedFile::release(std::uint64_t offset, std::uint64_t count) const {
  const std::span<const std::byte> range = view(offset, count);
  if (range.empty()) return;
  // Whole pages only. Those at the two ends belong to neighbours too, who will get them back.
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t begin = offset / page * page;
  ::madvise(const_cast<std::byte*>(bytes_.data()) + begin,
            static_cast<std::size_t>(offset + count - begin), MADV_DONTNEED);
}

}  // namespace limpid
