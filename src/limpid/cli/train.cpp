// ./limpid train: a run with its progress on the terminal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/watch.hpp"
#include "limpid/train/run.hpp"

namespace limpid::cli {
namespace {

struct TrainArguments {
  std::vector<std::string> files, settings;
  std::string out, preset = "demo", init, tokenizer;
  Index steps = 0, seed = 1;
  double minutes = 0;
  bool resume = false, seed_given = false, preset_given = false;
};

void train(const TrainArguments& arguments) {
  RunRequest request;
  request.options = preset(arguments.preset);
  request.preset_given = arguments.preset_given;
  // What somebody says, in the words of --set.
  if (arguments.steps > 0) request.settings.push_back(fmt::format("steps={}", arguments.steps));
  if (arguments.seed_given) request.settings.push_back(fmt::format("seed={}", arguments.seed));
  if (!arguments.tokenizer.empty()) request.settings.push_back("tokenizer=" + arguments.tokenizer);
  for (const std::string& setting : arguments.settings) request.settings.push_back(setting);
  if (!arguments.files.empty()) {
    // Tales come story by story; somebody's text is one long stream.
    request.options.rows = "windows";
  }
  for (const std::string& setting : request.settings) request.options.set(setting);
  request.files = arguments.files;
  request.directory = arguments.out;
  request.resume = arguments.resume;
  if (!arguments.init.empty()) request.init = arguments.init;
  if (arguments.minutes > 0) request.minutes = arguments.minutes;
  watch_training(request);
}

}  // namespace

void add_train(CLI::App& app) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = add_command(app, "train", "Train a model on tales, or on your own text",
                                  "limpid train my.txt --out runs/mine --preset nano");
  command->add_option("FILE", arguments->files, "UTF-8 text; without it, tales are written");
  command->add_option("--out", arguments->out, "Directory of the run")->required();
  CLI::Option* preset =
      command
          ->add_option("--preset", arguments->preset,
                       fmt::format("Starting point: {}", fmt::join(preset_names(), ", ")))
          ->capture_default_str();
  CLI::Option* steps =
      command->add_option("--steps", arguments->steps, "Steps, and the length of the schedule")
          ->check(above_zero());
  command
      ->add_option("--minutes", arguments->minutes,
                   "Instead of steps: chooses the model's size and the steps for about this time")
      ->check(above_zero())
      ->excludes(steps);
  command->add_option("--tokenizer", arguments->tokenizer,
                      "word, char, byte, bpe:SIZE, unigram:SIZE, or a tokenizer.json");
  command->add_option("--init", arguments->init, "Start from the model in this directory");
  CLI::Option* seed = command->add_option("--seed", arguments->seed, "Of every random choice")
                          ->capture_default_str();
  add_threads(*command);
  command->add_flag("--resume", arguments->resume, "Continue the run in the directory, if any");
  command->add_option("--set", arguments->settings,
                      fmt::format("key=value; keys: {}", fmt::join(RunOptions::keys(), " ")));
  command->callback([arguments, preset, seed] {
    arguments->preset_given = preset->count() > 0;
    arguments->seed_given = seed->count() > 0;
    train(*arguments);
  });
}

}  // namespace limpid::cli
