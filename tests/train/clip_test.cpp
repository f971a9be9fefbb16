#include "limpid/train/clip.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: clipping changes gradients and has none
// NO accumulation: it scales what was accumulated ("property: ...")

namespace {

template <class Real>
struct Gradients {
  std::vector<Matrix<Real>> grads;
  Parameters<Real> parameters() {
    Parameters<Real> all;
    for (std::size_t i = 0; i < grads.size(); ++i) {
      all.push_back(matrix_parameter("tensor" + std::to_string(i), grads[i], grads[i]));
    }
    return all;
  }
};

}  // namespace

TEST_CASE("by hand: two tensors share one norm") {
  // (3, 0) and (0, 4): together 5. A maximum of 2.5 halves both. By a norm of its own, the first
  // would become 2.5.
  Gradients<double> g{{Matrix<double>(1, 2), Matrix<double>(2, 1)}};
  g.grads[0] << 3, 0;
  g.grads[1] << 0, 4;
  const GradientNorm result = clip_gradients(g.parameters(), 2.5);
  CHECK(result.norm == 5);
  CHECK(result.clipped);
  CHECK(result.finite());
  CHECK(g.grads[0](0) == 1.5);
  CHECK(g.grads[1](1) == 2);
}

TEST_CASE("fixture: PyTorch's clip_grad_norm_ in float64") {
  for (const char* name : {"above", "below"}) {
    CAPTURE(name);
    const Fixture fixture("clip", name);
    Gradients<double> g{
        {fixture.matrix("before0"), fixture.matrix("before1"), fixture.matrix("before2")}};
    const GradientNorm result = clip_gradients(g.parameters(), fixture.number("maximum"));
    CHECK(std::abs(result.norm - fixture.number("norm")) <= 1e-12);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(max_difference(g.grads[i], fixture.matrix("after" + std::to_string(i))) <= 1e-12);
    }
  }
}

TEST_CASE("property: above the maximum the length becomes the maximum, the direction stays") {
  Rng rng(1);
  Gradients<double> g{{random_matrix(30, 7, rng, 0.01), random_matrix(1, 11, rng, 100)}};
  const Gradients<double> before = g;
  const double norm = clip_gradients(g.parameters(), 0.5).norm;
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(max_difference(g.grads[i], before.grads[i] * (0.5 / norm)) <= 1e-15);
  }
  CHECK(std::abs(clip_gradients(g.parameters(), 1).norm - 0.5) <= 1e-12);
}

TEST_CASE("property: the same bits with 1, 2, 3 and 8 threads") {
  Rng rng(2);
  const Gradients<float> original{{random_matrix(331, 307, rng).cast<float>(),
                                   random_matrix(1, 5, rng).cast<float>(),
                                   random_matrix(100, 401, rng).cast<float>()}};
  CHECK(same_bits_with_all_threads([&] {
    Gradients<float> g = original;
    clip_gradients(g.parameters(), 1);
    return g.grads;
  }));
  CHECK(same_bits_with_all_threads([&] {
    Gradients<float> g = original;
    const double norm = clip_gradients(g.parameters(), 1).norm;
    return std::vector<Matrix<double>>{Matrix<double>::Constant(1, 1, norm)};
  }));
}

TEST_CASE("property: large tensors are measured and shortened to their last number") {
  Gradients<double> g{{Matrix<double>::Zero(300, 200), Matrix<double>::Zero(250, 200)}};
  g.grads[0](299, 199) = 3;  // each in its tensor's last piece
  g.grads[1](249, 199) = 4;
  CHECK(clip_gradients(g.parameters(), 1).norm == 5);
  CHECK(std::abs(g.grads[0](299, 199) - 0.6) <= 1e-15);
  CHECK(std::abs(g.grads[1](249, 199) - 0.8) <= 1e-15);
  g.grads[0].setOnes();
  g.grads[1].setOnes();
  const double norm = std::sqrt(110000.0);
  CHECK(std::abs(clip_gradients(g.parameters(), 1).norm - norm) <= 1e-10);
  for (const Matrix<double>& grad : g.grads)
    CHECK((grad.array() - 1 / norm).abs().maxCoeff() <= 1e-15);
}

TEST_CASE("edges: at the maximum, zero, one number, lengths that no register divides") {
  Gradients<double> g{{Matrix<double>::Constant(1, 1, -2)}};
  CHECK_FALSE(clip_gradients(g.parameters(), 2).clipped);
  CHECK(g.grads[0](0) == -2);
  Gradients<double> zero{{Matrix<double>::Zero(3, 3)}};
  CHECK(clip_gradients(zero.parameters(), 1).norm == 0);
  CHECK(zero.grads[0] == Matrix<double>::Zero(3, 3));
  CHECK(clip_gradients(Parameters<double>{}, 1).norm == 0);
  for (Index size = 1; size < 40; ++size) {
    Gradients<double> ones{{Matrix<double>::Ones(1, size)}};
    CHECK(clip_gradients(ones.parameters(), 100).norm == std::sqrt(static_cast<double>(size)));
  }
}

TEST_CASE("edges: squares of floats neither overflow nor vanish") {
  Gradients<float> large{{Matrix<float>::Constant(1, 4, 1e30F)}};
  CHECK(std::abs(clip_gradients(large.parameters(), 2).norm / 2e30 - 1) <= 1e-6);
  CHECK((large.grads[0].array() - 1).abs().maxCoeff() <= 1e-6F);
  Gradients<float> small{{Matrix<float>::Constant(1, 4, 1e-30F)}};
  CHECK(std::abs(clip_gradients(small.parameters(), 2).norm / 2e-30 - 1) <= 1e-6);
}

TEST_CASE("edges: an infinite maximum only measures") {
  Gradients<double> g{{Matrix<double>::Constant(1, 4, 1e10)}};
  const GradientNorm result =
      clip_gradients(g.parameters(), std::numeric_limits<double>::infinity());
  CHECK(result.norm == 2e10);
  CHECK_FALSE(result.clipped);
  CHECK(g.grads[0](0) == 1e10);
}

TEST_CASE("misuse: the first tensor with a NaN or an infinity is named, nothing is scaled") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    Gradients<float> g{{Matrix<float>::Constant(2, 9, 7), Matrix<float>::Constant(200, 300, 7),
                        Matrix<float>::Constant(1, 1, 7)}};
    g.grads[1](199, 299) = bad;
    g.grads[2](0) = bad;
    const GradientNorm result = clip_gradients(g.parameters(), 1);
    CHECK(result.bad_tensor == "tensor1");
    CHECK_FALSE(result.finite());
    CHECK_FALSE(result.clipped);
    CHECK(g.grads[0] == Matrix<float>::Constant(2, 9, 7));
  }
}

TEST_CASE("misuse: a maximum that is not above 0") {
  Gradients<double> g{{Matrix<double>::Ones(1, 1)}};
  CHECK_THROWS_WITH_AS(clip_gradients(g.parameters(), 0), "clip: maximum is 0, expected above 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(clip_gradients(g.parameters(), std::nan("")),
                       "clip: maximum is nan, expected above 0", std::invalid_argument);
}
