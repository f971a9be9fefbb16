#include "limpid/formats/directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace limpid {
namespace {

/// The holder's process number, which it wrote into the file: only for the message.
std::string holder(int descriptor) {
  std::array<char, 20> digits{};
  const ssize_t got = ::pread(descriptor, digits.data(), digits.size(), 0);
  std::string text(digits.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  text.resize(std::min(text.find_first_not_of("0123456789"), text.size()));
  return text.empty() ? "another process" : "process " + text;
}

}  // namespace

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / ".lock";
  file_ = FileHandle(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_.is_open()) {
    const int error = errno;
    if (error == ENOENT) fail_file(directory, "no such directory");
    fail_system(path, "cannot be opened", error);
  }
  int status = 0;
  do {
    status = ::flock(file_.get(), LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  if (status != 0 && errno == EWOULDBLOCK) {
    fail_file(directory, fmt::format("is in use by {}; wait for it or choose another directory",
                                     holder(file_.get())));
  }
  if (status != 0) fail_system(path, "cannot be locked", errno);

  // A failure to note the number costs nothing but a less helpful message elsewhere.
  const std::string number = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file_.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t done = ::pwrite(file_.get(), number.data(), number.size(), 0);
  }
}

}  // namespace limpid
