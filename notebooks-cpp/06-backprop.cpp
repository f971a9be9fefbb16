// %% [markdown]
// # Backprop
//
// The notebook of the lesson [backprop](../lessons/06-backprop/README.md). It runs the engine in
// [value.cpp](../src/limpid/backprop/value.cpp) and the checker in
// [grad_check.cpp](../src/limpid/backprop/grad_check.cpp); change a number and run it again with
// `./dev notebook backprop`.

// %%
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/backprop/value.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/linear.hpp"

#include "support/notebook.hpp"
#include "support/plot.hpp"

using namespace limpid;

double largest(const Matrix<double>& m) {
  return m.cwiseAbs().maxCoeff<Eigen::PropagateNaN>();
}

Matrix<double> normal_matrix(Index rows, Index cols, Rng& rng) {
  Matrix<double> m(rows, cols);
  for (double& number : m.reshaped()) number = rng.normal();
  return m;
}

// %% [markdown]
// ## A graph, drawn
//
// The engine keeps its nodes to itself, so the places of the boxes are given by hand; the numbers in
// them are the engine's.

// %% drawing
struct Box {
  double x, y;  // the middle
  std::string words;
  Value value;
};

struct Arrow {
  std::size_t from, to;
  std::string slope;
};

std::string draw_graph(const std::string& title, const std::vector<Box>& boxes,
                       const std::vector<Arrow>& arrows) {
  constexpr double kWidth = 94, kHeight = 50;
  nb::detail::Canvas canvas(700, 250, title);
  canvas.text(16, 24, title, "start", "nb-title");
  for (const Arrow& arrow : arrows) {
    const double x1 = boxes[arrow.from].x + kWidth / 2, x2 = boxes[arrow.to].x - kWidth / 2 - 2;
    const double y1 = boxes[arrow.from].y, y2 = boxes[arrow.to].y;
    canvas.line(x1, y1, x2, y2, "nb-axis");
    const double length = std::hypot(x2 - x1, y2 - y1);
    const double dx = 7 * (x2 - x1) / length, dy = 7 * (y2 - y1) / length;
    canvas.line(x2, y2, x2 - dx - dy / 2, y2 - dy + dx / 2, "nb-axis");
    canvas.line(x2, y2, x2 - dx + dy / 2, y2 - dy - dx / 2, "nb-axis");
    canvas.text((x1 + x2) / 2, (y1 + y2) / 2 - 8, arrow.slope, "middle", "nb-name nb-f2");
  }
  for (const Box& box : boxes) {
    const double left = box.x - kWidth / 2, top = box.y - kHeight / 2;
    canvas.rect(left, top, kWidth, kHeight, "rx=\"6\" class=\"nb-page nb-axis\"");
    canvas.text(box.x, top + 20, box.words, "middle");
    canvas.text(left + 10, top + 40, nb::detail::decimal(box.value.number(), 2), "start",
                "nb-name nb-f0");
    canvas.text(left + kWidth - 10, top + 40, nb::detail::decimal(box.value.grad(), 2), "end",
                "nb-name nb-f1");
  }
  canvas.text(16, 234, "the number, computed forwards", "start", "nb-name nb-f0");
  canvas.text(232, 234, "the gradient, computed backwards", "start", "nb-name nb-f1");
  canvas.text(466, 234, "the slope of a step", "start", "nb-name nb-f2");
  return canvas.finish();
}

// %% [markdown]
// ## By hand
//
// A model with two parameters, a and b, should say 10 and says a b + a = 8. The loss is the square
// of what is missing. One walk backwards finds how fast the loss moves with each number.

// %% by_hand
NB_CELL {
  const Value a = 2, b = 3;
  const Value c = a * b;
  const Value d = c + a;
  const Value e = d - 10;
  const Value loss = pow(e, 2);
  loss.backward();
  const std::vector<Box> boxes{
      {64, 75, "a", a},           {64, 170, "b", b},           {204, 150, "c = a b", c},
      {344, 105, "d = c + a", d}, {484, 105, "e = d - 10", e}, {624, 105, "loss = e^2", loss}};
  std::printf("%-12s %8s %9s\n", "", "number", "gradient");
  for (const Box& box : boxes) {
    std::printf("%-12s %8.0f %9.0f\n", box.words.c_str(), box.value.number(), box.value.grad());
  }
  NB_CHECK(a.grad() == -16);
  NB_CHECK(b.grad() == -8);
  nb::show_svg(
      "graph",
      draw_graph("A graph of six numbers, after its walk backwards", boxes,
                 {{0, 2, "3"}, {1, 2, "2"}, {0, 3, "1"}, {2, 3, "1"}, {3, 4, "1"}, {4, 5, "-4"}}));
};

