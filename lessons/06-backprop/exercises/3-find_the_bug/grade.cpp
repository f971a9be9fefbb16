#include "support/grade.hpp"

#include "limpid/backprop/value.hpp"

using namespace limpid;
using namespace limpid::lesson;

// a = 1, x = a^2, f(x) = -x^3: every step has one input, so that all orders of a sum can be told apart.
// By hand: dx = 1 - 3 x^2 = -2, and da = dx * 2 a = -4.
GRADE("walk", "*") {
  {
    asking("the walk for a b + a");
    const Value a = 2, b = 3;
    (a * b + a).backward();
    expect_equal(
        "the gradients of a = 2 and b = 3 in a b + a", row({4, 2}), row({a.grad(), b.grad()}),
        {{"shallow_first",
          "This was right before. Now the walk begins at the leaves, which have nothing to "
          "hand on yet.",
          row({1, 0})}},
        "This was right when you got it.");
  }
  for (const bool x_first : {true, false}) {
    asking("the walk for x + f(x)");
    const Value a = 1;
    const Value x = pow(a, 2);
    const Value f = -pow(x, 3);
    (x_first ? x + f : f + x).backward();
    const std::string sum = x_first ? "x + f(x)" : "f(x) + x";
    expect_equal(
        "the gradients of a and x in " + sum + ", for a = 1, x = a^2, f(x) = -x^3", row({-4, -2}),
        row({a.grad(), x.grad()}),
        {{"still_there",
          "The mistake that you were given. The gradient of x is right in the end, but a received "
          "2: "
          "twice the 1 that came to x straight. The -3 that came through f arrived when x had "
          "already handed on.",
          row({2, -2})},
         {x_first ? "first_input_only" : "last_input_only",
          "With the two terms the other way round it would be right: the depth of a sum now comes "
          "from one of its inputs alone. It has to be above both.",
          row({2, 1})},
         {"handed_on_at_every_arrival",
          "Now each arrival is handed on at once, together with what was handed on before. It goes "
          "down twice, and 2^1000 paths would take for ever. Mend the order instead.",
          x_first ? row({-2, -2}) : row({-10, -2})}},
        "x may hand on only when both parts have come: dx = 1 - 3 x^2, then da = dx * 2 a.");
  }
}
