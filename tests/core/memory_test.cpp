#include "limpid/core/memory.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

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

TEST_CASE("edges: calling it again is harmless") {
  keep_freed_memory();
  keep_freed_memory();
  page_faults();
  CHECK(page_faults() <= 200);
}
#endif

TEST_CASE("property: zeros that were given back are zeros, and their neighbours as they were") {
  std::vector<unsigned char> bytes(100'000, 7);
  std::fill(bytes.begin() + 10, bytes.end() - 10, 0);
  give_back_zeros(std::as_writable_bytes(std::span(bytes).subspan(10, bytes.size() - 20)));
  CHECK(std::count(bytes.begin(), bytes.end(), 7) == 20);
  CHECK(std::count(bytes.begin(), bytes.end(), 0) == 99'980);
  bytes[50'000] = 9;
  CHECK(bytes[50'000] == 9);
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("property: what is given back comes from the system again") {
  constexpr std::size_t kSize = 8 << 20;
  const std::unique_ptr<std::byte[]> block(new std::byte[kSize]());
  const auto touch = [&] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const long before = usage.ru_minflt;
    volatile std::byte* bytes = block.get();
    for (std::size_t i = 0; i < kSize; i += 4096) bytes[i] = std::byte{0};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt - before;
  };
  touch();
  CHECK(touch() == 0);
  give_back_zeros({block.get(), kSize});
  CHECK(touch() > 0);
}
#endif

TEST_CASE("edges: nothing, and less than a page, is left alone") {
  give_back_zeros({});
  std::byte few[16];
  std::fill(std::begin(few), std::end(few), std::byte{7});  // not zeros: giving it back would show
  give_back_zeros(few);
  CHECK(few[15] == std::byte{7});
}
