#include "support/grade.hpp"

#include <cmath>

#include "limpid/backprop/value.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

using M = Matrix<double>;

// {f(a), the gradient of a}
M slope_of(Value (*f)(const Value&), double number) {
  const Value a = number;
  const Value y = f(a);
  y.backward();
  return row({y.number(), a.grad()});
}

}  // namespace

// Sum, difference and product are given, so the walk can be graded before the other operations.
GRADE("walk", "property: more paths*,property: a node waits*,accumulation:*,edges: a chain*") {
  {
    asking("the walk for a b + a");
    const Value a = 2, b = 3;
    (a * b + a).backward();
    expect_equal(
        "the gradients of a = 2 and b = 3 in a b + a", row({4, 2}), row({a.grad(), b.grad()}),
        {{"overwritten",
          "a reaches the loss on two paths, and you kept what the last one brought. Gradients are "
          "added: `+=`.",
          row({3, 2})},
         {"no_slope",
          "What arrives at an input is the gradient of the node times the slope of this step; the "
          "slope is missing.",
          row({2, 1})},
         {"no_seed",
          "No gradient arrived. Somebody has to begin: the slope of the last node in itself is 1.",
          row({0, 0})},
         {"shallow_first",
          "You began at the leaves. They hand on before anything has reached them: the loss, the "
          "deepest node, comes first.",
          row({1, 0})}},
        "grad(input) += slope * grad(node), for every node from the loss down, for all its "
        "inputs.");
  }
  for (const bool first : {true, false}) {
    asking("the walk for b + (b + 1 + 1 + ... + 1)");
    const Value a = 1;
    const Value b = 2 * a;
    Value longer = b;
    for (int i = 0; i < 10; ++i) longer = longer + 1;
    (first ? b + longer : longer + b).backward();
    expect_equal(
        "the gradients of a and b = 2 a in b + (b + 1 + 1 + ... + 1)", row({4, 2}),
        row({a.grad(), b.grad()}),
        {{"order_as_found",
          "The gradient of b is right, that of a is not: b handed its gradient on when it had "
          "come on the short path alone. A node's turn is after all nodes made from it: sort by "
          "depth, the deepest first.",
          row({2, 2})},
         {"handed_on_at_every_arrival",
          "b handed on what it held at each of two arrivals, so the first part went down twice. "
          "Each node hands on once, when its gradient is complete.",
          row({6, 2})}},
        "A node may hand its gradient on only when all nodes made from it have handed on theirs.");
  }
  {
    const Value a = 2, b = 3;
    asking("two walks for a b + a");
    const Value product = a * b;
    const Value loss = product + a;
    loss.backward();
    loss.backward();
    expect_equal(
        "the gradients of a, b and a b in a b + a, after two walks", row({8, 4, 1}),
        row({a.grad(), b.grad(), product.grad()}),
        {{"leaves_forget",
          "The second walk began with every gradient at 0. Leaves keep what earlier walks brought "
          "them, so that the gradients of several losses add up.",
          row({4, 2, 1})},
         {"interim_results_keep",
          "The interim result still had the gradient of the first walk and handed it on a second "
          "time. All but the leaves begin at 0.",
          row({15, 8, 3})},
         {"interim_results_keep",
          "The interim result still had the gradient of the first walk and handed it on a second "
          "time. All but the leaves begin at 0.",
          row({11, 6, 2})}},
        "Before a walk, set the gradients of all nodes with inputs to 0, and leave the others.");
  }
  {
    asking("the walk for a single leaf");
    const Value a = 5;
    a.backward();
    a.backward();
    expect_equal(
        "the gradient of a leaf on which backward was called twice", row({2}), row({a.grad()}),
        {{"seed_overwrites",
          "The 1 that the walk begins with is added, like all else: the last node may be a "
          "leaf that holds something.",
          row({1})}});
  }
}

GRADE("slopes", "by hand:*,property: gradients*,gradient check:*,fixture:*,edges:*") {
  {
    asking("a / b and its gradients");
    const Value a = 6, b = 2;
    const Value quotient = a / b;
    quotient.backward();
    expect_equal("a / b and its gradients by a and b, at a = 6 and b = 2", row({3, 0.5, -1.5}),
                 row({quotient.number(), a.grad(), b.grad()}),
                 {{"quotient_rises_with_b",
                   "When b grows, a / b shrinks: the slope by b is negative.", row({3, 0.5, 1.5})},
                  {"b_not_squared", "1 / b has the slope -1 / b^2: b stands below the line twice.",
                   row({3, 0.5, -3})},
                  {"slopes_swapped", "The two slopes are there, each at the other's input.",
                   row({3, -1.5, 0.5})}},
                 "a / b has the slope 1 / b by a, and -a / b^2 by b.");
  }
  const double e2 = std::exp(2.0);
  expect_equal("exp(a) and its gradient at a = 2", row({e2, e2}),
               slope_of([](const Value& a) { return exp(a); }, 2),
               {{"exp_as_a_power",
                 "a e^(a-1) would be the rule for a power, where the base moves. Here the exponent "
                 "moves.",
                 row({e2, 2 * std::exp(1.0)})},
                {"exp_slope_is_a", "The slope of e^a is its own height, not a.", row({e2, 2})}},
               "e^a is its own slope.");
  expect_equal("log(a) and its gradient at a = 4", row({std::log(4.0), 0.25}),
               slope_of([](const Value& a) { return log(a); }, 4),
               {{"log_slope_from_result", "The slope is 1 / a, not 1 / log(a).",
                 row({std::log(4.0), 1 / std::log(4.0)})}},
               "log(a) has the slope 1 / a.");
  const double ln2 = std::log(2.0);
  expect_equal(
      "tanh(a) and its gradient at a = ln 2", row({0.6, 0.64}),
      slope_of([](const Value& a) { return tanh(a); }, ln2),
      {{"tanh_slope_from_input",
        "The slope is 1 - t^2 with t = tanh(a), the result; you took a itself.",
        row({0.6, 1 - ln2 * ln2})},
       {"tanh_not_squared", "The slope is 1 - t^2; the square is missing.", row({0.6, 0.4})}},
      "tanh(a) has the slope 1 - tanh(a)^2.");
  const auto relu_slope = [](double number) {
    return slope_of([](const Value& a) { return relu(a); }, number);
  };
  M got(3, 2), expected(3, 2), open(3, 2), open_at_zero(3, 2), height(3, 2);
  asking("relu(a) and its gradient");
  got << relu_slope(3), relu_slope(-3), relu_slope(0);
  expected << 3, 1, 0, 0, 0, 0;
  open << 3, 1, 0, 1, 0, 1;
  open_at_zero << 3, 1, 0, 0, 0, 1;
  height << 3, 3, 0, 0, 0, 0;
  expect_equal(
      "relu(a) and its gradient at a = 3, -3 and 0", expected, got,
      {{"relu_always_open",
        "Below 0 the result does not move when a does: the slope there is 0. Yours lets the "
        "gradient through everywhere.",
        open},
       {"relu_open_at_zero", "At 0 any slope from 0 to 1 could be taken; the house takes 0.",
        open_at_zero},
       {"relu_slope_is_height", "Where a is above 0 the slope is 1, not a.", height}});
  expect(std::isnan(relu(log(Value(-1))).number()), "relu of NaN, which is NaN", "nan_lost",
         "Every comparison with NaN is false, so `a > 0 ? a : 0` makes a 0 of it, and an error far "
         "below goes unseen. Ask for what becomes 0: `a < 0 ? 0 : a`.");
}
