#include "limpid/core/memory.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstddef>
#include <memory>

using namespace limpid;

// NO by hand: there is no number to work out
// NO gradient check: memory has no gradient
// NO fixture: it speaks to the C library
// NO accumulation: nothing accumulates
// NO misuse: it takes no arguments

namespace {

// Pages that the system had to hand out while a large block was taken, touched and freed.
long page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const long before = usage.ru_minflt;
  constexpr std::size_t kSize = 8 << 20;
  {
    const std::unique_ptr<char[]> block(new char[kSize]);
    volatile char* bytes = block.get();
    for (std::size_t i = 0; i < kSize; i += 4096) bytes[i] = 1;
  }
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt - before;
}

}  // namespace

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("property: a block that is taken again costs no new pages") {
  keep_freed_memory();
  page_faults();                // the first time they must come from the system
  CHECK(page_faults() <= 200);  // of 2048
}
#endif

TEST_CASE("edges: calling it again is harmless") {
  keep_freed_memory();
  keep_freed_memory();
  CHECK(page_faults() >= 0);
}
