#include "limpid/backprop/value.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/nn/layer_norm.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO misuse: every operation has an answer for every number, and the types allow nothing else

namespace {

using Values = std::vector<Value>;

Values leaves(const Matrix<double>& m) {
  return {m.data(), m.data() + m.size()};
}

Matrix<double> gradients(const Values& values, Index rows, Index cols) {
  Matrix<double> m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = values[static_cast<std::size_t>(i)].grad();
  return m;
}

Value sum(const Values& values) {
  Value total = 0;
  for (const Value& value : values) total += value;
  return total;
}

Value long_chain(const Value& first) {
  Value last = first;
  for (int i = 0; i < 1000000; ++i) last = last + 1;
  return last;
}

}  // namespace

TEST_CASE("by hand: a * b + a") {
  Value a = 2, b = 3;
  const Value loss = a * b + a;
  CHECK(loss.number() == 8);
  loss.backward();
  CHECK(a.grad() == 4);  // b + 1: two paths
  CHECK(b.grad() == 2);
  CHECK(loss.grad() == 1);
}

TEST_CASE("by hand: every operation at one point") {
  const auto slope = [](Value (*function)(const Value&), double x, double expected_number) {
    Value a = x;
    const Value y = function(a);
    CHECK(std::abs(y.number() - expected_number) <= 1e-15);
    y.backward();
    return a.grad();
  };
  CHECK(slope([](const Value& a) { return a + 5; }, 3, 8) == 1);
  CHECK(slope([](const Value& a) { return 5 - a; }, 3, 2) == -1);
  CHECK(slope([](const Value& a) { return a - 5; }, 3, -2) == 1);
  CHECK(slope([](const Value& a) { return 5 * a; }, 3, 15) == 5);
  CHECK(slope([](const Value& a) { return a / 4; }, 3, 0.75) == 0.25);
  CHECK(slope([](const Value& a) { return 8 / a; }, 2, 4) == -2);
  CHECK(slope([](const Value& a) { return -a; }, 3, -3) == -1);
  CHECK(slope([](const Value& a) { return pow(a, 3); }, 2, 8) == 12);
  CHECK(slope([](const Value& a) { return pow(a, 0); }, 0, 1) == 0);
  CHECK(slope([](const Value& a) { return exp(a); }, 0, 1) == 1);
  CHECK(slope([](const Value& a) { return log(a); }, 4, std::log(4.0)) == 0.25);
  CHECK(slope([](const Value& a) { return tanh(a); }, 0, 0) == 1);
  // tanh(log 2) = (2 - 1/2) / (2 + 1/2) = 3/5: slope 1 - 9/25
  CHECK(std::abs(slope([](const Value& a) { return tanh(a); }, std::log(2.0), 0.6) - 0.64) <=
        1e-15);
  CHECK(slope([](const Value& a) { return relu(a); }, 3, 3) == 1);
  CHECK(slope([](const Value& a) { return relu(a); }, -3, 0) == 0);
  CHECK(slope([](const Value& a) { return relu(a); }, 0, 0) == 0);
}

TEST_CASE("by hand: a number that is used twice receives both gradients") {
  Value a = 3;
  (a * a).backward();
  CHECK(a.grad() == 6);
  Value b = 3;
  (b + b).backward();
  CHECK(b.grad() == 2);
  Value c = 8;
  (c / c).backward();
  CHECK(c.grad() == 0);
}

TEST_CASE("property: more paths than atoms, one walk") {
  // Doubling 1000 times: 2^1000 paths from a to the loss.
  Value a = 1;
  Value loss = a;
  for (int i = 0; i < 1000; ++i) loss = loss + loss;
  loss.backward();
  CHECK(a.grad() == std::ldexp(1.0, 1000));
}

TEST_CASE("property: a node waits for all nodes made from it, however long their paths are") {
  // b = 2a reaches the loss at once and by a path of ten additions: if b handed on its gradient at
  // the first arrival, a would miss the second.
  Value a = 1;
  const Value b = 2 * a;
  Value longer = b;
  for (int i = 0; i < 10; ++i) longer = longer + 1;
  for (const Value& loss : {b + longer, longer + b}) {
    a.zero_grad();
    loss.backward();
    CHECK(a.grad() == 4);
  }
}

