#include "limpid/formats/text_chunks.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <thread>
#include <vector>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the text itself is the other implementation
// NO accumulation: nothing accumulates

namespace {

std::size_t behind_last_line(std::string_view text) {
  return text.rfind('\n') + 1;  // npos + 1 is 0: nowhere
}

std::vector<std::string> chunks_of(const std::filesystem::path& path, std::size_t chunk_bytes) {
  TextChunks chunks(path, behind_last_line, chunk_bytes);
  std::vector<std::string> all;
  while (const auto chunk = chunks.next()) all.emplace_back(*chunk);
  CHECK(chunks.bytes_read() >= chunks.size());
  CHECK_FALSE(chunks.next().has_value());
  return all;
}

}  // namespace

TEST_CASE("by hand: cut behind the last whole line; a long line is read to its end") {
  const ScratchDirectory directory;
  put(directory / "file", "ab\ncd\nabcdefghijk\nx\nend");
  CHECK(chunks_of(directory / "file", 7) ==
        std::vector<std::string>{"ab\ncd\n", "abcdefghijk\nx\n", "end"});
  CHECK(chunks_of(directory / "file", 1000) ==
        std::vector<std::string>{"ab\ncd\nabcdefghijk\nx\nend"});
}

TEST_CASE("property: together the chunks are the file, whatever their size") {
  const ScratchDirectory directory;
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += std::string(static_cast<std::size_t>(i * i % 37), 'x') + '\n';
  put(directory / "file", text);
  for (std::size_t size = 1; size < 200; ++size) {
    std::string joined;
    for (const std::string& chunk : chunks_of(directory / "file", size)) {
      CHECK_FALSE(chunk.empty());
      joined += chunk;
    }
    CHECK(joined == text);
  }
}

TEST_CASE("edges: an empty file, a file without a place to cut, a pipe") {
  const ScratchDirectory directory;
  put(directory / "empty", "");
  CHECK(chunks_of(directory / "empty", 10).empty());
  put(directory / "line", std::string(1000, 'x'));
  CHECK(chunks_of(directory / "line", 10) == std::vector<std::string>{std::string(1000, 'x')});

  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line\n";
  std::thread writer([&] { put(directory / "pipe", text); });
  std::string joined;
  for (const std::string& chunk : chunks_of(directory / "pipe", 4096)) joined += chunk;
  writer.join();
  CHECK(joined == text);
}

TEST_CASE("edges: memory follows the file, however large a chunk may be") {
  const ScratchDirectory directory;
  constexpr std::size_t kMoreThanThereIs = std::size_t{1} << 50;
  put(directory / "empty", "");
  CHECK(chunks_of(directory / "empty", kMoreThanThereIs).empty());
  put(directory / "small", "ab\ncd");
  CHECK(chunks_of(directory / "small", kMoreThanThereIs) == std::vector<std::string>{"ab\ncd"});
  // It says that it is empty, and is not.
  CHECK_FALSE(chunks_of("/proc/self/status", kMoreThanThereIs).empty());
}

TEST_CASE("misuse: not there, a directory") {
  const ScratchDirectory directory;
  const auto open = [](const std::filesystem::path& path) { TextChunks(path, behind_last_line); };
  CHECK(failure(directory.path(), [&] { open(directory / "none"); }) == "none: no such file");
  CHECK(failure(directory.path(), [&] {
          open(directory.path());
        }).ends_with("is a directory, expected a text file"));
}
