#include "limpid/nn/learned_position.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

void check_position(const Context& context, Index length) {
  if (context.offset < 0 || context.offset + context.time > length) {
    fail("learned_position", fmt::format("offset {} + {} tokens do not fit a table of {} positions",
                                         context.offset, context.time, length));
  }
}

}  // namespace

template <class Real>
LearnedPosition<Real>::LearnedPosition(Index length, Index width, Rng& rng, double deviation)
    : weight(normal_matrix<Real>(length, width, deviation, rng)),
      weight_grad(Matrix::Zero(length, width)) {}

template <class Real>
auto LearnedPosition<Real>::forward(Matrix x, const Context& context) const -> Matrix {
  check_shape("learned_position", "x", x, context.rows(), weight.cols());
  check_position(context, weight.rows());
  parallel_rows(x.rows(), x.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) x.row(i) += weight.row(context.offset + i % context.time);
  });
  return x;
}

template <class Real>
auto LearnedPosition<Real>::backward(Matrix dy, const Context& context) -> Matrix {
  check_shape("learned_position", "dy", dy, context.rows(), weight.cols());
  check_position(context, weight.rows());
  // Threads share out the positions: one thread adds all of a position's rows, in order.
  parallel_rows(context.time, context.batch * dy.cols(), [&](Index begin, Index end) {
    for (Index b = 0; b < context.batch; ++b) {
      weight_grad.middleRows(context.offset + begin, end - begin) +=
          dy.middleRows(b * context.time + begin, end - begin);
    }
  });
  return dy;
}

template <class Real>
auto LearnedPosition<Real>::parameters() -> Parameters<Real> {
  return {matrix_parameter("weight", weight, weight_grad)};
}

template class LearnedPosition<float>;
template class LearnedPosition<double>;

}  // namespace limpid