TEST_CASE("property: gradients of a sum are sums of gradients") {
  Rng rng(1);
  Values x = leaves(random_matrix(1, 5, rng));
  const Value f = exp(x[0] * x[1]) + tanh(x[2]) * x[3], g = x[4] * x[0] - pow(x[2], 2);
  f.backward();
  g.backward();  // the leaves keep f's gradient, and g's is added
  const Matrix<double> apart = gradients(x, 1, 5);
  for (Value& v : x) v.zero_grad();
  (f + g).backward();
  CHECK(max_difference(gradients(x, 1, 5), apart) <= 1e-15);
}

TEST_CASE("gradient check: an expression with every operation") {
  const auto expression = [](const Values& x) {
    const Value d = x[0] * x[1] + x[2];
    const Value e = tanh(d * x[0]) - x[1] / x[2];
    const Value f = relu(e + 3) * exp(x[1]) + log(x[2]) * pow(x[0], 3);
    return (f - d) * (f + 2) / (x[2] * x[2] + 1) - (-x[0]) * pow(x[2], -0.5);
  };
  Rng rng(2);
  for (int trial = 0; trial < 20; ++trial) {
    Matrix<double> x = random_matrix(1, 3, rng);
    x(0, 2) = 1 + std::abs(x(0, 2));  // positive, for the logarithm
    const Values values = leaves(x);
    const Value y = expression(values);
    y.backward();
    const Matrix<double> dx = gradients(values, 1, 3);
    for (const GradientError& row :
         check_gradients({checked("x", x, dx)}, [&] { return expression(leaves(x)).number(); })) {
      CHECK(row.largest > 0);
      CHECK(row.error <= 1e-7);
    }
  }
}

TEST_CASE("fixture: PyTorch's autograd on an expression") {
  const Fixture fixture("value", "expression");
  const Value a = fixture.number("a"), b = fixture.number("b"), c = fixture.number("c");
  const Value d = a * b + c;
  const Value e = tanh(d * a) - b / c;
  const Value f = relu(e + 3) * exp(b) + log(c) * pow(a, 3);
  const Value g = (f - d) * (f + 2) / (c * c + 1) - (-a) * pow(c, -0.5);
  CHECK(std::abs(g.number() - fixture.number("result")) <= 1e-10);
  g.backward();
  CHECK(std::abs(a.grad() - fixture.number("da")) <= 1e-10);
  CHECK(std::abs(b.grad() - fixture.number("db")) <= 1e-10);
  CHECK(std::abs(c.grad() - fixture.number("dc")) <= 1e-10);
}

TEST_CASE("fixture: PyTorch's autograd on a small network") {
  const Fixture fixture("value", "network");
  const auto tensor = [&](const char* name) { return leaves(fixture.matrix(name)); };
  Values w1 = tensor("w1"), b1 = tensor("b1"), w2 = tensor("w2"), b2 = tensor("b2"),
         w3 = tensor("w3"), b3 = tensor("b3");
  const auto linear = [](const Values& x, const Values& w, const Values& b) {
    Values y = b;
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
    }
    return y;
  };
  const Matrix<double> x = fixture.matrix("x"), target = fixture.matrix("target");
  Value loss = 0;
  for (Index n = 0; n < 2; ++n) {
    Values h = linear(leaves(x.row(n)), w1, b1);
    for (Value& v : h) v = tanh(v);
    h = linear(h, w2, b2);
    for (Value& v : h) v = relu(v);
    loss += pow(linear(h, w3, b3)[0] - target(0, n), 2) / 2;
  }
  CHECK(std::abs(loss.number() - fixture.number("loss")) <= 1e-10);
  loss.backward();
  for (const auto& [name, values] : std::vector<std::pair<std::string, Values>>{
           {"dw1", w1}, {"db1", b1}, {"dw2", w2}, {"db2", b2}, {"dw3", w3}, {"db3", b3}}) {
    const Matrix<double> expected = fixture.matrix(name);
    CHECK(max_difference(gradients(values, expected.rows(), expected.cols()), expected) <= 1e-10);
  }
}

