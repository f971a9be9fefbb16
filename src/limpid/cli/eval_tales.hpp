// The table of `./limpid eval --model DIR --tales`, and what the demo shows of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "limpid/train/tales_score.hpp"

namespace limpid::cli {

/// The stories that the run in this directory was trained on: written again from its seed.
/// ERRORS  a directory whose run was not trained on tales
std::vector<std::string> training_tales(const std::filesystem::path& directory);

/// Measures and prints the table, or JSON.
void eval_tales(const std::filesystem::path& directory, bool json);

}  // namespace limpid::cli
