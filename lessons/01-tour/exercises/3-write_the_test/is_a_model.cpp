// The test that no model passes which cheats: it is handed a model, and says whether its numbers are
// probabilities. Write it, then:
//
//   ./dev learn tour 3
#include <cmath>

#include "support/todo.hpp"
#include "trial.hpp"

namespace limpid::lesson {

bool is_a_model(const Model& model, std::int32_t vocab) {
  //> // model(before, next) is one number. What must hold for the numbers after one token, and
  //> // after how many tokens?
  //> todo("the test: true for probabilities, false for numbers that only look like them");
  for (std::int32_t before = 0; before < vocab; ++before) {
    double sum = 0;
    for (std::int32_t next = 0; next < vocab; ++next) {
      const double p = model(before, next);
      if (!(p >= 0)) return false;
      sum += p;
    }
    if (!(std::abs(sum - 1) <= 1e-9)) return false;
  }
  return true;
  //<
}

}  // namespace limpid::lesson