// %% [markdown]
// ## One step
//
// A gradient says which way the loss rises. A step of 0.01 times the gradient the other way makes it
// fall: that is all of gradient descent.

// %% one_step
NB_CELL {
  double a = 2, b = 3;
  for (int step = 0; step <= 3; ++step) {
    const Value va = a, vb = b;
    const Value loss = pow(va * vb + va - 10, 2);
    loss.backward();
    std::printf("step %d   a %.3f   b %.3f   a b + a %.3f   loss %.3f\n", step, a, b, a * b + a,
                loss.number());
    a -= 0.01 * va.grad();
    b -= 0.01 * vb.grad();
  }
};

// %% [markdown]
// ## Why gradients add
//
// a stands in d = a b + a twice. Move it a little in the product alone, in the sum alone, in both.

// %% two_paths
NB_CELL {
  const auto d = [](double in_product, double in_sum) { return in_product * 3 + in_sum; };
  const double h = 0.001;
  std::printf("a moves by 0.001 in       d moves by\n");
  std::printf("the product alone             %.3f\n", d(2 + h, 2) - d(2, 2));
  std::printf("the sum alone                 %.3f\n", d(2, 2 + h) - d(2, 2));
  std::printf("both                          %.3f\n", d(2 + h, 2 + h) - d(2, 2));
};

// %% [markdown]
// A number doubled a thousand times reaches the end on 2^1000 paths, more than there are atoms. One
// walk over 1001 nodes adds them all up, because the paths share their ends.

// %% many_paths
NB_CELL {
  const Value a = 1;
  Value end = a;
  for (int i = 0; i < 1000; ++i) end = end + end;
  end.backward();
  std::printf("gradient of a: 2^%.0f\n", std::log2(a.grad()));
  NB_CHECK(a.grad() == std::ldexp(1.0, 1000));
};

// %% [markdown]
// ## A network of scalars learns
//
// One number in, two layers of six neurons, one number out; the second layer adds to the first
// instead of replacing it, as the blocks of a transformer do. It learns a wave from 16 points. The
// network is written once for any kind of number: with `double` it computes, with `Value` it also
// remembers.

// %% network
constexpr std::size_t kHidden = 6;
constexpr std::size_t kParameters = 2 * kHidden + kHidden * kHidden + kHidden + kHidden + 1;
constexpr int kPoints = 16;

double input(int n) {
  return -1.0 + 2.0 * n / (kPoints - 1);
}

double wave(double x) {
  return std::sin(4 * x);
}

template <class Number>
Number network(const std::vector<Number>& w, double x) {
  using std::tanh;
  std::size_t next = 0;  // the parameter to be used next
  std::vector<Number> h, h2;
  for (std::size_t j = 0; j < kHidden; ++j, next += 2) h.push_back(tanh(w[next] * x + w[next + 1]));
  for (std::size_t j = 0; j < kHidden; ++j) {
    Number sum = w[next++];
    for (const Number& number : h) sum += w[next++] * number;
    h2.push_back(h[j] + tanh(sum));
  }
  Number y = w[next++];
  for (const Number& number : h2) y += w[next++] * number;
  return y;
}

template <class Number>
Number mean_square(const std::vector<Number>& w) {
  Number sum = 0;
  for (int n = 0; n < kPoints; ++n) {
    const Number miss = network(w, input(n)) - wave(input(n));
    sum += miss * miss;
  }
  return sum * (1.0 / kPoints);
}

std::vector<double> first_weights() {
  Rng rng(5);
  std::vector<double> w;
  for (std::size_t i = 0; i < kParameters; ++i) {
    w.push_back(i < 2 * kHidden ? rng.normal() : 0.4 * rng.normal());
  }
  return w;
}

// The gradient of the loss: one forward pass that remembers, one walk backwards.
std::vector<double> gradient_of(const std::vector<double>& w) {
  const std::vector<Value> leaves(w.begin(), w.end());
  mean_square(leaves).backward();
  std::vector<double> gradient;
  for (const Value& leaf : leaves) gradient.push_back(leaf.grad());
  return gradient;
}

struct Trained {
  std::vector<double> weights, losses;
};

