#include "limpid/formats/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "limpid/formats/file_handle.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

std::string read_text_file(const std::filesystem::path& path, std::uint64_t limit) {
  const FileHandle file = FileHandle::open_existing(path, O_RDONLY);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) fail_system(path, "cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) fail_file(path, "is a directory, expected a text file");
  const auto too_large = [&](const std::string& size) {
    fail_file(path, fmt::format("has {} bytes, expected at most {}", size, limit));
  };
  const std::uint64_t size =
      S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (size > limit) too_large(fmt::to_string(size));

  // The size is a hint only: pipes have none, and files may grow. Read until nothing comes. One
  // byte more than expected lets the last read find the end without another round of growth.
  std::string text;
  std::size_t used = 0;
  text.resize(static_cast<std::size_t>(size) + 1);
  while (true) {
    const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system(path, "cannot be read", errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) too_large("more");
    if (used == text.size()) text.resize(std::max<std::size_t>(4096, 2 * used));
  }
  text.resize(used);
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
