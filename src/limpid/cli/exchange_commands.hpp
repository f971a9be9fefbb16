// The commands that read and write other programs' model files.
#pragma once

#include "limpid/cli/commands.hpp"

namespace limpid::cli {

void add_export(CLI::App& app);
void add_import(CLI::App& app);

}  // namespace limpid::cli
