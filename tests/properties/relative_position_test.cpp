// Rotary positions: a query and a key know how far apart they stand and nothing else.
#include <doctest/doctest.h>

#include <cmath>

#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/rotary.hpp"

#include "random_models.hpp"
#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

RotaryOptions pick_rotary(Index positions) {
  return {.layout = pick_one<RotaryLayout>("layout",
                                           {RotaryLayout::split_halves, RotaryLayout::interleaved}),
          .base = pick_one<double>("base", {10000, 500, 2}),
          .positions = positions};
}

// Row r of x as if it stood alone at this position.
Matrix<double> turned(const Rotary<double>& rotary, Matrix<double> x, Index position) {
  rotary.forward(x, {.time = x.rows(), .offset = position});
  return x;
}

}  // namespace

TEST_CASE("property: a score depends on the difference of two positions alone") {
  for_all([] {
    const Index width = 2 * pick("pairs", 1, 16), length = 500;
    const Index m = pick("query's position", 0, length), n = pick("key's position", 0, length),
                shift = pick("shift of both", 0, length);
    const Rotary<double> rotary(width, pick_rotary(2 * length + 1));
    Rng rng = pick_rng();
    const Matrix<double> q = random_matrix(1, width, rng), k = random_matrix(1, width, rng);
    const auto score = [&](Index query, Index key) {
      return turned(rotary, q, query).row(0).dot(turned(rotary, k, key).row(0));
    };
    // The angles of position 1000 are rounded at 1e-13.
    const double tolerance = 1e-12 * q.norm() * k.norm();
    RC_ASSERT(std::abs(score(m + shift, n + shift) - score(m, n)) <= tolerance);
    // At no distance the product is that of the unturned.
    RC_ASSERT(std::abs(score(m, m) - q.row(0).dot(k.row(0))) <= tolerance);
    // The difference does count, and so does its sign. (The first pair turns by a radian each step.)
    if (m != n) RC_ASSERT(std::abs(score(m, n) - score(n, n)) > 1e-9 * q.norm() * k.norm());
  });
}

TEST_CASE("property: turning keeps lengths, and backward turns back") {
  for_all([] {
    const Index pairs = pick("pairs", 1, 16), heads = pick("heads", 1, 4);
    const Index batch = pick("batch", 1, 3), time = pick("time", 1, 40);
    const Index offset = pick("offset", 0, 100);
    const Rotary<double> rotary(2 * pairs, pick_rotary(140));
    const Context context{.batch = batch, .time = time, .offset = offset};
    Rng rng = pick_rng();
    const Matrix<double> x = random_matrix(batch * time, heads * 2 * pairs, rng);
    Matrix<double> y = x;
    rotary.forward(y, context);
    for (Index h = 0; h < heads; ++h) {
      const auto head = [&](const Matrix<double>& m) {
        return m.middleCols(h * 2 * pairs, 2 * pairs);
      };
      const Eigen::VectorXd change = head(y).rowwise().norm() - head(x).rowwise().norm();
      RC_ASSERT(change.cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <= 1e-13);
    }
    rotary.backward(y, context);
    RC_ASSERT(max_difference(y, x) <= 1e-13);
  });
}

TEST_CASE("property: attention with rotary positions gives the same wherever a text begins") {
  for_all([] {
    AttentionOptions options = pick_attention(true);
    if (!options.rotary) {
      options.head_width *= 2;
      options.rotary = pick_rotary(1000);
    }
    const Index time = pick("time", 1, 40), offset = pick("offset", 0, 900);
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    const Matrix<double> x = random_matrix(time, options.width, rng),
                         dy = random_matrix(time, options.width, rng);
    const Context here{.time = time}, there{.time = time, .offset = offset};
    MultiHeadAttention<double>::Cache cache;
    const Matrix<double> y = layer.forward(x, here, &cache), dx = layer.backward(dy, here, cache);
    RC_ASSERT(max_difference(layer.forward(x, there, &cache), y) <= 1e-10);
    RC_ASSERT(max_difference(layer.backward(dy, there, cache), dx) <= 1e-9);
  });
}
