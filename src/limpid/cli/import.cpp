// ./limpid import: another program's model file as a directory that all commands take.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "limpid/cli/exchange_commands.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/formats/huggingface.hpp"
#include "limpid/train/model_card.hpp"

namespace limpid::cli {
namespace {

namespace fs = std::filesystem;

struct ImportArguments {
  std::string file, tokenizer, directory;
};

void import_model(const ImportArguments& arguments) {
  const fs::path directory = arguments.directory;
  expect_new_directory(directory);
  const LoadedModel loaded = load_model(arguments.file, {.tokenizer = arguments.tokenizer});
  const ConfigJson description = loaded.description();
  write_model_directory(directory, description, loaded.model->parameters(), *loaded.tokenizer);
  write_model_card(directory, {.config = description.config,
                               .tokenizer = std::string(loaded.tokenizer->kind())});
  fmt::print("{}: {} model, {} parameters, {} tokens\n", directory.string(),
             family_name(description.config.family), description.config.parameter_count(),
             loaded.tokenizer->vocab_size());
}

}  // namespace

void add_import(CLI::App& app) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command =
      add_command(app, "import", "Make a model's directory of another program's file",
                  "limpid import stories15M.bin --to stories");
  command->add_option("file", arguments->file, "A GGUF file or a llama2.c checkpoint")->required();
  add_tokenizer_file(*command, arguments->tokenizer);
  command->add_option("--to", arguments->directory, "The new directory")->required();
  command->callback([arguments] { import_model(*arguments); });
}

}  // namespace limpid::cli
