// Numbers that another implementation computed: tests/fixtures/NAME.json, made by
// tests/fixtures/NAME.py.
//
//   {"case name": {"x": {"shape": [2, 3], "data": [..six numbers..]}, "eps": 1e-5}}
#pragma once

#include <nlohmann/json.hpp>

#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid::test {

class Fixture {
 public:
  explicit Fixture(const std::string& name, const std::string& case_name) {
    const std::string path = std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/" + name + ".json";
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + ": cannot be opened");
    values_ = nlohmann::json::parse(file).at(case_name);
  }

  // A tensor as a matrix: all leading dimensions become rows. A vector becomes one row.
  Matrix<double> matrix(const std::string& key) const {
    const nlohmann::json& tensor = values_.at(key);
    const auto shape = tensor.at("shape").get<std::vector<Index>>();
    const auto data = tensor.at("data").get<std::vector<double>>();
    const Index cols = shape.empty() ? 1 : shape.back();
    const Index rows = cols == 0 ? 0 : static_cast<Index>(data.size()) / cols;
    return Eigen::Map<const Matrix<double>>(data.data(), rows, cols);
  }
  std::vector<Index> integers(const std::string& key) const {
    return values_.at(key).at("data").get<std::vector<Index>>();
  }
  double number(const std::string& key) const { return values_.at(key).get<double>(); }
  bool has(const std::string& key) const { return values_.contains(key); }

  // Loads a parameter's value from the tensor of this name; its size must agree.
  void load(const Parameter<double>& parameter, const std::string& key) const {
    const Matrix<double> m = matrix(key);
    if (m.size() != static_cast<Index>(parameter.value.size())) {
      throw std::runtime_error("fixture " + key + " has another size than " + parameter.name);
    }
    std::copy(m.data(), m.data() + m.size(), parameter.value.begin());
  }

 private:
  nlohmann::json values_;
};

}  // namespace limpid::test
