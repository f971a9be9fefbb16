#include "limpid/formats/file_handle.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (is_control(c)) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

void fail_file(const std::filesystem::path& path, const std::string& message) {
  throw std::runtime_error(on_one_line(path.native() + ": " + message));
}

void fail_system(const std::filesystem::path& path, std::string_view what, int error) {
  fail_file(path, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

std::string in_quotes(std::string_view text) {
  return '"' + on_one_line(shortened(text, 80)) + '"';
}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = other.release();
  }
  return *this;
}

FileHandle FileHandle::open_existing(const std::filesystem::path& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor >= 0) return FileHandle(descriptor);
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) fail_file(path, "no such file");
  fail_system(path, "cannot be opened", error);
}

bool FileHandle::close() {
  const int descriptor = release();
  return descriptor < 0 || ::close(descriptor) == 0;
}

int FileHandle::release() {
  return std::exchange(descriptor_, -1);
}

}  // namespace limpid