// Plain gradient descent.
Trained train(const std::function<std::vector<double>(const std::vector<double>&)>& gradient,
              int steps) {
  Trained out{first_weights(), {}};
  for (int step = 0; step <= steps; ++step) {
    out.losses.push_back(mean_square(out.weights));
    const std::vector<double> slopes = gradient(out.weights);
    for (std::size_t i = 0; i < slopes.size(); ++i) out.weights[i] -= 0.05 * slopes[i];
  }
  return out;
}

// %% training
NB_CELL {
  const Trained trained = train(gradient_of, 1000);
  std::printf("parameters %zu\n", first_weights().size());
  for (const std::size_t step : {0, 20, 400, 1000}) {
    std::printf("step %4zu   loss %.2f\n", step, trained.losses[step]);
  }
  NB_CHECK(trained.losses.back() <= 0.1 * trained.losses.front());
  nb::show_svg(
      "loss",
      nb::lines({.title = "A network of scalars learns", .x = "step", .y = "loss", .log_y = true},
                {{"loss", {}, trained.losses}}));
  std::vector<double> x, goal, before, after;
  const std::vector<double> first = first_weights();
  for (int i = 0; i <= 100; ++i) {
    x.push_back(-1 + 0.02 * i);
    goal.push_back(wave(x.back()));
    before.push_back(network(first, x.back()));
    after.push_back(network(trained.weights, x.back()));
  }
  nb::show_svg("fit", nb::lines({.title = "What it was to learn, and what it says", .x = "x"},
                                {{"the wave", x, goal},
                                 {"before training", x, before},
                                 {"after training", x, after}}));
};

// %% [markdown]
// ## Checking a gradient
//
// The checker moves each parameter both ways and compares. It needs two losses for each of them; the
// walk needed one.

// %% checked
NB_CELL {
  std::vector<double> w = first_weights();
  const std::vector<double> gradient = gradient_of(w);
  int losses = 0;
  const auto loss = [&] {
    ++losses;
    return mean_square(w);
  };
  const double error = check_gradients({{"all", w, gradient}}, loss)[0].error;
  std::printf("parameters %zu   losses computed %d   error below 1e-8: %s\n", w.size(), losses,
              error <= 1e-8 ? "yes" : "no");
  NB_CHECK(error <= 1e-8);

  std::vector<double> wrong = gradient;
  wrong[3] *= 1.01;
  NB_CHECK(check_gradients({{"all", w, wrong}}, loss)[0].error >= 1e-5);
};

// %% [markdown]
// How long should the step be? Here is the error for tanh, at 200 places in [0, 2], as the root of its
// mean square. From the right: a shorter step sees less of the curve's bend. From the left: a longer
// step has more digits left after the subtraction. Between them lies the best, and in float it is a
// shallow one.

// %% valley
// The error of a difference quotient of tanh with the step h.
template <class Real>
double quotient_error(double step, bool both_sides) {
  double sum = 0;
  for (int i = 0; i < 200; ++i) {
    const Real x = static_cast<Real>(0.01 * (i + 0.5)), h = static_cast<Real>(step);
    const Real above = x + h, below = both_sides ? x - h : x;  // rounded: divide by what was done
    const Real quotient = (std::tanh(above) - std::tanh(below)) / (above - below);
    const double t = std::tanh(static_cast<double>(x));
    sum += std::pow(static_cast<double>(quotient) - (1 - t * t), 2);
  }
  return std::sqrt(sum / 200);
}

NB_CELL {
  std::vector<double> double_steps, float_steps, one_side, both_sides, in_float;
  for (int k = 48; k >= 1; --k) {
    const double h = std::pow(10.0, -0.25 * k);
    double_steps.push_back(h);
    one_side.push_back(quotient_error<double>(h, false));
    both_sides.push_back(quotient_error<double>(h, true));
    if (k > 24) continue;
    float_steps.push_back(h);
    in_float.push_back(quotient_error<float>(h, true));
  }
  std::printf("decimals that are right\n%8s %10s %12s %16s\n", "step", "one side", "both sides",
              "both, in float");
  for (const int e : {1, 2, 3, 5, 7, 9, 11}) {
    const double h = std::pow(10.0, -e);
    const auto decimals = [](double error) { return static_cast<int>(-std::log10(error)); };
    std::printf("   1e-%02d %10d %12d", e, decimals(quotient_error<double>(h, false)),
                decimals(quotient_error<double>(h, true)));
    if (e <= 5) std::printf(" %16d", decimals(quotient_error<float>(h, true)));
    std::printf("\n");
  }
  nb::show_svg("valley", nb::lines({.title = "The error of a difference quotient",
                                    .x = "step",
                                    .y = "error",
                                    .log_x = true,
                                    .log_y = true},
                                   {{"both sides, float", float_steps, in_float},
                                    {"one side", double_steps, one_side},
                                    {"both sides", double_steps, both_sides}}));
};

