#include "limpid/formats/atomic_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the system is the other implementation
// NO accumulation: nothing accumulates

namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// For its lifetime no file of this process can grow beyond this size: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{.rlim_cur = size, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit old_{};
};

}  // namespace

TEST_CASE("by hand: pieces come out one after the other") {
  const ScratchDirectory directory;
  write_file_atomically(directory / "file", [](const ByteSink& write) {
    write(bytes("one "));
    write(bytes(""));
    write(bytes("two"));
  });
  CHECK(get(directory / "file") == "one two");
  CHECK(directory.entries() == 1);
}

TEST_CASE("property: the new text replaces the old one, longer or shorter") {
  const ScratchDirectory directory;
  for (const char* text : {"first", "a second one", "", "3"}) {
    write_file_atomically(directory / "file", text);
    CHECK(get(directory / "file") == text);
    CHECK(directory.entries() == 1);
  }
}

TEST_CASE("property: whoever opened the old file keeps the old text") {
  const ScratchDirectory directory;
  write_file_atomically(directory / "file", "old");
  std::ifstream reader(directory / "file");
  write_file_atomically(directory / "file", "new");
  std::string text;
  reader >> text;
  CHECK(text == "old");
}

TEST_CASE("property: killed while writing, the old file stands and the leftover is swept up") {
  const ScratchDirectory directory;
  write_file_atomically(directory / "file", "old");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    write_file_atomically(directory / "file", [](const ByteSink& write) {
      write(bytes("half"));
      ::raise(SIGKILL);
    });
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(get(directory / "file") == "old");
  CHECK(directory.entries() == 2);
  CHECK(remove_leftovers(directory.path()) == 1);
  CHECK(directory.entries() == 1);
  CHECK(get(directory / "file") == "old");
}

TEST_CASE("edges: a full disk is one line, the old file stands, no temporary is left") {
  const ScratchDirectory directory;
  write_file_atomically(directory / "file", "old");
  std::string message;
  {
    const FullDisk disk(10);
    message = failure(directory.path(),
                      [&] { write_file_atomically(directory / "file", std::string(100, 'x')); });
  }
  CHECK(message == "file: cannot be written (at byte 10): File too large");
  CHECK(get(directory / "file") == "old");
  CHECK(directory.entries() == 1);
}

TEST_CASE("edges: an exception of the writer passes through and leaves nothing") {
  const ScratchDirectory directory;
  CHECK_THROWS_AS(write_file_atomically(directory / "file",
                                        [](const ByteSink& write) {
                                          write(bytes("half"));
                                          throw std::logic_error("stop");
                                        }),
                  std::logic_error);
  CHECK(directory.entries() == 0);
}

TEST_CASE("edges: only temporaries are swept up") {
  const ScratchDirectory directory;
  for (const char* name : {".a.tmp-12", ".a.b.tmp-12-0", "a.tmp-12", ".a.tmp-", ".a.tmp-12x",
                           ".tmp-12", ".lock", "model.safetensors"}) {
    put(directory / name, "");
  }
  std::filesystem::create_directory(directory / ".dir.tmp-1");
  std::filesystem::create_symlink("a.tmp-12", directory / ".link.tmp-1");
  CHECK(remove_leftovers(directory.path()) == 2);
  CHECK(!std::filesystem::exists(directory / ".a.tmp-12"));
  CHECK(!std::filesystem::exists(directory / ".a.b.tmp-12-0"));
  CHECK(directory.entries() == 8);
}

TEST_CASE("misuse: a directory that is not there, a directory, a device") {
  const ScratchDirectory directory;
  const auto write = [&](const std::filesystem::path& path) {
    return failure(directory.path(), [&] { write_file_atomically(path, "text"); });
  };
  CHECK(write(directory / "none/file") ==
        "none/file: cannot be written (at byte 0): No such file or directory");
  std::filesystem::create_directory(directory / "dir");
  CHECK(write(directory / "dir") == "dir: is a directory, expected a file's name");
  CHECK(write(directory / "dir/") == "dir/: is a directory, expected a file's name");
  CHECK(write("/dev/full") == "/dev/full: is a device or a pipe, expected a regular file");
  CHECK(failure(directory.path(), [&] { remove_leftovers(directory / "none"); }) ==
        "none: cannot be listed: No such file or directory");
  CHECK(directory.entries() == 1);
}
