// The memory of a training step, as a page of ./limpid inspect.
#pragma once

#include <filesystem>

namespace limpid::cli {

/// Needs only the model's shape, from the run's state where there is one, else from config.json.
void print_step_memory(const std::filesystem::path& model, bool json);

}  // namespace limpid::cli