// %% [markdown]
// ## To matrices, index by index
//
// Two rows, two inputs, two outputs, y = x W^T + b. The same four numbers of dW once from scalars,
// where each weight collects from both rows, and once as a product.

// %% two_by_two
Matrix<double> gradients(const std::vector<Value>& values, Index rows, Index cols) {
  Matrix<double> m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = values[static_cast<std::size_t>(i)].grad();
  return m;
}

std::vector<Value> leaves_of(const Matrix<double>& m) {
  return {m.data(), m.data() + m.size()};
}

NB_CELL {
  Matrix<double> x(2, 2), w(2, 2), dy(2, 2);
  x << 1, 2,  //
      3, -1;
  w << 2, 1,  //
      0, -1;
  dy << 1, 0,  //
      -1, 2;
  const std::vector<Value> vx = leaves_of(x), vw = leaves_of(w), vb = {0.0, 0.0};
  Value loss = 0;  // sum of dy * y: its gradient at y is dy
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t o = 0; o < 2; ++o) {
      const Value y = vx[2 * n] * vw[2 * o] + vx[2 * n + 1] * vw[2 * o + 1] + vb[o];
      loss += dy(static_cast<Index>(n), static_cast<Index>(o)) * y;
    }
  }
  loss.backward();
  const Matrix<double> dw = matmul<double>(t(dy), x), dx = matmul<double>(dy, w);
  nb::print("dW, scalars", gradients(vw, 2, 2), 0);
  nb::print("dy^T x", dw, 0);
  nb::print("dx, scalars", gradients(vx, 2, 2), 0);
  nb::print("dy W", dx, 0);
  nb::print("db, scalars", gradients(vb, 1, 2), 0);
  nb::print("rows of dy", dy.colwise().sum(), 0);
  NB_CHECK(gradients(vw, 2, 2) == dw);
  NB_CHECK(gradients(vx, 2, 2) == dx);
  NB_CHECK(gradients(vb, 1, 2) == dy.colwise().sum());
};

// %% [markdown]
// ## Matrices against scalars
//
// A network of two layers and a tanh on eight rows: once as a graph of scalars, once as the two
// backward passes of `Linear` with a line for tanh between them.

// %% matrices
std::vector<Value> scalar_linear(const std::vector<Value>& x, const std::vector<Value>& w,
                                 const std::vector<Value>& b) {
  const std::size_t in = w.size() / b.size();
  std::vector<Value> y;
  for (std::size_t n = 0; n < x.size() / in; ++n) {
    for (std::size_t o = 0; o < b.size(); ++o) {
      Value sum = b[o];
      for (std::size_t i = 0; i < in; ++i) sum += w[o * in + i] * x[n * in + i];
      y.push_back(sum);
    }
  }
  return y;
}

NB_CELL {
  Rng rng(9);
  Linear<double> first(5, 7, true, rng), second(7, 3, true, rng);
  first.bias = normal_matrix(1, 7, rng);
  const Matrix<double> x = normal_matrix(8, 5, rng), dy = normal_matrix(8, 3, rng);

  // Matrices: forward, then backward, layer by layer.
  Linear<double>::Cache first_cache, second_cache;
  const Matrix<double> h = first.forward(x, &first_cache).array().tanh().matrix();
  second.forward(h, &second_cache);
  const Matrix<double> dh = second.backward(dy, second_cache);
  const Matrix<double> dx =
      first.backward((dh.array() * (1 - h.array().square())).matrix(), first_cache);

  // Scalars: the same network, one number at a time.
  const std::vector<Value> vx = leaves_of(x), w1 = leaves_of(first.weight),
                           b1 = leaves_of(first.bias), w2 = leaves_of(second.weight),
                           b2 = leaves_of(second.bias);
  std::vector<Value> bent = scalar_linear(vx, w1, b1);
  for (Value& value : bent) value = tanh(value);
  const std::vector<Value> y = scalar_linear(bent, w2, b2);
  Value loss = 0;
  for (std::size_t i = 0; i < y.size(); ++i) loss += dy.data()[i] * y[i];
  loss.backward();

  std::printf("%-10s %8s   %s\n", "gradient", "numbers", "agree to 1e-12");
  const auto compare = [](const char* name, const std::vector<Value>& scalars,
                          const Matrix<double>& matrix) {
    const double error = largest(gradients(scalars, matrix.rows(), matrix.cols()) - matrix);
    std::printf("%-10s %8zu   %s\n", name, scalars.size(), error <= 1e-12 ? "yes" : "no");
    NB_CHECK(error <= 1e-12);
  };
  compare("first.dW", w1, first.weight_grad);
  compare("first.db", b1, first.bias_grad);
  compare("second.dW", w2, second.weight_grad);
  compare("second.db", b2, second.bias_grad);
  compare("x", vx, dx);
};

