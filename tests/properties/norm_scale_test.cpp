// Norms look at directions: a token that is twice as long comes out the same. Without eps, and for powers
// of 2, which no operation rounds otherwise, "the same" is meant to the bit.
#include <doctest/doctest.h>

#include <cmath>

#include "limpid/nn/layer_norm.hpp"
#include "limpid/nn/rms_norm.hpp"

#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

// Each row's slope before gain: how a rounding error of dy shows in dx.
const RowVector<double>& slopes(const RmsNorm<double>::Cache& cache) {
  return cache.rrms;
}
const RowVector<double>& slopes(const LayerNorm<double>::Cache& cache) {
  return cache.rstd;
}

template <class Layer>
struct Passed {
  Matrix<double> y, dx;
  RowVector<double> slope;

  Passed(Layer& layer, const Matrix<double>& x, const Matrix<double>& dy) {
    typename Layer::Cache cache;
    y = layer.forward(x, &cache);
    dx = layer.backward(dy, cache);
    slope = slopes(cache);
  }
};

template <class Layer>
struct Drawn {
  Index rows = pick("rows", 1, 40), width;
  Rng rng = pick_rng();
  Layer layer;
  Matrix<double> x, dy;

  explicit Drawn(double eps) : width(pick("width", 2, 70)), layer(width, eps) {
    randomize(layer.parameters(), rng);
    x = random_matrix(rows, width, rng);
    dy = random_matrix(rows, width, rng);
  }
};

template <class Layer>
void check_scale() {
  const double scale = std::ldexp(1.0, static_cast<int>(pick("power of 2", 0, 60)) - 30);
  Drawn<Layer> drawn(0);
  const Passed<Layer> here(drawn.layer, drawn.x, drawn.dy);
  const Passed<Layer> there(drawn.layer, scale * drawn.x, drawn.dy);
  RC_ASSERT(max_difference(there.y, here.y) == 0);
  // All slopes of a longer token are smaller in proportion, and in its own direction there is none.
  RC_ASSERT(max_difference(scale * there.dx, here.dx) == 0);
  for (Index i = 0; i < drawn.rows; ++i) {
    // The longer a token is beside its deviation, the more of x_hat is lost in rounding.
    const double length = here.slope[i] * drawn.x.row(i).norm();
    const double size = length * (1 + length) * drawn.dy.row(i).norm();
    RC_ASSERT(std::abs(here.dx.row(i).dot(drawn.x.row(i))) <= 1e-14 * size);
  }
}

}  // namespace

TEST_CASE("property: RMS norm: a longer token gives the same") {
  for_all(check_scale<RmsNorm<double>>);
}

TEST_CASE("property: layer norm: a longer token gives the same") {
  for_all(check_scale<LayerNorm<double>>);
}

TEST_CASE("property: RMS norm: the opposite token gives the opposite") {
  for_all([] {
    const Drawn<RmsNorm<double>> drawn(1e-5);
    const Matrix<double> y = drawn.layer.forward(drawn.x, nullptr);
    RC_ASSERT(max_difference(drawn.layer.forward(-drawn.x, nullptr), -y) == 0);
  });
}

TEST_CASE("property: layer norm: a shift of all channels changes nothing") {
  for_all([] {
    const double shift = static_cast<double>(pick("shift", 0, 100)) - 50;
    Drawn<LayerNorm<double>> drawn(1e-5);
    const Matrix<double> shifted = (drawn.x.array() + shift).matrix();
    const Passed<LayerNorm<double>> here(drawn.layer, drawn.x, drawn.dy);
    const Passed<LayerNorm<double>> there(drawn.layer, shifted, drawn.dy);
    for (Index i = 0; i < drawn.rows; ++i) {
      // x has lost 50 / 2^53 to the shift.
      RC_ASSERT(max_difference(there.y.row(i), here.y.row(i)) <= 1e-13 * here.slope[i]);
      // So all channels together have no slope.
      const double size = here.slope[i] * drawn.dy.row(i).norm();
      RC_ASSERT(std::abs(here.dx.row(i).sum()) <= 1e-13 * size);
    }
  });
}
