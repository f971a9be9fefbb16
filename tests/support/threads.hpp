// The house's promise: the same bits for any number of threads.
#pragma once

#include <cstring>
#include <utility>
#include <vector>

#include "limpid/core/matrix.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid::test {

// Sets the number of threads, and puts the old number back at the end of the block.
class ThreadScope {
 public:
  explicit ThreadScope(int count) : before_(threads()) { set_threads(count); }
  ~ThreadScope() { set_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

template <class Real>
bool same_bits(const Matrix<Real>& a, const Matrix<Real>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(Real)) == 0);
}

// Whether compute(), a std::vector of matrices, has the same bits with 1, 2, 3 and 8 threads.
// compute starts from scratch every time.
template <class Compute>
bool same_bits_with_all_threads(Compute&& compute) {
  using Matrices = decltype(compute());
  Matrices expected;
  for (const int count : {1, 2, 3, 8}) {
    const ThreadScope scope(count);
    Matrices results = compute();
    if (count == 1) {
      expected = std::move(results);
      continue;
    }
    if (results.size() != expected.size()) return false;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!same_bits(results[i], expected[i])) return false;
    }
  }
  return true;
}

}  // namespace limpid::test