// %% [markdown]
// ## Break it
//
// An engine of our own, small enough to break: the nodes stand in a list in the order in which they
// were made, so its end to its beginning is a topological order. Then the same engine with `=` for
// `+=`, and with nodes in the order in which they are found from the loss.

// %% tape
struct Tape {
  struct Input {
    std::size_t node;
    double slope;
  };
  struct Node {
    double number;
    std::vector<Input> inputs;
    double grad = 0;
  };
  std::vector<Node> nodes;
};

Tape& tape() {
  static Tape only;
  return only;
}

struct Taped {
  std::size_t node;
  Taped(double number, std::vector<Tape::Input> inputs = {}) : node(tape().nodes.size()) {
    tape().nodes.push_back({number, std::move(inputs)});
  }
  double number() const { return tape().nodes[node].number; }
};

Taped operator+(const Taped& a, const Taped& b) {
  return {a.number() + b.number(), {{a.node, 1}, {b.node, 1}}};
}
Taped operator-(const Taped& a, const Taped& b) {
  return {a.number() - b.number(), {{a.node, 1}, {b.node, -1}}};
}
Taped operator*(const Taped& a, const Taped& b) {
  return {a.number() * b.number(), {{a.node, b.number()}, {b.node, a.number()}}};
}
Taped& operator+=(Taped& a, const Taped& b) {
  return a = a + b;
}
Taped tanh(const Taped& a) {
  const double t = std::tanh(a.number());
  return {t, {{a.node, 1 - t * t}}};
}

// The last made first.
std::vector<std::size_t> order_made() {
  std::vector<std::size_t> order;
  for (std::size_t k = tape().nodes.size(); k > 0; --k) order.push_back(k - 1);
  return order;
}

// The loss, its inputs, their inputs: a search in breadth.
std::vector<std::size_t> order_found() {
  std::vector<std::size_t> order{tape().nodes.size() - 1};
  std::unordered_set<std::size_t> found{order[0]};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const Tape::Input& input : tape().nodes[order[i]].inputs) {
      if (found.insert(input.node).second) order.push_back(input.node);
    }
  }
  return order;
}

std::vector<double> taped_gradient(const std::vector<double>& w, bool add, bool in_order_found) {
  tape().nodes.clear();
  const std::vector<Taped> leaves(w.begin(), w.end());
  mean_square(leaves);
  std::vector<Tape::Node>& nodes = tape().nodes;
  nodes.back().grad = 1;
  for (const std::size_t k : in_order_found ? order_found() : order_made()) {
    for (const Tape::Input& input : nodes[k].inputs) {
      double& grad = nodes[input.node].grad;
      grad = (add ? grad : 0) + input.slope * nodes[k].grad;
    }
  }
  std::vector<double> gradient;
  for (std::size_t i = 0; i < w.size(); ++i) gradient.push_back(nodes[i].grad);
  return gradient;
}

// %% broken_walks
NB_CELL {
  struct Case {
    const char* name;
    bool add, in_order_found;
  };
  std::vector<nb::Series> curves;
  std::printf("%-16s %10s %18s\n", "", "last loss", "error of gradient");
  for (const Case& c : {Case{"right", true, false}, Case{"= for +=", false, false},
                        Case{"order found", true, true}}) {
    const auto gradient = [&](const std::vector<double>& w) {
      return taped_gradient(w, c.add, c.in_order_found);
    };
    std::vector<double> w = first_weights();
    const std::vector<double> claimed = gradient(w);
    const double error =
        check_gradients({{c.name, w, claimed}}, [&] { return mean_square(w); })[0].error;
    const std::vector<double> losses = train(gradient, 600).losses;
    std::printf("%-16s %10.2f %18s\n", c.name, losses.back(),
                error <= 1e-8 ? "below 1e-8" : nb::detail::decimal(error, 2).c_str());
    curves.push_back({c.name, {}, losses});
  }
  nb::show_svg(
      "broken_walks",
      nb::lines({.title = "The same network, three walks", .x = "step", .y = "loss", .log_y = true},
                curves));
};
