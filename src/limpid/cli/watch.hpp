// A training run as it is seen on a terminal: a card before it starts, a progress line, a line and a
// sample at each evaluation. Ctrl-C saves and says how to go on.
#pragma once

#include "limpid/train/run.hpp"

namespace limpid::cli {

/// Runs to the end, or throws std::runtime_error that says how to go on after saving.
void watch_training(const RunRequest& request);

}  // namespace limpid::cli
