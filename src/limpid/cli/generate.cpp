// ./limpid generate: a trained model writes, word by word.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/generate/generator.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

namespace limpid::cli {
namespace {

struct GenerateArguments {
  std::string model, prompt;
  bool prompt_given = false;
  GenerateOptions options;
  Index seed = 1, count = 1;
};

void write(const GenerateArguments& arguments) {
  const LoadedModel loaded = load_model(arguments.model);
  const Tokenizer& tokenizer = *loaded.tokenizer;
  std::string prompt = arguments.prompt;
  if (!arguments.prompt_given && isatty(STDIN_FILENO) == 0) {
    prompt.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  const std::vector<std::int32_t> ids = prompt_ids(loaded, prompt);

  GenerateOptions options = arguments.options;
  options.sampling.validate();  // before anything is printed
  options.end = tokenizer.end_of_text();
  for (Index i = 0; i < arguments.count; ++i) {
    std::fwrite(prompt.data(), 1, prompt.size(), stdout);
    Utf8Stream stream;
    std::vector<std::int32_t> written = ids;
    std::size_t shown = tokenizer.decode(ids).size();
    std::vector<Rng> rng{
        Rng(static_cast<std::uint64_t>(arguments.seed), static_cast<std::uint64_t>(i))};
    const std::vector<std::vector<std::int32_t>> prompts{ids};
    generate(*loaded.model, prompts, options, rng, [&](Index, std::int32_t id) {
      if (options.end && id == *options.end) return false;
      // What a token adds may depend on those before it (wordpiece: a space, or none).
      written.push_back(id);
      const std::string text = tokenizer.decode(written);
      fmt::print("{}", stream.push(std::string_view(text).substr(shown)));
      shown = text.size();
      std::fflush(stdout);
      return true;
    });
    fmt::print("{}\n{}", stream.flush(), i + 1 < arguments.count ? "\n" : "");
  }
}

}  // namespace

void add_generate(CLI::App& app) {
  auto arguments = std::make_shared<GenerateArguments>();
  CLI::App* command = add_command(app, "generate", "Let a trained model write",
                                  "limpid generate --model runs/demo --prompt \"Once there was\"");
  SamplingOptions& sampling = arguments->options.sampling;
  command->add_option("--model", arguments->model, "Directory of a model")->required();
  CLI::Option* prompt = command->add_option("--prompt", arguments->prompt,
                                            "How the text begins; else read from stdin");
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
  command->add_option("--seed", arguments->seed, "Of the random draws")->capture_default_str();
  command->add_option("--count", arguments->count, "Number of texts")
      ->check(above_zero())
      ->capture_default_str();
  command->callback([arguments, prompt] {
    arguments->prompt_given = prompt->count() > 0;
    write(*arguments);
  });
}

}  // namespace limpid::cli
