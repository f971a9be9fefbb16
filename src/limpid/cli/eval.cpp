// ./limpid eval: how well a model predicts.
#include <fmt/format.h>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/eval_tales.hpp"

namespace limpid::cli {

void add_eval(CLI::App& app) {
  struct Arguments {
    std::string model;
    bool tales = false, json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      add_command(app, "eval", "Measure a trained model", "limpid eval --model runs/demo --tales");
  command->add_option("--model", arguments->model, "Directory of a model")->required();
  command->add_flag("--tales", arguments->tales, "The table of what it learned of the tales")
      ->required();
  command->add_flag("--json", arguments->json, "For programs");
  command->callback([arguments] { eval_tales(arguments->model, arguments->json); });
}

}  // namespace limpid::cli
