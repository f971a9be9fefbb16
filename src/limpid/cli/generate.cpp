// ./limpid generate: a trained model writes, word by word.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/generate/generator.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

namespace limpid::cli {
namespace {

struct GenerateArguments {
  std::string model, tokenizer, prompt;
  bool prompt_given = false, ids = false;
  GenerateOptions options;
  Index seed = 1, count = 1;
};

// The tokens that the model reads first.
std::vector<std::int32_t> first_ids(const LoadedModel& loaded, const std::string& prompt) {
  if (loaded.tokenizer != nullptr) return prompt_ids(loaded, prompt);
  if (!prompt.empty()) {
    throw std::invalid_argument(
        "a prompt needs a tokenizer, expected tokenizer.bin beside the model "
        "or --tokenizer FILE");
  }
  return {loaded.begin.value()};
}

// Calls show(id) for each token that is drawn, but for the one that ends the text.
template <class Show>
void draw(const LoadedModel& loaded, const std::vector<std::int32_t>& first,
          const GenerateOptions& options, Rng rng, Show show) {
  const std::vector<std::vector<std::int32_t>> prompts(1, first);
  generate(*loaded.model, prompts, options, std::span(&rng, 1), [&](Index, std::int32_t id) {
    if (loaded.is_end(id)) return false;
    show(id);
    std::fflush(stdout);
    return true;
  });
}

void write_ids(const LoadedModel& loaded, const std::vector<std::int32_t>& first,
               const GenerateOptions& options, Rng rng) {
  const char* separator = "";
  draw(loaded, first, options, rng,
       [&](std::int32_t id) { fmt::print("{}{}", std::exchange(separator, " "), id); });
  fmt::print("\n");
}

void write_text(const LoadedModel& loaded, const std::string& prompt,
                const std::vector<std::int32_t>& first, const GenerateOptions& options, Rng rng) {
  std::fwrite(prompt.data(), 1, prompt.size(), stdout);
  Utf8Stream stream;
  std::int32_t previous = first.back();
  draw(loaded, first, options, rng, [&](std::int32_t id) {
    fmt::print("{}", stream.push(text_after(*loaded.tokenizer, previous, id)));
    previous = id;
  });
  fmt::print("{}\n", stream.flush());
}

void write(const GenerateArguments& arguments) {
  const LoadedModel loaded = load_model(
      arguments.model, {.tokenizer = arguments.tokenizer, .needs_tokenizer = !arguments.ids});
  std::string prompt = arguments.prompt;
  if (!arguments.prompt_given && isatty(STDIN_FILENO) == 0) {
    prompt.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  const std::vector<std::int32_t> first = first_ids(loaded, prompt);
  arguments.options.sampling.validate();  // before anything is printed
  GenerateOptions options = arguments.options;
  if (loaded.tokenizer != nullptr) options.vocabulary = loaded.tokenizer->vocab_size();
  for (Index i = 0; i < arguments.count; ++i) {
    const Rng rng(static_cast<std::uint64_t>(arguments.seed), static_cast<std::uint64_t>(i));
    if (arguments.ids) {
      write_ids(loaded, first, options, rng);
    } else {
      write_text(loaded, prompt, first, options, rng);
      if (i + 1 < arguments.count) fmt::print("\n");
    }
  }
}

}  // namespace

void add_generate(CLI::App& app) {
  auto arguments = std::make_shared<GenerateArguments>();
  CLI::App* command = add_command(app, "generate", "Let a trained model write",
                                  "limpid generate --model runs/demo --prompt \"Once there was\"");
  SamplingOptions& sampling = arguments->options.sampling;
  command
      ->add_option("--model", arguments->model,
                   "Directory of a model, a GGUF file or a llama2.c checkpoint")
      ->required();
  add_tokenizer_file(*command, arguments->tokenizer);
  command->add_flag(
      "--ids", arguments->ids,
      "Print the drawn tokens' numbers on one line, without the prompt's and without the "
      "one that ends the text");
  CLI::Option* prompt =
      command->add_option("--prompt", arguments->prompt,
                          "How the text begins; else read from stdin; if that is empty, the text "
                          "begins with the model's begin token");
  command->add_option("--max-tokens", arguments->options.max_tokens, "Tokens to write at most")
      ->check(above_zero())
      ->capture_default_str();
  command->add_option("--temperature", sampling.temperature, "0: always the likeliest token")
      ->capture_default_str();
  command->add_option("--top-k", sampling.top_k, "Only the k likeliest tokens; 0: all")
      ->capture_default_str();
  command->add_option("--top-p", sampling.top_p, "Only the likeliest tokens that sum to p")
      ->capture_default_str();
  command
      ->add_option("--min-p", sampling.min_p, "Only tokens this likely relative to the likeliest")
      ->capture_default_str();
  command->add_option("--repetition-penalty", sampling.repetition_penalty, "Above 1 discourages")
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of the random draws")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--count", arguments->count, "Number of texts")
      ->check(above_zero())
      ->capture_default_str();
  add_threads(*command);
  command->callback([arguments, prompt] {
    arguments->prompt_given = prompt->count() > 0;
    write(*arguments);
  });
}

}  // namespace limpid::cli
