// What every fuzz program needs: a way to say what must hold, the form of an error, and a file made of bytes.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace limpid::fuzz {

/// What does not hold ends the program, and libFuzzer keeps the bytes that led there.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Whether step() did its work; if not, its error is one short line that begins with the file's name (or with
/// `other`, where the error is of no file).
template <class Step>
bool done_or_one_line(std::string_view begin, Step step, std::string_view other = "\n") {
  std::string message;
  try {
    step();
    return true;
  } catch (const std::runtime_error& error) {
    message = error.what();
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  expect(!message.empty() && message.find('\n') == std::string::npos, "an error is one line");
  expect(message.size() < 1000, "an error is short");
  expect(message.starts_with(begin) || message.starts_with(other), "an error names its file");
  return false;
}

/// A file in memory, for readers that open a path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzz", 0)) {
    expect(descriptor_ >= 0, "there is a file in memory");
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  const std::string& path() const { return path_; }
  std::string error_begin() const { return path_ + ": "; }

  void set(std::string_view bytes) {
    const auto size = static_cast<ssize_t>(bytes.size());
    expect(::ftruncate(descriptor_, 0) == 0 &&
               ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == size,
           "the file takes the bytes");
  }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace limpid::fuzz
