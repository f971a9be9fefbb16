// The scalar engine with one mistake. The header says what each thing is:
// src/limpid/backprop/value.hpp. Find the mistake and mend it, then:
//
//   ./dev learn backprop 3
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "limpid/backprop/value.hpp"

namespace limpid {

Value::Value(double number) : node_(std::make_shared<Node>()) {
  node_->number = number;
}

Value Value::result(double number, std::vector<Input> inputs) {
  Value value(number);
  for (const Input& input : inputs) {
    value.node_->depth = std::max(value.node_->depth, input.node->depth + 1);
  }
  value.node_->inputs = std::move(inputs);
  return value;
}

// --- Forward: each operation is its result and its slopes ----------------------------------------

Value operator+(const Value& a, const Value& b) {
  return Value::result(a.number() + b.number(), {{a.node_, 1}, {b.node_, 1}});
}

Value operator-(const Value& a, const Value& b) {
  return Value::result(a.number() - b.number(), {{a.node_, 1}, {b.node_, -1}});
}

Value operator*(const Value& a, const Value& b) {
  return Value::result(a.number() * b.number(), {{a.node_, b.number()}, {b.node_, a.number()}});
}

Value operator/(const Value& a, const Value& b) {
  const double quotient = a.number() / b.number();
  return Value::result(quotient, {{a.node_, 1 / b.number()}, {b.node_, -quotient / b.number()}});
}

Value operator-(const Value& a) {
  return Value::result(-a.number(), {{a.node_, -1}});
}

Value pow(const Value& a, double exponent) {
  const double slope = exponent == 0 ? 0 : exponent * std::pow(a.number(), exponent - 1);
  return Value::result(std::pow(a.number(), exponent), {{a.node_, slope}});
}

Value exp(const Value& a) {
  const double e = std::exp(a.number());
  return Value::result(e, {{a.node_, e}});
}

Value log(const Value& a) {
  return Value::result(std::log(a.number()), {{a.node_, 1 / a.number()}});
}

Value tanh(const Value& a) {
  const double t = std::tanh(a.number());
  return Value::result(t, {{a.node_, 1 - t * t}});
}

Value relu(const Value& a) {
  const double slope = a.number() > 0 ? 1 : 0;
  return Value::result(a.number() < 0 ? 0 : a.number(), {{a.node_, slope}});  // NaN stays NaN
}

// --- Backward ------------------------------------------------------------------------------------

void Value::backward() const {
  // Find every node below, each once. A growing list instead of a function that calls itself: a
  // graph can be a million nodes deep, the stack cannot.
  std::vector<Node*> nodes{node_.get()};
  std::unordered_set<Node*> found{node_.get()};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const Input& input : nodes[i]->inputs) {
      if (found.insert(input.node.get()).second) nodes.push_back(input.node.get());
    }
  }

  // Every node is deeper than its inputs, so deepest first is a topological order.
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const Node* a, const Node* b) { return a->depth > b->depth; });

  // Leaves keep what earlier walks brought them; interim results would hand it on twice.
  for (Node* node : nodes) {
    if (!node->inputs.empty()) node->grad = 0;
  }
  node_->grad += 1;
  for (const Node* node : nodes) {
    for (const Input& input : node->inputs) input.node->grad += input.slope * node->grad;
  }
}

// A node holds its inputs alive, they hold theirs: left to itself, the end of a long chain would be
// a destructor in a destructor in a destructor, until the stack is full. Take it apart in a loop.
Value::Node::~Node() {
  std::vector<Input> pending = std::move(inputs);
  while (!pending.empty()) {
    const std::shared_ptr<Node> node = std::move(pending.back().node);
    pending.pop_back();
    if (node.use_count() > 1) continue;  // somebody else still needs it
    std::move(node->inputs.begin(), node->inputs.end(), std::back_inserter(pending));
    node->inputs.clear();
  }
}

}  // namespace limpid
