// The commands that read and write other programs' model files.
#pragma once

#include <filesystem>
#include <string>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/model_directory.hpp"

namespace limpid::cli {

void add_export(CLI::App& app);
void add_import(CLI::App& app);

/// A Hugging Face directory with a model card. `model` is where the model was read; `type` is f32 or bf16.
void export_directory(const std::filesystem::path& model, const LoadedModel& loaded,
                      const std::string& type, const std::filesystem::path& directory);

}  // namespace limpid::cli
