// A gradient that somebody claims.
#pragma once

#include <functional>
#include <vector>

namespace limpid::lesson {

struct Claim {
  std::function<double(const std::vector<double>&)> loss;  // smooth everywhere
  std::vector<double> x;                                   // the place
  std::vector<double> gradient;                            // dloss/dx there, they say
};

// Yours: is it?
bool is_right(const Claim& claim);

}  // namespace limpid::lesson
