/// A number that remembers how it was made, so that one walk backwards finds its derivative by
/// every number that went into it: reverse-mode differentiation in its smallest form.
///
///   Value a = 2, b = 3;
///   Value loss = a * b + a;     // 8
///   loss.backward();
///   a.grad();                   // dloss/da = b + 1 = 4
///   b.grad();                   // dloss/db = a     = 2
///
/// Forward. Every operation makes a node. The node keeps its inputs and, for each one, the slope:
/// how fast the result moves when that input alone moves.
///
///   a + b   slopes 1, 1          exp(a)   slope e^a             relu(a)    slope 1 if a > 0, else 0
///   a * b   slopes b, a          log(a)   slope 1 / a           pow(a, k)  slope k a^(k-1)
///   a - b   slopes 1, -1         tanh(a)  slope 1 - tanh(a)^2   a / b      slopes 1/b, -a/b^2
///
/// In the example a reaches the loss on two paths:
///
///       b ---(a)--> [a * b] ---(1)--> [loss]
///                      ^                 ^
///       a ----(b)------+-------(1)-------+        dloss/da = b * 1 + 1
///
/// Backward. The chain rule: multiply the slopes along a path, add over the paths. There may be
/// more paths than atoms, yet one walk suffices, because paths share their ends:
///
///   grad(loss) = 1
///   for every node, the loss first:   grad(input) += slope * grad(node)   for each of its inputs
///
/// A node may hand on its gradient only when it is complete, after every node made from it. Such an
/// order is called topological; here each node knows its depth, one more than its deepest input,
/// and the walk goes from deep to shallow.
///
/// One forward pass prices one number; this walk prices all inputs at once for about the same work.
/// Everything in `nn` is this walk written by hand, with whole matrices as nodes. (A whole model
/// out of Values: tests/backprop/scalar_layers.hpp, where both must agree.)
///
/// SOURCE  Linnainmaa 1970 (his thesis; in English 1976, BIT 16); Griewank, Walther 2008,
///         "Evaluating Derivatives", sections 3.1 and 3.2
/// USES    nothing
/// ERRORS  none: log(-1) is NaN, 1 / Value(0) is infinite, as everywhere in IEEE arithmetic
/// COST    a node of about 100 bytes for every operation
#pragma once

#include <memory>
#include <vector>

#include "limpid/core/export.hpp"

namespace limpid {

/// Copies are the same number: they share its gradient.
class LIMPID_API Value {
 public:
  /// A leaf: a number that was not computed. Implicit, so that 2 * x works.
  Value(double number = 0);  // NOLINT(google-explicit-constructor)

  double number() const { return node_->number; }
  /// dLoss/dthis, after loss.backward().
  double grad() const { return node_->grad; }

  /// Adds d(this)/d(leaf) to the gradient of every leaf below. Interim results start again at 0.
  void backward() const;

  /// For a leaf between two passes: what is already computed from it does not change.
  void set_number(double number) { node_->number = number; }
  void zero_grad() { node_->grad = 0; }

  // Friends that are found by their arguments alone: exp(double) stays the C library's.
  friend LIMPID_API Value operator+(const Value& a, const Value& b);
  friend LIMPID_API Value operator-(const Value& a, const Value& b);
  friend LIMPID_API Value operator*(const Value& a, const Value& b);
  friend LIMPID_API Value operator/(const Value& a, const Value& b);
  friend LIMPID_API Value operator-(const Value& a);
  friend LIMPID_API Value pow(const Value& a, double exponent);
  friend LIMPID_API Value exp(const Value& a);
  friend LIMPID_API Value log(const Value& a);
  friend LIMPID_API Value tanh(const Value& a);
  friend LIMPID_API Value relu(const Value& a);

  Value& operator+=(const Value& b) { return *this = *this + b; }
  Value& operator-=(const Value& b) { return *this = *this - b; }
  Value& operator*=(const Value& b) { return *this = *this * b; }

 private:
  struct Node;

  struct Input {
    std::shared_ptr<Node> node;
    double slope;  ///< d(result)/d(this input)
  };

  struct LIMPID_API Node {
    double number = 0;
    double grad = 0;
    int depth = 0;              ///< 0 for a leaf, else one more than the deepest input
    std::vector<Input> inputs;  ///< what it was computed from; empty for a leaf
    ~Node();
  };

  static Value result(double number, std::vector<Input> inputs);

  std::shared_ptr<Node> node_;
};

}  // namespace limpid
