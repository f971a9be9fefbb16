// ./limpid demo: the whole journey in a few minutes. Train on tales, read what came out, measure it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/eval_tales.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/cli/watch.hpp"
#include "limpid/generate/generator.hpp"
#include "limpid/tales/checker.hpp"
#include "limpid/tales/parser.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"
#include "limpid/train/checkpoint.hpp"

namespace limpid::cli {
namespace {

struct DemoArguments {
  std::string out = "runs/demo", preset = "demo";
  Index steps = 0, seed = 1;
};

constexpr int kLineWidth = 78;

void heading(const char* text) {
  fmt::print("\n{}\n\n", bold(text, use_colour(stdout)));
  std::fflush(stdout);
}

// The words that a fact told earlier decides, in colour; then the lines broken.
std::string with_recalls(const std::string& text, bool colour) {
  tales::ParseOptions options;
  options.any_name = true;
  const tales::Parse parse = tales::parse_all(tales::World::embedded(), options, text);
  std::string out;
  std::size_t done = 0;
  // Lines are broken first, which only turns spaces into line ends: places in the text stay the same.
  const std::string broken = wrapped(text, kLineWidth - 2, "");
  if (parse.derivations > 0 && colour) {
    for (const tales::Recall& point : parse.story.recalls) {
      out += broken.substr(done, point.begin - done);
      out += coloured(broken.substr(point.begin, point.end - point.begin), 32, true);
      done = point.end;
    }
  }
  out += broken.substr(done);
  std::string indented = "  ";
  for (const char c : out) {
    indented += c;
    if (c == '\n') indented += "  ";
  }
  return indented;
}

void show_corpus(const RunOptions& options) {
  heading("What it reads: tales, written by a small grammar");
  RunOptions few = options;
  few.steps = few.accumulate = 1;
  few.batch = 3;
  for (const std::string& story : run_tales(few)) {
    fmt::print("{}\n\n", wrapped(story, kLineWidth, "  "));
  }
}

void show_stories(const std::string& directory) {
  const bool colour = use_colour(stdout);
  heading("Five stories of its own, from nothing");
  const LoadedModel loaded = load_model(directory);
  const std::int32_t end = loaded.tokenizer->end_of_text().value();
  std::vector<Rng> rngs;
  for (std::uint64_t i = 0; i < 5; ++i) rngs.emplace_back(1, i);
  GenerateOptions options;
  options.max_tokens = loaded.model->config.context;
  options.end = end;
  const std::vector<std::vector<std::int32_t>> prompts(5, {end});
  for (std::vector<std::int32_t>& ids : generate(*loaded.model, prompts, options, rngs)) {
    const bool ended = !ids.empty() && ids.back() == end;
    if (ended) ids.pop_back();
    const std::string text = to_valid_utf8(loaded.tokenizer->decode(ids));
    const tales::Verdict verdict = tales::check(tales::World::embedded(), text, ended);
    fmt::print("{}\n", with_recalls(text, colour));
    if (!verdict.consistent && !verdict.reasons.empty()) {
      fmt::print("{}\n", dim("  (" + verdict.reasons.front() + ")", colour));
    }
    fmt::print("\n");
  }
  if (colour) {
    fmt::print("{} words were fixed by a fact at least 15 words back: the model remembered.\n",
               coloured("Green", 32, true));
  }
}

void demo(const DemoArguments& arguments) {
  RunRequest request;
  request.options = preset(arguments.preset);
  if (arguments.steps > 0) {
    request.settings.push_back(fmt::format("steps={}", arguments.steps));
    request.options.set(request.settings.back());
  }
  request.options.set("seed", std::to_string(arguments.seed));
  request.directory = arguments.out;
  request.resume = true;
  const std::filesystem::path state = request.directory / kStateFile;
  bool trained = false;
  if (std::filesystem::exists(state)) {
    const RunRecord record = read_record(state);
    if (!record.files.empty()) {
      throw std::runtime_error(arguments.out +
                               ": holds a run on somebody's text, expected another --out");
    }
    request.options = record.options;  // it shows what this run reads
    trained = record.step >= record.options.steps;
  }

  show_corpus(request.options);
  if (trained) {
    heading(("Already trained: " + arguments.out + " (another --out trains anew)").c_str());
  } else {
    heading("Training: the same prompt again and again, as the model learns");
    watch_training(request);
  }
  show_stories(arguments.out);
  heading("What it learned, beside simpler models and the truth");
  eval_tales(request.directory, false);

  heading("What to try next");
  fmt::print("  open {}/report.html\n", arguments.out);
  fmt::print("  ./limpid generate --model {} --prompt \"Once there was a fox named YOURNAME\"\n",
             arguments.out);
  fmt::print("  ./limpid inspect --model {}\n", arguments.out);
  fmt::print("  ./limpid train my.txt --out runs/mine --preset nano\n");
}

}  // namespace

void add_demo(CLI::App& app) {
  auto arguments = std::make_shared<DemoArguments>();
  CLI::App* command =
      add_command(app, "demo", "Train on tales, write stories, measure them", "limpid demo");
  command->add_option("--out", arguments->out, "Directory of the run")->capture_default_str();
  command->add_option("--preset", arguments->preset, "demo or demo-gpt2")
      ->check(CLI::IsMember({"demo", "demo-gpt2"}))
      ->capture_default_str();
  command->add_option("--steps", arguments->steps, "Fewer steps: faster and worse")
      ->check(above_zero());
  command->add_option("--seed", arguments->seed, "Of every random choice")->capture_default_str();
  add_threads(*command);
  command->callback([arguments] { demo(*arguments); });
}

}  // namespace limpid::cli
