#include "limpid/formats/input_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <array>
#include <limits>
#include <string>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the system is the other implementation
// NO accumulation: nothing accumulates

namespace {

std::string read(const InputFile& file, std::uint64_t offset, std::size_t count) {
  std::string text(count, '?');
  file.read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace

TEST_CASE("by hand: five bytes, read from the middle") {
  const ScratchDirectory directory;
  put(directory / "file", "abcde");
  const InputFile file(directory / "file");
  CHECK(file.size() == 5);
  CHECK(read(file, 1, 3) == "bcd");
}

TEST_CASE("property: reading leaves no trace, any order gives the same") {
  const ScratchDirectory directory;
  put(directory / "file", "abcde");
  const InputFile file(directory / "file");
  CHECK(read(file, 3, 2) == "de");
  CHECK(read(file, 0, 5) == "abcde");
  CHECK(read(file, 3, 2) == "de");
}

TEST_CASE("edges: nothing from the end, an empty file, a file that shrinks") {
  const ScratchDirectory directory;
  put(directory / "file", "abcde");
  put(directory / "empty", "");
  const InputFile file(directory / "file");
  CHECK(read(file, 5, 0).empty());
  CHECK(InputFile(directory / "empty").size() == 0);
  std::filesystem::resize_file(directory / "file", 2);
  CHECK(failure(directory.path(), [&] { read(file, 0, 5); }) ==
        "file: ends at byte 2 while it is being read, expected 3 more bytes");
}

TEST_CASE("misuse: what is no regular file, and bytes beyond the end") {
  const ScratchDirectory directory;
  put(directory / "file", "abcde");
  std::filesystem::create_directory(directory / "dir");
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  const auto open = [&](const std::string& name) {
    return failure(directory.path(), [&] { InputFile{directory / name}; });
  };
  CHECK(open("none") == "none: no such file");
  CHECK(open("dir") == "dir: is a directory, expected a file");
  CHECK(open("pipe") == "pipe: is a device or a pipe, expected a regular file");

  const InputFile file(directory / "file");
  const auto beyond = [&](std::uint64_t offset, std::size_t count) {
    return failure(directory.path(), [&] { read(file, offset, count); });
  };
  CHECK(beyond(3, 3) == "file: has 5 bytes, expected 3 bytes from byte 3");
  CHECK(beyond(6, 0) == "file: has 5 bytes, expected 0 bytes from byte 6");
  CHECK(beyond(std::numeric_limits<std::uint64_t>::max(), 2) ==
        "file: has 5 bytes, expected 2 bytes from byte 18446744073709551615");
}
