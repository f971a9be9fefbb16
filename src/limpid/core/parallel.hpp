/// Parallel loops: the only place with threads.
///
/// A loop over `count` items is cut into pieces of `grain` items. The pieces depend on these two
/// numbers only, never on how many threads there are; each piece is computed by one thread in one
/// order. So a result has the same bits with 1 thread or 8. Sums over pieces add the pieces'
/// partial sums in order (`ordered_sum`, `ordered_row_sum`), which no OpenMP reduction promises.
///
/// A loop inside a loop runs on the thread it is on. An exception in a piece reaches the caller: of
/// several, that of the first piece.
///
/// USES    core
#pragma once

#include <memory>
#include <type_traits>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

/// Number of threads that loops use: at first the machine's physical cores that this process may
/// use.
LIMPID_API int threads();
/// REQUIRES count >= 1. More threads than cores is allowed, and slow: waiting threads spin.
LIMPID_API void set_threads(int count);
/// Physical cores that this process may run on (two hyperthreads of one core share its arithmetic).
LIMPID_API int physical_cores();

namespace detail {
using Piece = void (*)(void* body, Index begin, Index end);
LIMPID_API void run_pieces(Index count, Index grain, Piece piece, void* body);
}  // namespace detail

/// Calls body(begin, end) for each piece of [0, count).
template <class Body>
void parallel_for(Index count, Index grain, Body&& body) {
  using Callable = std::remove_reference_t<Body>;
  detail::run_pieces(
      count, grain,
      [](void* callable, Index begin, Index end) {
        (*static_cast<Callable*>(callable))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

/// Numbers in one piece of cheap element-wise work: large enough to pay for waking a thread.
inline constexpr Index kGrain = 16384;

/// Calls body(begin, end) for ranges of a flat array; every range begins at a multiple of 64 bytes.
template <class Body>
void parallel_flat(Index size, Body&& body) {
  static_assert(kGrain % 64 == 0);
  parallel_for(size, kGrain, body);
}

/// Rows in one piece of a matrix of this width: about kGrain numbers.
constexpr Index row_grain(Index cols) {
  return cols >= kGrain ? 1 : (kGrain + cols) / (cols + 1);
}

/// Calls body(first_row, end_row) for runs of rows of a [rows, cols] matrix.
template <class Body>
void parallel_rows(Index rows, Index cols, Body&& body) {
  parallel_for(rows, row_grain(cols), body);
}

/// Sum of body(begin, end) over the pieces, added in order.
template <class Body>
double ordered_sum(Index count, Index grain, Body&& body) {
  if (count <= 0) return 0;
  Eigen::VectorXd partial = Eigen::VectorXd::Zero((count + grain - 1) / grain);
  parallel_for(count, grain,
               [&](Index begin, Index end) { partial[begin / grain] = body(begin, end); });
  double sum = 0;
  for (Index i = 0; i < partial.size(); ++i) sum += partial[i];
  return sum;
}

/// total += sum over runs of rows of what body(begin, end, partial) adds to `partial` (zero at
/// first).
/// SHAPES  total, partial [cols]
template <class Real, class Body>
void ordered_row_sum(Index rows, RowVector<Real>& total, Body&& body) {
  const Index grain = 64;
  const Index pieces = (rows + grain - 1) / grain;
  Matrix<Real> partial = Matrix<Real>::Zero(pieces, total.cols());
  parallel_for(rows, grain,
               [&](Index begin, Index end) { body(begin, end, partial.row(begin / grain)); });
  for (Index i = 0; i < pieces; ++i) total += partial.row(i);
}

}  // namespace limpid
