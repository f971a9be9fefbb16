#include "limpid/core/parallel.hpp"

#include <omp.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

// Linux says which hyperthreads share a core: count the distinct groups among the processors that
// this process may use. Where it does not say, every processor counts as a core.
int count_physical_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    std::set<std::string> cores;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                         "/topology/thread_siblings_list");
      std::string siblings;
      if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
      cores.insert(siblings);
    }
    return std::max(1, static_cast<int>(cores.size()));
  }
#endif
  return std::max(1, omp_get_num_procs());
}

int thread_count = 0;  // 0: not chosen yet

// The pieces that a thread begins with: always the same part of the loop, so the rows of a matrix stay in one
// core's cache from one loop to the next. A thread that is done takes from the others' shares.
struct alignas(64) Share {
  std::atomic<Index> next = 0;
  Index end = 0;
};

}  // namespace

int physical_cores() {
  static const int cores = count_physical_cores();
  return cores;
}

int threads() {
  return thread_count > 0 ? thread_count : physical_cores();
}

void set_threads(int count) {
  require(count >= 1, "parallel", "the number of threads must be at least 1");
  thread_count = count;
}

namespace detail {

void run_pieces(Index count, Index grain, Piece piece, void* body) {
  if (count <= 0) return;
  const Index pieces = (count + grain - 1) / grain;
  if (pieces == 1 || threads() == 1 || omp_in_parallel() != 0) {
    for (Index i = 0; i < pieces; ++i) piece(body, i * grain, std::min(count, (i + 1) * grain));
    return;
  }
  // OpenMP ends the program when an exception leaves a loop, so the first one is carried out by
  // hand.
  std::exception_ptr error;
  Index error_piece = pieces;
  const auto run = [&](Index i) {
    try {
      piece(body, i * grain, std::min(count, (i + 1) * grain));
    } catch (...) {
#pragma omp critical(limpid_parallel_error)
      if (i < error_piece) {
        error_piece = i;
        error = std::current_exception();
      }
    }
  };
  const Index team = std::min<Index>(threads(), pieces);
  std::vector<Share> shares(static_cast<std::size_t>(team));
  for (Index s = 0; s < team; ++s) {
    shares[static_cast<std::size_t>(s)].next = pieces * s / team;
    shares[static_cast<std::size_t>(s)].end = pieces * (s + 1) / team;
  }
#pragma omp parallel num_threads(static_cast <int>(team))
  for (Index turn = 0; turn < team; ++turn) {
    Share& share = shares[static_cast<std::size_t>((omp_get_thread_num() + turn) % team)];
    for (Index i = share.next++; i < share.end; i = share.next++) run(i);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail
}  // namespace limpid
