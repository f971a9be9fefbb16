// Readers of model files take a path: the fuzzer's bytes as a file that exists in memory only.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "holds.hpp"

namespace limpid::fuzz {

inline std::filesystem::path as_file(const std::uint8_t* data, std::size_t size) {
  static const int descriptor = ::memfd_create("input", 0);
  expect(descriptor >= 0, "there is a file in memory");
  expect(::ftruncate(descriptor, 0) == 0, "it can be emptied");
  expect(::pwrite(descriptor, data, size, 0) == static_cast<ssize_t>(size), "it can be written");
  return "/proc/self/fd/" + std::to_string(descriptor);
}

/// Whatever the bytes are: it works, or there is one short line that begins with the file.
template <class Step>
void expect_one_line(const std::filesystem::path& path, Step step) {
  std::string message;
  try {
    step();
    return;
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  expect(message.find('\n') == std::string::npos, "an error is one line");
  expect(message.size() < 1000, "an error is short");
  expect(message.starts_with(path.string() + ": "), "an error names its file");
}

}  // namespace limpid::fuzz
