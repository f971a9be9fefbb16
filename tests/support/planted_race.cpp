// A race on purpose: every piece of a loop of core/parallel writes to the same number. ThreadSanitizer must
// say so, or its silence about the tests would mean nothing.
#include <cstdio>

#include "limpid/core/parallel.hpp"

int main() {
  limpid::set_threads(4);
  limpid::Index sum = 0;
  limpid::parallel_for(64, 1, [&](limpid::Index begin, limpid::Index end) { sum += end - begin; });
  std::printf("%ld\n", static_cast<long>(sum));
  return 0;
}
