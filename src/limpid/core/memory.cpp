#include "limpid/core/memory.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace limpid {

void keep_freed_memory() {
#if defined(__GLIBC__)
  // Blocks up to 1 GB come from the heap, and the heap is never shrunk.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

}  // namespace limpid
