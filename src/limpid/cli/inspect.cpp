// ./limpid inspect: a card that says what a model has learned, what was fixed before it learned anything,
// what is chosen only when it writes, and what all of it costs.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/inspect_memory.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/generate/generator.hpp"
#include "limpid/train/checkpoint.hpp"
#include "limpid/train/run.hpp"
#include "limpid/train/trainer.hpp"

namespace limpid::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;
constexpr double kBytes = sizeof(float);

struct InspectArguments {
  std::string model, tokenizer;
  bool json = false, memory = false;
};

struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread(std::span<const float> numbers) {
  const auto count = static_cast<double>(numbers.size());
  Spread s;
  for (const float number : numbers) s.mean += number / count;
  for (const float number : numbers) {
    s.deviation += (number - s.mean) * (number - s.mean) / count;
  }
  s.deviation = std::sqrt(s.deviation);
  return s;
}

struct Card {
  LoadedModel loaded;
  std::optional<RunRecord> run;  // when the directory holds the state of one

  const Config& config() const { return loaded.model->config; }
  // A file of llama2.c's may come without one.
  std::string_view tokenizer_kind() const {
    return loaded.tokenizer ? loaded.tokenizer->kind() : "no";
  }
  double parameters() const { return static_cast<double>(config().parameter_count()); }
  // AdamW keeps two numbers a weight, Muon one.
  double moments() const {
    double numbers = 2 * parameters();
    if (!run) return numbers;
    for (const Parameter<float>& parameter : loaded.model->parameters()) {
      if (belongs_to_muon(run->options, parameter)) {
        numbers -= static_cast<double>(parameter.value.size());
      }
    }
    return numbers;
  }
  // One row of keys and one of values in every block.
  double bytes_per_remembered_token() const {
    return 2.0 * static_cast<double>(config().layers * config().kv_heads * config().head_width()) *
           kBytes;
  }
  double training_flops() const { return config().training_flops_per_token(config().context); }
  double writing_flops() const { return training_flops() / 3; }  // forward only: 1 of 1 + 2 parts
};

OrderedJson to_json(const Card& card) {
  const Config& c = card.config();
  OrderedJson tensors = OrderedJson::array();
  for (const Parameter<float>& p : card.loaded.model->parameters()) {
    const Spread s = spread(p.value);
    tensors.push_back({{"name", p.name},
                       {"shape", p.shape},
                       {"numbers", p.value.size()},
                       {"mean", s.mean},
                       {"deviation", s.deviation},
                       {"decay", p.decay}});
  }
  const SamplingOptions sampling;
  OrderedJson json = {
      {"learned", {{"parameters", c.parameter_count()}, {"tensors", tensors}}},
      {"fixed",
       {{"family", family_name(c.family)},
        {"layers", c.layers},
        {"heads", c.heads},
        {"kv_heads", c.kv_heads},
        {"width", c.width},
        {"hidden", c.hidden},
        {"context", c.context},
        {"vocab", c.vocab},
        {"tied", c.tied},
        {"norm_epsilon", c.norm_epsilon},
        {"rotary_base", c.rotary_base},
        {"tokenizer", card.tokenizer_kind()}}},
      {"chosen",
       {{"temperature", sampling.temperature},
        {"top_k", sampling.top_k},
        {"top_p", sampling.top_p},
        {"min_p", sampling.min_p},
        {"repetition_penalty", sampling.repetition_penalty},
        {"max_tokens", GenerateOptions{}.max_tokens}}},
      {"memory",
       {{"weights", card.parameters() * kBytes},
        {"gradients", card.parameters() * kBytes},
        {"moments", card.moments() * kBytes},
        {"key_value_cache_per_token", card.bytes_per_remembered_token()}}},
      {"flops_per_token", {{"writing", card.writing_flops()}, {"training", card.training_flops()}}},
  };
  if (card.run) {
    OrderedJson options = OrderedJson::object();
    for (const auto& [key, value] : card.run->options.entries()) options[key] = value;
    json["run"] = {{"step", card.run->step}, {"files", card.run->files}, {"options", options}};
  }
  return json;
}

// What makes the card: a heading, and lines "name  value  explanation" below it.
void heading(std::string_view title, std::string_view right) {
  const bool colour = use_colour(stdout);
  fmt::print("\n{}", bold(title, colour));
  if (!right.empty()) fmt::print("{:>{}}", right, 80 - title.size());
  fmt::print("\n");
}
void line(std::string_view name, std::string_view value, std::string_view why) {
  fmt::print("  {:19}{:>11}   {}\n", name, value, why);
}

void print_learned(const Card& card) {
  heading("LEARNED from text", grouped(card.parameters()) + " numbers");
  fmt::print("  {:36}{:>14}{:>12}{:>8}{:>8}\n", "tensor", "shape", "numbers", "mean", "dev.");
  for (const Parameter<float>& p : card.loaded.model->parameters()) {
    const Spread s = spread(p.value);
    fmt::print("  {:36}{:>14}{:>12}{:>8.3f}{:>8.3f}\n", p.name,
               fmt::format("[{}]", fmt::join(p.shape, ", ")),
               grouped(static_cast<double>(p.value.size())), s.mean, s.deviation);
  }
}

