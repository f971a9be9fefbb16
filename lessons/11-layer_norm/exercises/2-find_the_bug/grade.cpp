#include "support/grade.hpp"

#include <cmath>

#include "limpid/nn/rms_norm.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

M times(const M& a, const M& b) {
  return (a.array() * b.array()).matrix();
}

}  // namespace

// x = (3, 4, 0, 0): mean square 25 / 4, root 2.5, x_hat (1.2, 1.6, 0, 0).
GRADE("forward", "by hand:*,property:*,edges:*") {
  RmsNorm<double> layer(4, 0.0);
  layer.gain << 1, 2, 1, 1;
  expect_equal("y for x = (3, 4, 0, 0) and gain (1, 2, 1, 1)", row({1.2, 3.2, 0, 0}),
               layer.forward(row({3, 4, 0, 0}), nullptr), {},
               "Forward was right when you got it; see src/limpid/nn/rms_norm.hpp.");
}

GRADE("backward", "gradient check:*,fixture:*,accumulation:*,misuse:*") {
  RmsNorm<double> layer(4, 0.0);
  RmsNorm<double>::Cache cache;
  const M x = row({3, 4, 0, 0}), x_hat = row({1.2, 1.6, 0, 0}), dy = row({1, 2, -1, 1});
  layer.gain << 1, 2, 1, 3;
  const M gain = layer.gain;
  asking("forward of x = (3, 4, 0, 0) with a cache");
  layer.forward(x, &cache);

  const auto dx = [&](const M& direct, const M& along) {
    return M((direct - x_hat * times(along, x_hat).mean()) / 2.5);
  };
  const M dx_hat = times(dy, gain);
  expect_equal(
      "dx for x = (3, 4, 0, 0), dy = (1, 2, -1, 1) and gain (1, 2, 1, 3)", dx(dx_hat, dx_hat),
      layer.backward(dy, cache),
      {{"still_there",
        "The mistake that you were given. For gain (1, 1, 1, 1) this dx would be right: which of "
        "the "
        "two terms of dx does not know the gain?",
        dx(dx_hat, dy)},
       {"gain_dropped",
        "Now the gain is missing from the direct path as well. What reaches x_hat is "
        "dy * gain.",
        dx(dy, dy)},
       {"gain_last", "The gain comes first, not last: the mean is that of dy * gain, times x_hat.",
        times(dx(dy, dy), gain)},
       {"centred_as_in_layer_norm",
        "You took the mean away as well. That path belongs to layer norm; here nobody subtracted a "
        "mean in forward.",
        M(dx(dx_hat, dx_hat).array() - dx_hat.mean() / 2.5)},
       {"path_removed",
        "You removed the component along x_hat. It must be taken away: making x longer changes "
        "nothing, so no gradient may point that way.",
        dx_hat / 2.5}},
      "dx = rrms * (dx_hat - x_hat * mean(dx_hat * x_hat)), with dx_hat = dy * gain.");
}
