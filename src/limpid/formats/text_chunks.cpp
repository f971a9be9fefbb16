#include "limpid/formats/text_chunks.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace limpid {
namespace {

// What is asked for where a file should have ended. (A file of /proc says that it is empty.)
constexpr std::uint64_t kGrowth = 65536;

}  // namespace

TextChunks::TextChunks(std::filesystem::path path, Cut cut, std::size_t chunk_bytes)
    : path_(std::move(path)),
      file_(FileHandle::open_existing(path_, O_RDONLY)),
      cut_(std::move(cut)),
      chunk_bytes_(std::max<std::size_t>(1, chunk_bytes)) {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) fail_system(path_, "cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) fail_file(path_, "is a directory, expected a text file");
  is_regular_ = S_ISREG(status.st_mode);
  if (is_regular_) size_ = static_cast<std::uint64_t>(status.st_size);
}

std::optional<std::string_view> TextChunks::next() {
  buffer_.erase(0, std::exchange(given_, 0));
  // No more memory than the rest of the file needs, and a byte to see that it has ended. The size is
  // a hint only: pipes have none, and files may grow.
  const std::uint64_t unknown = is_regular_ ? kGrowth : chunk_bytes_;
  const std::uint64_t rest = size_ > read_ ? size_ - read_ + 1 : unknown;
  std::size_t wanted = std::min<std::uint64_t>(chunk_bytes_, buffer_.size() + rest);
  while (given_ == 0) {
    read_up_to(wanted);
    if (buffer_.empty()) return std::nullopt;
    given_ = at_end_ ? buffer_.size() : std::min(cut_(buffer_), buffer_.size());
    wanted = 2 * buffer_.size();
  }
  return std::string_view(buffer_).substr(0, given_);
}

void TextChunks::read_up_to(std::size_t bytes) {
  std::size_t used = buffer_.size();
  if (at_end_ || used >= bytes) return;
  buffer_.resize(bytes);
  while (!at_end_ && used < bytes) {
    const ssize_t got = ::read(file_.get(), buffer_.data() + used, bytes - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system(path_, "cannot be read", errno);
    at_end_ = got == 0;
    used += static_cast<std::size_t>(got);
    read_ += static_cast<std::uint64_t>(got);
  }
  buffer_.resize(used);
}

}  // namespace limpid
