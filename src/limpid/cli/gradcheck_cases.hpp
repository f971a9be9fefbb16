// What ./limpid gradcheck checks: for every concept that learns or passes a gradient on, one small case
// with random inputs, random parameters and a random upstream gradient.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "limpid/backprop/grad_check.hpp"

namespace limpid::cli {

struct GradientCase {
  std::string_view concept_name;
  std::vector<GradientError> (*run)();  // a row for each input and parameter
};

std::span<const GradientCase> gradient_cases();

// Made of several layers, in a file of their own.
std::vector<GradientError> check_block();
std::vector<GradientError> check_decoder();

}  // namespace limpid::cli
