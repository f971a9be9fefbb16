#include "limpid/core/parameter.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace limpid;

// NO gradient check: it holds gradients, and computes none
// NO fixture: there is nothing to compute
// NO misuse: sizes come from the matrices themselves

TEST_CASE("by hand: a matrix has two dimensions and decays, a row has one and does not") {
  Matrix<double> weight(2, 3), weight_grad(2, 3);
  weight << 1, 2, 3, 4, 5, 6;
  const Parameter<double> matrix = matrix_parameter("weight", weight, weight_grad);
  CHECK(matrix.name == "weight");
  CHECK(matrix.shape == std::vector<Index>{2, 3});
  CHECK(matrix.decay);
  CHECK(matrix.value.size() == 6);
  CHECK(matrix.value[4] == 5);  // row-major

  RowVector<double> bias(3), bias_grad(3);
  const Parameter<double> row = vector_parameter("bias", bias, bias_grad);
  CHECK(row.shape == std::vector<Index>{3});
  CHECK(!row.decay);
  CHECK(row.grad.size() == 3);
}

TEST_CASE("property: a parameter is a view: writing reaches the module's memory") {
  Matrix<float> weight = Matrix<float>::Zero(2, 2), grad = Matrix<float>::Zero(2, 2);
  const Parameter<float> parameter = matrix_parameter("w", weight, grad);
  parameter.value[3] = 7;
  parameter.grad[0] = 5;
  CHECK(weight(1, 1) == 7);
  CHECK(grad(0, 0) == 5);
  CHECK(parameter.value.data() == weight.data());
  CHECK(parameter.grad.data() == grad.data());
}

TEST_CASE("property: names become paths, order and everything else stay") {
  Matrix<double> w(1, 2), dw(1, 2);
  RowVector<double> b(2), db(2);
  Parameters<double> layer{matrix_parameter("weight", w, dw), vector_parameter("bias", b, db)};
  Parameters<double> block;
  append_parameters(block, "up", layer);
  append_parameters(block, "down", layer);
  Parameters<double> model;
  append_parameters(model, "blocks.0", std::move(block));
  std::vector<std::string> names;
  for (const Parameter<double>& parameter : model) names.push_back(parameter.name);
  CHECK(names == std::vector<std::string>{"blocks.0.up.weight", "blocks.0.up.bias",
                                          "blocks.0.down.weight", "blocks.0.down.bias"});
  CHECK(model[1].value.data() == b.data());
  CHECK(model[1].grad.data() == db.data());
  CHECK(!model[1].decay);
  CHECK(model[2].decay);
  CHECK(model[2].shape == std::vector<Index>{1, 2});
}

TEST_CASE("accumulation: zero_gradients clears the gradients and nothing else") {
  Matrix<double> w = Matrix<double>::Constant(2, 2, 3), dw = Matrix<double>::Constant(2, 2, 4);
  RowVector<double> b = RowVector<double>::Constant(2, 5), db = RowVector<double>::Constant(2, 6);
  const Parameters<double> all{matrix_parameter("w", w, dw), vector_parameter("b", b, db)};
  zero_gradients(all);
  CHECK(dw.isZero(0));
  CHECK(db.isZero(0));
  CHECK((w.array() == 3).all());
  CHECK((b.array() == 5).all());
}

TEST_CASE("edges: no parameters, a parameter without numbers") {
  Parameters<double> none;
  append_parameters(none, "x", {});
  zero_gradients(none);
  CHECK(none.empty());
  RowVector<double> empty(0), grad(0);
  zero_gradients(Parameters<double>{vector_parameter("bias", empty, grad)});
  CHECK(vector_parameter("bias", empty, grad).shape == std::vector<Index>{0});
}
