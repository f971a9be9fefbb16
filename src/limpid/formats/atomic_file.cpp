#include "limpid/formats/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "limpid/formats/file_handle.hpp"

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".tmp-";

/// Beside the target, because a rename works only within one file system.
fs::path temporary_for(const fs::path& path) {
  static std::atomic<int> count = 0;
  return path.parent_path() /
         fmt::format(".{}{}{}-{}", path.filename().string(), kMark, ::getpid(), count++);
}

/// ".NAME.tmp-DIGITS-DIGITS"
bool is_temporary(std::string_view name) {
  const std::size_t mark = name.rfind(kMark);
  if (!name.starts_with('.') || mark == std::string_view::npos || mark == 0) return false;
  const std::string_view tail = name.substr(mark + kMark.size());
  return !tail.empty() && tail.find_first_not_of("0123456789-") == std::string_view::npos;
}

/// The temporary file: gone when this goes, unless it has been renamed.
class Temporary {
 public:
  explicit Temporary(fs::path target) : target_(std::move(target)), path_(temporary_for(target_)) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    file_ = FileHandle(::open(path_.c_str(), flags, 0666));
    if (!file_.is_open()) fail(errno);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!renamed_ && file_.is_open()) ::unlink(path_.c_str());
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(file_.get(), bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail(errno);
      bytes = bytes.subspan(static_cast<std::size_t>(done));
      written_ += static_cast<std::uint64_t>(done);
    }
  }

  void commit() {
    // The rename must not overtake the bytes: without fsync a power cut can leave the new name
    // with no content.
    if (::fsync(file_.get()) != 0) fail(errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail(errno);
    renamed_ = true;
    if (!file_.close()) fail(errno);
    sync_directory();
  }

 private:
  [[noreturn]] void fail(int error) const {
    fail_system(target_, fmt::format("cannot be written (at byte {})", written_), error);
  }

  /// The new name itself lives in the directory, which has its own way to the disk.
  void sync_directory() const {
    const fs::path parent = target_.parent_path();
    const FileHandle directory =
        FileHandle::open_existing(parent.empty() ? fs::path(".") : parent, O_RDONLY | O_DIRECTORY);
    // Some file systems cannot sync a directory, and say EINVAL: then there is nothing to do.
    if (::fsync(directory.get()) != 0 && errno != EINVAL) fail(errno);
  }

  fs::path target_;
  fs::path path_;
  FileHandle file_;
  std::uint64_t written_ = 0;
  bool renamed_ = false;
};

/// A rename would put a plain file where /dev/null was.
void check_target(const fs::path& path) {
  if (path.filename().empty()) fail_file(path, "is a directory, expected a file's name");
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return;
  if (S_ISDIR(status.st_mode)) fail_file(path, "is a directory, expected a file's name");
  if (!S_ISREG(status.st_mode)) fail_file(path, "is a device or a pipe, expected a regular file");
}

}  // namespace

void write_file_atomically(const fs::path& path,
                           const std::function<void(const ByteSink&)>& produce) {
  check_target(path);
  Temporary temporary(path);
  produce([&](std::span<const std::byte> bytes) { temporary.write(bytes); });
  temporary.commit();
}

void write_file_atomically(const fs::path& path, std::string_view text) {
  write_file_atomically(path,
                        [&](const ByteSink& write) { write(std::as_bytes(std::span(text))); });
}

int remove_leftovers(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> leftovers;
  // Deleting while walking may skip entries, so first collect.
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const bool regular = entry->symlink_status(error).type() == fs::file_type::regular;
    if (regular && is_temporary(entry->path().filename().native())) {
      leftovers.push_back(entry->path());
    }
  }
  if (error) fail_system(directory, "cannot be listed", error.value());
  for (const fs::path& path : leftovers) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      fail_system(path, "cannot be removed", errno);
    }
  }
  return static_cast<int>(leftovers.size());
}

}  // namespace limpid
