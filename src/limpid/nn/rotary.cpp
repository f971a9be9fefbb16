#include "limpid/nn/rotary.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

void check_head_width(Index head_width) {
  if (head_width < 2 || head_width % 2 != 0) {
    fail("rotary", fmt::format("head width is {}, expected an even number above 0", head_width));
  }
}

// Pair i of a head is (first[i * step], second[i * step]). The step is known when this is compiled,
// so that the loop becomes vector instructions for both layouts.
template <Index step, class Real>
void turn_pairs(Real* first, Real* second, const Real* cosine, const Real* sine, Real direction,
                Index pairs) {
  for (Index i = 0; i < pairs; ++i) {
    const Real a = first[i * step], b = second[i * step];
    const Real s = direction * sine[i];
    first[i * step] = a * cosine[i] - b * s;
    second[i * step] = a * s + b * cosine[i];
  }
}

template <class Real>
RotaryTable<Real> make_table(Index head_width, const RotaryOptions& options) {
  const Index pairs = head_width / 2;
  Matrix<Real> cosines(options.positions, pairs), sines(options.positions, pairs);
  parallel_rows(options.positions, pairs, [&](Index begin, Index end) {
    for (Index i = 0; i < pairs; ++i) {
      const double frequency =
          std::pow(options.base, -2.0 * static_cast<double>(i) / static_cast<double>(head_width));
      for (Index position = begin; position < end; ++position) {
        const double angle = static_cast<double>(position) * frequency;
        cosines(position, i) = static_cast<Real>(std::cos(angle));
        sines(position, i) = static_cast<Real>(std::sin(angle));
      }
    }
  });
  return {std::move(cosines), std::move(sines)};
}

// A table that somebody still holds is handed out again. Else a model of 30 layers and 130,000 positions
// would hold 30 times 67 MB (head width 128).
template <class Real>
std::shared_ptr<const RotaryTable<Real>> shared_table(Index head_width,
                                                      const RotaryOptions& options) {
  // One list for each thread that makes models, so that none need wait for another.
  thread_local std::map<std::tuple<Index, double, Index>, std::weak_ptr<const RotaryTable<Real>>>
      tables;
  auto& known = tables[{head_width, options.base, options.positions}];
  std::shared_ptr<const RotaryTable<Real>> table = known.lock();
  if (table == nullptr) {
    table = std::make_shared<const RotaryTable<Real>>(make_table<Real>(head_width, options));
    known = table;
  }
  return table;
}

}  // namespace

template <class Real>
Rotary<Real>::Rotary(Index head_width, const RotaryOptions& rotary_options)
    : options(rotary_options) {
  check_head_width(head_width);
  require(options.base > 0, "rotary", "base must be positive");
  require(options.positions > 0, "rotary", "positions must be positive");
  table = shared_table<Real>(head_width, options);
}

template <class Real>
void Rotary<Real>::turn(View<Real> x, const Context& context, Real direction) const {
  const Matrix<Real>&cosines = table->cosines, &sines = table->sines;
  const Index pairs = cosines.cols(), head_width = 2 * pairs;
  check_shape("rotary", "x", x, context.rows(), kAny);
  if (x.cols() % head_width != 0) {
    fail("rotary", fmt::format("x has {} columns, expected a multiple of the head width {}",
                               x.cols(), head_width));
  }
  if (context.offset < 0 || context.offset + context.time > cosines.rows()) {
    fail("rotary", fmt::format("positions {} to {} are asked for, expected 0 to {}", context.offset,
                               context.offset + context.time - 1, cosines.rows() - 1));
  }
  parallel_rows(x.rows(), x.cols(), [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      const Index position = context.offset + n % context.time;
      const Real* cosine = cosines.row(position).data();
      const Real* sine = sines.row(position).data();
      for (Index column = 0; column < x.cols(); column += head_width) {
        Real* head = x.row(n).data() + column;
        if (options.layout == RotaryLayout::interleaved) {
          turn_pairs<2>(head, head + 1, cosine, sine, direction, pairs);
        } else {
          turn_pairs<1>(head, head + pairs, cosine, sine, direction, pairs);
        }
      }
    }
  });
}

template <class Real>
void Rotary<Real>::forward(View<Real> x, const Context& context) const {
  turn(x, context, Real(1));
}

// The transpose of a rotation is the rotation by -angle: cos stays, sin changes its sign.
template <class Real>
void Rotary<Real>::backward(View<Real> dx, const Context& context) const {
  turn(dx, context, Real(-1));
}

std::vector<Index> rotary_permutation(Index head_width, RotaryLayout from, RotaryLayout to) {
  check_head_width(head_width);
  const Index half = head_width / 2;
  // Where a layout keeps number `second` (0 or 1) of pair i.
  const auto channel = [&](RotaryLayout layout, Index i, Index second) {
    return layout == RotaryLayout::interleaved ? 2 * i + second : i + second * half;
  };
  std::vector<Index> permutation(static_cast<std::size_t>(head_width));
  for (Index i = 0; i < half; ++i) {
    for (const Index second : {0, 1}) {
      permutation[static_cast<std::size_t>(channel(to, i, second))] = channel(from, i, second);
    }
  }
  return permutation;
}

template <class Real>
Matrix<Real> permute_rotary_rows(ConstView<Real> weight, Index head_width, RotaryLayout from,
                                 RotaryLayout to) {
  const std::vector<Index> permutation = rotary_permutation(head_width, from, to);
  if (weight.rows() % head_width != 0) {
    fail("rotary", fmt::format("weight has {} rows, expected a multiple of the head width {}",
                               weight.rows(), head_width));
  }
  Matrix<Real> permuted(weight.rows(), weight.cols());
  for (Index row = 0; row < weight.rows(); ++row) {
    const Index channel = row % head_width;
    permuted.row(row) = weight.row(row - channel + permutation[static_cast<std::size_t>(channel)]);
  }
  return permuted;
}

template class Rotary<float>;
template class Rotary<double>;
template Matrix<float> permute_rotary_rows(ConstView<float>, Index, RotaryLayout, RotaryLayout);
template Matrix<double> permute_rotary_rows(ConstView<double>, Index, RotaryLayout, RotaryLayout);

}  // namespace limpid
