#include "limpid/formats/file_handle.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the system is the other implementation
// NO accumulation: nothing accumulates

namespace {

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) != -1;
}

}  // namespace

TEST_CASE("by hand: names are quoted, escaped and cut") {
  CHECK(in_quotes("wte") == "\"wte\"");
  CHECK(in_quotes("caf\xC3\xA9") == "\"caf\xC3\xA9\"");
  CHECK(in_quotes(std::string("a\nb\0c", 5)) == R"("a\x0ab\x00c")");
  CHECK(in_quotes(std::string(80, 'x')) == '"' + std::string(80, 'x') + '"');
  CHECK(in_quotes(std::string(81, 'x')) == '"' + std::string(80, 'x') + "...\"");
  // 79 letters and an e-acute of two bytes: the cut comes before it, not into it.
  CHECK(in_quotes(std::string(79, 'x') + "\xC3\xA9!") == '"' + std::string(79, 'x') + "...\"");
}

TEST_CASE("property: a handle closes its file once, and moving hands the duty on") {
  const ScratchDirectory directory;
  put(directory / "file", "text");
  int descriptor = -1;
  {
    FileHandle first = FileHandle::open_existing(directory / "file", O_RDONLY);
    descriptor = first.get();
    FileHandle second = std::move(first);
    CHECK(!first.is_open());
    CHECK(second.get() == descriptor);
    CHECK(is_open(descriptor));
    second = FileHandle::open_existing(directory / "file", O_RDONLY);
    CHECK(!is_open(descriptor));
    descriptor = second.get();
  }
  CHECK(!is_open(descriptor));
}

TEST_CASE("edges: an error is one line whatever the file is called") {
  CHECK(failure("", [] { fail_file("a\nb", "is\r\nodd"); }) == R"(a\x0ab: is\x0d\x0aodd)");
}

TEST_CASE("misuse: a file that is not there") {
  const ScratchDirectory directory;
  put(directory / "file", "text");
  const auto open = [&](const std::string& name) {
    return failure(directory.path(),
                   [&] { FileHandle::open_existing(directory / name, O_RDONLY); });
  };
  CHECK(open("none") == "none: no such file");
  CHECK(open("file/below") == "file/below: no such file");
}