TEST_CASE("fixture: softmax and cross-entropy out of scalars agree with nn's by hand") {
  Rng rng(3);
  const Matrix<double> logits = random_matrix(4, 6, rng, 2);
  const std::vector<std::int32_t> targets{5, 0, kIgnore, 2};
  const Values x = leaves(logits);
  Value loss = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (targets[i] == kIgnore) continue;
    Value exponentials = 0;
    for (std::size_t j = 0; j < 6; ++j) exponentials += exp(x[i * 6 + j]);
    const Value p = exp(x[i * 6 + static_cast<std::size_t>(targets[i])]) / exponentials;
    loss -= log(p) / 3;
  }
  loss.backward();
  const auto by_hand = cross_entropy<double>(logits, targets);
  CHECK(std::abs(loss.number() - by_hand.loss) <= 1e-10);
  CHECK(max_difference(gradients(x, 4, 6), by_hand.dlogits) <= 1e-10);
}

TEST_CASE("fixture: layer norm out of scalars agrees with nn's by hand") {
  Rng rng(4);
  const Index rows = 3, width = 5;
  const Matrix<double> x_matrix = random_matrix(rows, width, rng, 2);
  const Matrix<double> dy = random_matrix(rows, width, rng);
  LayerNorm<double> layer(width, 1e-2);
  randomize(layer.parameters(), rng);

  const Values x = leaves(x_matrix), gain = leaves(layer.gain), bias = leaves(layer.bias);
  const auto c = static_cast<std::size_t>(width);
  Value loss = 0;
  Matrix<double> y(rows, width);
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
    const Values row(x.begin() + static_cast<std::ptrdiff_t>(i * c),
                     x.begin() + static_cast<std::ptrdiff_t>((i + 1) * c));
    const Value mean = sum(row) / static_cast<double>(width);
    Value variance = 0;
    for (const Value& v : row) variance += pow(v - mean, 2) / static_cast<double>(width);
    const Value rstd = pow(variance + 1e-2, -0.5);
    for (std::size_t j = 0; j < c; ++j) {
      const Value out = (row[j] - mean) * rstd * gain[j] + bias[j];
      const auto k = static_cast<Index>(i * c + j);
      y.data()[k] = out.number();
      loss += out * dy.data()[k];
    }
  }
  loss.backward();

  LayerNorm<double>::Cache cache;
  CHECK(max_difference(layer.forward(x_matrix, &cache), y) <= 1e-10);
  const Matrix<double> dx = layer.backward(dy, cache);
  CHECK(max_difference(gradients(x, rows, width), dx) <= 1e-10);
  CHECK(max_difference(gradients(gain, 1, width), layer.gain_grad) <= 1e-10);
  CHECK(max_difference(gradients(bias, 1, width), layer.bias_grad) <= 1e-10);
}

TEST_CASE("accumulation: two walks double the leaves' gradients; interim ones start again") {
  Value a = 2, b = 3;
  const Value product = a * b;
  const Value loss = product + a;
  loss.backward();
  loss.backward();
  CHECK(a.grad() == 8);
  CHECK(b.grad() == 4);
  CHECK(product.grad() == 1);
  CHECK(loss.grad() == 1);
  a.zero_grad();
  loss.backward();
  CHECK(a.grad() == 4);
}

TEST_CASE("edges: a chain of a million nodes neither walks nor dies on the stack") {
  // First in a process of its own: where the stack overflows, no assertion is left to fail.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    long_chain(1).backward();
    ::_exit(0);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);

  Value a = 1;
  {
    const Value loss = long_chain(a);
    loss.backward();
    CHECK(loss.number() == 1000001);
    CHECK(a.grad() == 1);
  }
  CHECK(a.number() == 1);  // the chain is gone, its leaf is not
}

TEST_CASE("edges: a leaf alone, copies, interim results that go out of sight") {
  Value a = 5;
  a.backward();
  CHECK(a.grad() == 1);  // da/da
  const Value copy = a;
  copy.backward();
  CHECK(a.grad() == 2);  // a copy is the same number
  Value b = 2;
  Value loss;
  {
    const Value hidden = exp(b);
    loss = hidden * hidden;
  }
  loss.backward();
  CHECK(std::abs(b.grad() - 2 * std::exp(4.0)) <= 1e-12);
  // What goes out of sight takes nothing along that others need.
  Value c = 3;
  const Value square = c * c;
  { const Value other_loss = square + 1; }
  square.backward();
  CHECK(c.grad() == 6);
  b.set_number(7);
  CHECK(loss.number() == std::exp(2.0) * std::exp(2.0));  // computed before
}

TEST_CASE("edges: IEEE's answers where a function has none") {
  Value a = -1;
  CHECK(std::isnan(log(a).number()));
  CHECK((1 / Value(0)).number() == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(relu(log(a)).number()));
}
