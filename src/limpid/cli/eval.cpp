// ./limpid eval: how well a model predicts a text.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/eval_tales.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/train/evaluate.hpp"

namespace limpid::cli {
namespace {

struct FileLoss {
  TextLoss loss;
  Index unknown = 0;  // tokens that stand for characters which the tokenizer cannot spell
};

struct EvalArguments {
  std::string model, tokenizer, file;
  bool tales = false, json = false;
};

// Consecutive windows that do not overlap: every token but the first is a target once. A target at a
// window's beginning is predicted from little text, so a longer context gives a lower loss.
FileLoss loss_of_file(const LoadedModel& loaded, const std::string& file) {
  const std::string text = read_utf8_file(file);
  const std::vector<std::int32_t> ids = loaded.tokenizer->encode(text, Specials::recognised);
  if (ids.size() < 2) {
    throw std::runtime_error(fmt::format("{}: {} bytes make {} tokens, expected at least 2", file,
                                         text.size(), ids.size()));
  }
  const Decoder<float>& model = *loaded.model;
  // As many rows at once as make some thousand tokens: memory grows with the vocabulary times that.
  const Index rows = std::max<Index>(1, 4096 / model.config.context);
  FileLoss result;
  result.loss =
      evaluate(model, *loaded.tokenizer, evaluation_windows(ids, model.config.context, rows));
  if (const auto unknown = loaded.tokenizer->unknown()) {
    result.unknown = std::count(ids.begin(), ids.end(), *unknown);
  }
  return result;
}

void eval(const EvalArguments& arguments) {
  const LoadedModel loaded = load_model(arguments.model, {.tokenizer = arguments.tokenizer});
  const Index context = loaded.model->config.context;
  const auto [loss, unknown] = loss_of_file(loaded, arguments.file);
  if (arguments.json) {
    const nlohmann::ordered_json json = {{"model", arguments.model},
                                         {"file", arguments.file},
                                         {"context", context},
                                         {"tokens", loss.tokens},
                                         {"bytes", loss.bytes},
                                         {"unknown", unknown},
                                         {"loss", loss.nats_per_token()},
                                         {"perplexity", loss.perplexity()},
                                         {"bits_per_byte", loss.bits_per_byte()}};
    print_json(json);
    return;
  }
  fmt::print("text           {}: {} tokens, {} bytes, in windows of {} tokens\n", arguments.file,
             grouped(static_cast<double>(loss.tokens)), grouped(static_cast<double>(loss.bytes)),
             context);
  fmt::print("loss           {:8.4f}   nats per token: the mean of -log p(token that came)\n",
             loss.nats_per_token());
  fmt::print("perplexity     {:8.2f}   e^loss: as unsure as among this many tokens\n",
             loss.perplexity());
  fmt::print("bits per byte  {:8.4f}   compares models of any tokenizer; 8 is no compression\n",
             loss.bits_per_byte());
  if (unknown > 0) {
    fmt::print("{} tokens are unknown to the {} tokenizer; their bytes are not counted\n",
               grouped(static_cast<double>(unknown)), loaded.tokenizer->kind());
  }
}

}  // namespace

void add_eval(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = add_command(app, "eval", "Measure how well a model predicts a text",
                                  "limpid eval --model runs/mine my.txt");
  command->add_option("--model", arguments->model, "Directory or file of a model")->required();
  add_tokenizer_file(*command, arguments->tokenizer);
  CLI::Option* file = command->add_option("FILE", arguments->file, "UTF-8 text");
  command
      ->add_flag("--tales", arguments->tales, "Instead: the table of what it learned of the tales")
      ->excludes(file);
  command->add_flag("--json", arguments->json, "Print JSON");
  add_threads(*command);
  command->callback([arguments] {
    if (arguments->tales) return eval_tales(arguments->model, arguments->json);
    if (arguments->file.empty()) throw CLI::RequiredError("FILE, or --tales,");
    eval(*arguments);
  });
}

}  // namespace limpid::cli
