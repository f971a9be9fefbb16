#include "limpid/formats/text_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <thread>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the system is the other implementation
// NO accumulation: nothing accumulates

TEST_CASE("by hand: bytes come as they are") {
  const ScratchDirectory directory;
  const std::string text(
      "\xEF\xBB\xBF"
      "a\r\n\0\xFFz",
      9);
  put(directory / "file", text);
  CHECK(read_text_file(directory / "file") == text);
}

TEST_CASE("property: every size around a buffer's is read whole") {
  const ScratchDirectory directory;
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 100'000}) {
    CAPTURE(size);
    const std::string text(size, 'x');
    put(directory / "file", text);
    CHECK(read_text_file(directory / "file") == text);
  }
}

TEST_CASE("edges: a pipe has no size, and is read to its end") {
  const ScratchDirectory directory;
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  const std::string text(70'000, 'y');
  std::thread writer([&] { put(directory / "pipe", text); });
  CHECK(read_text_file(directory / "pipe") == text);
  writer.join();
}

TEST_CASE("edges: a file of exactly the limit") {
  const ScratchDirectory directory;
  put(directory / "file", "abc");
  CHECK(read_text_file(directory / "file", 3) == "abc");
  CHECK(failure(directory.path(), [&] { read_text_file(directory / "file", 2); }) ==
        "file: has 3 bytes, expected at most 2");
  // Without a size to check first, the limit holds while reading.
  CHECK(failure("", [] { read_text_file("/dev/zero", 10'000); }) ==
        "/dev/zero: has more bytes, expected at most 10000");
}

TEST_CASE("misuse: not there, a directory, not readable") {
  const ScratchDirectory directory;
  CHECK(failure(directory.path(), [&] { read_text_file(directory / "none.txt"); }) ==
        "none.txt: no such file");
  std::filesystem::create_directory(directory / "dir");
  CHECK(failure(directory.path(), [&] { read_text_file(directory / "dir"); }) ==
        "dir: is a directory, expected a text file");
  // Address 0 of this process cannot be read.
  CHECK(failure("", [] { read_text_file("/proc/self/mem"); }) ==
        "/proc/self/mem: cannot be read: Input/output error");
}

TEST_CASE("misuse: text that is not UTF-8, where UTF-8 is asked for") {
  const ScratchDirectory directory;
  put(directory / "good", "caf\xC3\xA9");
  CHECK(read_utf8_file(directory / "good") == "caf\xC3\xA9");
  put(directory / "bad", "ab\xFFz");
  CHECK(failure(directory.path(), [&] { read_utf8_file(directory / "bad"); }) ==
        "bad: byte 2 (0xFF) is not UTF-8 text");
}