void print_fixed(const Card& card) {
  const Config& c = card.config();
  const bool llama = c.family == Family::llama;
  const auto count = [](Index number) { return grouped(static_cast<double>(number)); };
  heading("FIXED before the first step", "");
  line("family", family_name(c.family),
       llama ? "RMS norm, SwiGLU, no biases" : "layer norm, GELU (tanh), biases");
  line("positions", llama ? "rotary" : "learned",
       llama ? fmt::format("queries and keys are turned; base {:g}", c.rotary_base)
             : "a row per position is added to the token's");
  line("layers", count(c.layers), "blocks, each attention and feed-forward");
  line("width", count(c.width), "numbers that describe a token");
  line("heads", count(c.heads),
       fmt::format("of width {}{}", c.head_width(),
                   c.kv_heads == c.heads
                       ? std::string()
                       : fmt::format("; {} heads of keys and values", c.kv_heads)));
  line("hidden", count(c.hidden), "numbers inside a feed-forward");
  line("context", count(c.context), "tokens that it can see at once");
  line("vocabulary", count(c.vocab), fmt::format("tokens; {} tokenizer", card.tokenizer_kind()));
  line("head", c.tied ? "tied" : "its own",
       c.tied ? "the embedding's matrix, turned round" : "a matrix besides the embedding");
  line("norm_epsilon", fmt::format("{:g}", c.norm_epsilon), "keeps a norm from dividing by 0");
}

void print_chosen() {
  const SamplingOptions s;
  heading("CHOSEN when it writes (limpid generate)", "default");
  line("temperature", fmt::format("{:g}", s.temperature),
       "lower is tamer; 0: always the likeliest");
  line("top-k", fmt::format("{}", s.top_k), "only the k likeliest tokens; 0: all");
  line("top-p", fmt::format("{:g}", s.top_p), "only the likeliest that together reach p");
  line("min-p", fmt::format("{:g}", s.min_p), "only tokens this likely beside the likeliest");
  line("repetition-penalty", fmt::format("{:g}", s.repetition_penalty),
       "above 1 discourages what was said");
  line("max-tokens", fmt::format("{}", GenerateOptions{}.max_tokens),
       "where it stops at the latest");
}

void print_cost(const Card& card) {
  const Config& c = card.config();
  const double weights = card.parameters() * kBytes;
  heading("MEMORY", "");
  line("weights", bytes_text(weights), "4 bytes each");
  line("keys and values",
       bytes_text(card.bytes_per_remembered_token() * static_cast<double>(c.context)),
       fmt::format("remembered of {} tokens while it writes", c.context));
  line("gradients", bytes_text(weights), "in training: as many as weights");
  line("moments", bytes_text(card.moments() * kBytes), "in training: 2 a weight; 1 with Muon");
  heading("OPERATIONS per token", fmt::format("at {} tokens of context", c.context));
  line("to write it", fmt::format("{:.2f} M", card.writing_flops() * 1e-6),
       "2 a weight, and 4 layers width context");
  line("to learn from it", fmt::format("{:.2f} M", card.training_flops() * 1e-6),
       "three times that: backward costs two");
}

void print_run(const Card& card) {
  if (!card.run) return;
  heading("THE RUN that made it",
          fmt::format("step {} of {}", card.run->step, card.run->options.steps));
  fmt::print(
      "  {:19}{}\n", "text",
      card.run->files.empty() ? "tales" : fmt::format("{}", fmt::join(card.run->files, ", ")));
  std::string all;
  for (const auto& [key, value] : card.run->options.entries()) {
    all += fmt::format("{}{}={}", all.empty() ? "" : " ", key, value);
  }
  fmt::print("{}\n", wrapped(all, 80, "  "));
}

void inspect(const InspectArguments& arguments) {
  if (arguments.memory) return print_step_memory(arguments.model, arguments.json);
  Card card{
      load_model(arguments.model, {.tokenizer = arguments.tokenizer, .needs_tokenizer = false}),
      {}};
  const std::filesystem::path state = std::filesystem::path(arguments.model) / kStateFile;
  if (std::filesystem::exists(state)) card.run = read_record(state);
  if (arguments.json) {
    print_json(to_json(card));
    return;
  }
  fmt::print("{}\n", arguments.model);
  print_learned(card);
  print_fixed(card);
  print_chosen();
  print_cost(card);
  print_run(card);
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command =
      add_command(app, "inspect", "A card: what a model has learned and what it costs",
                  "limpid inspect --model runs/demo");
  command->add_option("--model", arguments->model, "Directory or file of a model")->required();
  add_tokenizer_file(*command, arguments->tokenizer);
  command->add_flag("--memory", arguments->memory,
                    "Instead: take a few training steps and say what holds memory");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments] { inspect(*arguments); });
}

}  // namespace limpid::cli
