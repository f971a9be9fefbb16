// ./limpid export: a trained model as a file that other programs run.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "limpid/cli/exchange_commands.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/formats/gguf_model.hpp"
#include "limpid/formats/llama2c_checkpoint.hpp"
#include "limpid/formats/llama2c_tokenizer.hpp"

namespace limpid::cli {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  std::string model, tokenizer, format, type = "f32", out;
};

void say_written(const fs::path& path) {
  fmt::print("{}: {} bytes\n", path.string(), fs::file_size(path));
}

void export_gguf(const ExportArguments& arguments) {
  const BlockType type = gguf_type_from_name(arguments.type);
  const LoadedModel loaded = load_model(arguments.model, {.tokenizer = arguments.tokenizer});
  const auto notes = write_gguf_model(arguments.out, {loaded.description(), loaded.begins_texts},
                                      loaded.model->parameters(), *loaded.tokenizer, type);
  for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  say_written(arguments.out);
}

// The tokenizer goes beside it, where there is one that the format can hold.
void export_llama2c(const ExportArguments& arguments) {
  if (arguments.type != "f32") {
    throw std::invalid_argument("--type is '" + arguments.type + "', expected f32 for llama2c");
  }
  const LoadedModel loaded =
      load_model(arguments.model, {.tokenizer = arguments.tokenizer, .needs_tokenizer = false});
  const Tokenizer* tokenizer = loaded.tokenizer.get();
  const fs::path beside = fs::path(arguments.out).parent_path() / "tokenizer.bin";
  if (fs::path(arguments.out).filename() == beside.filename()) {
    throw std::invalid_argument("--out is " + arguments.out +
                                ", expected another name: the tokenizer's is tokenizer.bin");
  }
  write_llama2c(arguments.out, loaded.model->config, loaded.model->parameters());
  say_written(arguments.out);
  if (loaded.begin && *loaded.begin != kLlama2cBegin) {
    fmt::print(stderr, "note: llama2.c begins texts with token {}, this model with {}\n",
               kLlama2cBegin, *loaded.begin);
  }
  if (tokenizer != nullptr && tokenizer->kind() == "sentencepiece") {
    write_llama2c_tokenizer(beside, *tokenizer);
    say_written(beside);
  } else {
    fmt::print(stderr, "note: no tokenizer.bin: it holds sentencepiece tokenizers, {}\n",
               tokenizer == nullptr ? "and this model came without one"
                                    : fmt::format("this one is {}", tokenizer->kind()));
  }
}

void export_model(const ExportArguments& arguments) {
  if (arguments.format == "gguf") return export_gguf(arguments);
  if (arguments.format == "llama2c") return export_llama2c(arguments);
  if (arguments.format == "huggingface") {
    const LoadedModel loaded = load_model(arguments.model, {.tokenizer = arguments.tokenizer});
    return export_directory(arguments.model, loaded, arguments.type, arguments.out);
  }
  throw std::invalid_argument("--format is '" + arguments.format +
                              "', expected gguf, llama2c or huggingface");
}

}  // namespace

void add_export(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command =
      add_command(app, "export", "Write a model as a file that other programs run",
                  "limpid export --model runs/demo --format gguf --type q8_0 --out demo.gguf");
  command->add_option("--model", arguments->model, "Directory or file of a model")->required();
  add_tokenizer_file(*command, arguments->tokenizer);
  command
      ->add_option("--format", arguments->format,
                   "gguf (llama.cpp, ollama), llama2c (llama family, epsilon 1e-5) or "
                   "huggingface (a directory)")
      ->required();
  command
      ->add_option("--type", arguments->type,
                   "Of matrices in gguf: f32, f16, q8_0 or q4_0; in huggingface: f32 or bf16")
      ->capture_default_str();
  command->add_option("--out", arguments->out, "The file or directory to write")->required();
  command->callback([arguments] { export_model(*arguments); });
}

}  // namespace limpid::cli
