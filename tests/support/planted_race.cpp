// A race on purpose: every piece of a loop of core/parallel writes to the same number. ThreadSanitizer must
// say so, or its silence about the tests would mean nothing.
#include <cstdio>

#include "limpid/core/parallel.hpp"

int main() {
  limpid::set_threads(4);
  volatile long sum = 0;  // every addition happens: the loop lasts until all threads are awake
  limpid::parallel_for(64, 1, [&](limpid::Index begin, limpid::Index end) {
    for (int i = 0; i < 100'000; ++i) sum = sum + (end - begin);
  });
  std::printf("%ld of 6400000\n", static_cast<long>(sum));
  return 0;
}
