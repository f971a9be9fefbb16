#include "limpid/formats/mapped_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <limits>
#include <string>
#include <utility>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the system is the other implementation
// NO accumulation: nothing accumulates

namespace {

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("by hand: five bytes, seen from the middle") {
  const ScratchDirectory directory;
  put(directory / "file", "abcde");
  const MappedFile file(directory / "file");
  CHECK(file.size() == 5);
  CHECK(text(file.bytes()) == "abcde");
  CHECK(text(file.view(1, 3)) == "bcd");
  std::string copy(2, '?');
  file.read_at(3, std::as_writable_bytes(std::span(copy)));
  CHECK(copy == "de");
}

TEST_CASE("property: released bytes come back, also after a move, also of a file replaced") {
  const ScratchDirectory directory;
  std::string bytes(20000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
  put(directory / "file", bytes);
  MappedFile first(directory / "file");
  CHECK(text(first.bytes()) == bytes);
  first.release(5000, 9000);
  CHECK(text(first.bytes()) == bytes);
  const MappedFile second(std::move(first));
  CHECK(first.bytes().empty());  // or both would give the memory back
  CHECK(second.path() == directory / "file");
  put(directory / "new", "other");
  std::filesystem::rename(directory / "new", directory / "file");
  CHECK(text(second.bytes()) == bytes);
}

TEST_CASE("edges: an empty file, nothing from the end, nothing released") {
  const ScratchDirectory directory;
  put(directory / "empty", "");
  put(directory / "file", "abcde");
  CHECK(failure("", [&] { MappedFile{directory / "empty"}; }) == "no error");
  const MappedFile empty(directory / "empty"), file(directory / "file");
  CHECK(empty.size() == 0);
  CHECK(empty.view(0, 0).empty());
  CHECK(file.view(5, 0).empty());
  file.release(5, 0);
}

TEST_CASE("misuse: what is no regular file, and bytes beyond the end") {
  const ScratchDirectory directory;
  put(directory / "file", "abcde");
  std::filesystem::create_directory(directory / "dir");
  const auto open = [&](const std::string& name) {
    return failure(directory.path(), [&] { MappedFile{directory / name}; });
  };
  CHECK(open("none") == "none: no such file");
  CHECK(open("dir") == "dir: is a directory, expected a file");
  const MappedFile file(directory / "file");
  const auto beyond = [&](std::uint64_t offset, std::uint64_t count) {
    return failure(directory.path(), [&] { file.view(offset, count); });
  };
  CHECK(beyond(3, 3) == "file: has 5 bytes, expected 3 bytes from byte 3");
  CHECK(beyond(6, 0) == "file: has 5 bytes, expected 0 bytes from byte 6");
  CHECK(beyond(2, std::numeric_limits<std::uint64_t>::max()) ==
        "file: has 5 bytes, expected 18446744073709551615 bytes from byte 2");
}
