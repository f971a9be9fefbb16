#include "limpid/formats/directory_lock.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO by hand: there is nothing to work out
// NO gradient check: a lock has no gradient
// NO fixture: the system is the other implementation
// NO accumulation: nothing accumulates

TEST_CASE("property: one holder at a time; the next may follow") {
  const ScratchDirectory directory;
  const std::string self = std::to_string(::getpid());
  {
    const DirectoryLock lock(directory.path());
    CHECK(failure("", [&] { DirectoryLock{directory.path()}; }) ==
          directory.path().string() + ": is in use by process " + self +
              "; wait for it or choose another directory");
  }
  CHECK_NOTHROW(DirectoryLock{directory.path()});
}

TEST_CASE("property: a killed holder holds nothing") {
  const ScratchDirectory directory;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const DirectoryLock lock(directory.path());
    const bool told = ::write(ready[1], "!", 1) == 1;
    while (told) ::pause();
    ::_exit(1);
  }
  char mark = 0;
  REQUIRE(::read(ready[0], &mark, 1) == 1);
  CHECK(failure("", [&] { DirectoryLock{directory.path()}; }) ==
        directory.path().string() + ": is in use by process " + std::to_string(child) +
            "; wait for it or choose another directory");
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_NOTHROW(DirectoryLock{directory.path()});
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("edges: a lock moves with its owner, two directories have two locks") {
  const ScratchDirectory first, second;
  std::optional<DirectoryLock> outer;
  {
    DirectoryLock inner(first.path());
    outer = std::move(inner);
  }
  CHECK(failure("", [&] { DirectoryLock{first.path()}; }) != "no error");
  CHECK_NOTHROW(DirectoryLock{second.path()});
  outer.reset();
  CHECK_NOTHROW(DirectoryLock{first.path()});
}

TEST_CASE("edges: whatever stands in the file, the message stays one line") {
  const ScratchDirectory directory;
  const DirectoryLock lock(directory.path());
  put(directory / ".lock", "\n12\nrubbish");
  CHECK(failure("", [&] { DirectoryLock{directory.path()}; }) ==
        directory.path().string() +
            ": is in use by another process; wait for it or choose another directory");
}

TEST_CASE("misuse: a directory that is not there") {
  const ScratchDirectory directory;
  CHECK(failure(directory.path(), [&] { DirectoryLock{directory / "none"}; }) ==
        "none: no such directory");
}
