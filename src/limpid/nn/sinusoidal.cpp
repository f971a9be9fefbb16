#include "limpid/nn/sinusoidal.hpp"

#include <fmt/format.h>

#include <cmath>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {

template <class Real>
Sinusoidal<Real>::Sinusoidal(Index length, Index width) : table(length, width) {
  for (Index c = 0; c < width; ++c) {
    const Index pair = c / 2;
    const double exponent = 2.0 * static_cast<double>(pair) / static_cast<double>(width);
    const double radians_per_position = std::pow(10000.0, -exponent);
    for (Index p = 0; p < length; ++p) {
      const double angle = static_cast<double>(p) * radians_per_position;
      table(p, c) = static_cast<Real>(c % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
}

template <class Real>
auto Sinusoidal<Real>::forward(Matrix x, const Context& context) const -> Matrix {
  check_shape("sinusoidal", "x", x, context.rows(), table.cols());
  if (context.offset < 0 || context.offset + context.time > table.rows()) {
    fail("sinusoidal", fmt::format("offset {} + {} tokens do not fit a table of {} positions",
                                   context.offset, context.time, table.rows()));
  }
  parallel_rows(x.rows(), x.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) x.row(i) += table.row(context.offset + i % context.time);
  });
  return x;
}

template class Sinusoidal<float>;
template class Sinusoidal<double>;

}  // namespace limpid
