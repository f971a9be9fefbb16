#include "limpid/train/clip.hpp"

#include <fmt/format.h>

#include <cmath>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/train/flat_pieces.hpp"

namespace limpid {
namespace {

// Eight running sums side by side fill a vector register, and the order of the additions depends on
// the indices alone. In double: squares of floats neither overflow nor vanish there.
template <class Real>
double sum_of_squares(const Real* g, Index size) {
  using Lanes = Eigen::Array<Real, 8, 1>;
  Eigen::Array<double, 8, 1> lanes = Eigen::Array<double, 8, 1>::Zero();
  Index i = 0;
  for (; i + 8 <= size; i += 8) {
    lanes += Eigen::Map<const Lanes>(g + i).template cast<double>().square();
  }
  double sum = 0;
  for (; i < size; ++i) sum += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  for (const double lane : lanes) sum += lane;
  return sum;
}

template <class Real>
std::string first_bad_tensor(const Parameters<Real>& parameters) {
  double sum = 0;
  for (const Parameter<Real>& parameter : parameters) {
    sum += sum_of_squares(parameter.grad.data(), static_cast<Index>(parameter.grad.size()));
    if (!std::isfinite(sum)) return parameter.name;
  }
  return parameters.back().name;  // finite here, infinite above: the sum touches double's limit
}

}  // namespace

template <class Real>
GradientNorm clip_gradients(const Parameters<Real>& parameters, double maximum) {
  if (!(maximum > 0)) fail("clip", fmt::format("maximum is {}, expected above 0", maximum));
  const std::vector<FlatPiece> pieces = flat_pieces(parameters);
  const auto count = static_cast<Index>(pieces.size());

  GradientNorm result;
  result.norm = std::sqrt(ordered_sum(count, 1, [&](Index index, Index) {
    const FlatPiece& piece = pieces[static_cast<std::size_t>(index)];
    return sum_of_squares(parameters[piece.parameter].grad.data() + piece.begin,
                          piece.end - piece.begin);
  }));
  if (!std::isfinite(result.norm)) {
    result.bad_tensor = first_bad_tensor(parameters);
    return result;
  }
  if (result.norm <= maximum) return result;

  result.clipped = true;
  const auto factor = static_cast<Real>(maximum / result.norm);
  parallel_for(count, 1, [&](Index index, Index) {
    const FlatPiece& piece = pieces[static_cast<std::size_t>(index)];
    Real* const g = parameters[piece.parameter].grad.data();
    for (Index i = piece.begin; i < piece.end; ++i) g[i] *= factor;
  });
  return result;
}

template GradientNorm clip_gradients(const Parameters<float>&, double);
template GradientNorm clip_gradients(const Parameters<double>&, double);

}  // namespace limpid
