#include "limpid/nn/dropout.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/core/rng.hpp"

namespace limpid {
namespace {

// x * mask / (1 - p). Number i is dropped when the stream's number i, as a fraction of 2^64, is
// below p.
template <class Real>
void drop(Matrix<Real>& x, double probability, const Rng& stream) {
  const auto dropped_below = static_cast<std::uint64_t>(probability * 0x1.0p64);
  const Real scale = static_cast<Real>(1 / (1 - probability));
  Real* const numbers = x.data();
  parallel_flat(x.size(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const bool dropped = stream.at(static_cast<std::uint64_t>(i)) < dropped_below;
      numbers[i] = dropped ? Real(0) : numbers[i] * scale;
    }
  });
}

}  // namespace

template <class Real>
Dropout<Real>::Dropout(double drop_probability) : probability(drop_probability) {
  if (!(probability >= 0 && probability < 1)) {
    fail("dropout",
         fmt::format("probability is {}, expected 0 or more and less than 1", probability));
  }
}

template <class Real>
auto Dropout<Real>::forward(Matrix x, const Context& context, Cache* cache) const -> Matrix {
  const bool active = context.dropout != nullptr && probability > 0;
  if (cache != nullptr) {
    *cache = {active, active ? context.dropout->state() : 0, x.rows(), x.cols()};
  }
  if (active) {
    drop(x, probability, *context.dropout);
    context.dropout->skip(static_cast<std::uint64_t>(x.size()));
  }
  return x;
}

template <class Real>
auto Dropout<Real>::backward(Matrix dy, const Cache& cache) const -> Matrix {
  check_shape("dropout", "dy", dy, cache.rows, cache.cols);
  // A dropped number does not reach the loss; the others reach it scaled: dx = dy * mask / (1 - p).
  if (cache.active) {
    Rng stream(0);
    stream.set_state(cache.stream_state);
    drop(dy, probability, stream);
  }
  return dy;
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace limpid
