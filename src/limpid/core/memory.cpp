#include "limpid/core/memory.hpp"

#include <cstdint>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace limpid {

void keep_freed_memory() {
#if defined(__GLIBC__)
  // Blocks up to 1 GB come from the heap, and the heap is never shrunk.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

void give_back_zeros([[maybe_unused]] std::span<std::byte> zeros) {
#if defined(__linux__)
  // A page at either end may hold something else too: only those in between.
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(zeros.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + zeros.size()) / page * page;
  if (first < last) ::madvise(zeros.data() + (first - begin), last - first, MADV_DONTNEED);
#endif
}

}  // namespace limpid
