#include "limpid/cli/model_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/gguf_config.hpp"
#include "limpid/formats/gguf_model.hpp"
#include "limpid/formats/gguf_tokenizer.hpp"
#include "limpid/formats/huggingface.hpp"
#include "limpid/formats/llama2c_checkpoint.hpp"
#include "limpid/formats/llama2c_tokenizer.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/model/inference_decoder.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid::cli {
namespace {

namespace fs = std::filesystem;

void expect_fit(const fs::path& path, const Tokenizer& tokenizer, const Config& config) {
  if (tokenizer.vocab_size() > config.vocab) {
    throw std::runtime_error(
        fmt::format("{}: the tokenizer has {} tokens, expected at most {} (the model's vocabulary)",
                    path.string(), tokenizer.vocab_size(), config.vocab));
  }
}

// A model whose description names no such token was not taught one.
void set_ends(LoadedModel& loaded, const ConfigJson& description) {
  const auto id_of = [&](Index id) { return static_cast<std::int32_t>(id); };
  const Index vocab = description.config.vocab;
  // llama2.c's program begins with token 1, whatever the vocabulary.
  if (description.begin_token && *description.begin_token < vocab) {
    loaded.begin = id_of(*description.begin_token);
  }
  for (const Index id : description.end_tokens) {
    if (id < vocab) loaded.ends.push_back(id_of(id));
  }
}

LoadedModel load_directory(const fs::path& directory) {
  ConfigJson description = read_config_json(directory / "config.json");
  read_generation_config(directory / "generation_config.json", description);
  LoadedModel loaded;
  loaded.tokenizer = read_tokenizer(directory / "tokenizer.json");
  expect_fit(directory / "tokenizer.json", *loaded.tokenizer, description.config);
  expect_model_weights(directory, description.config);
  loaded.model = inference_decoder(description.config);
  read_model_weights(directory, description.config, loaded.model->parameters());
  set_ends(loaded, description);
  return loaded;
}

LoadedModel load_gguf(const fs::path& path) {
  const GgufFile file(path);
  const GgufDescription description = read_gguf_config(file);
  LoadedModel loaded;
  loaded.tokenizer = read_gguf_tokenizer(file.keys(), path);
  expect_fit(path, *loaded.tokenizer, description.model.config);
  loaded.model = inference_decoder(description.model.config);
  read_gguf_weights(file, description.model.config, loaded.model->parameters());
  set_ends(loaded, description.model);
  loaded.begins_texts = description.begins_texts;
  return loaded;
}

// Its tokenizer is a file of its own, which may be missing.
LoadedModel load_llama2c(const fs::path& path, const LoadOptions& options) {
  const Llama2cFile file(path);
  LoadedModel loaded;
  const fs::path beside = path.parent_path() / "tokenizer.bin";
  const fs::path tokenizer = options.tokenizer.empty() ? beside : fs::path(options.tokenizer);
  if (!options.tokenizer.empty() || fs::exists(beside)) {
    loaded.tokenizer = read_llama2c_tokenizer(tokenizer);
    expect_fit(tokenizer, *loaded.tokenizer, file.config());
  } else if (options.needs_tokenizer) {
    fail_file(path, "has no tokenizer, expected tokenizer.bin beside it or --tokenizer FILE");
  }
  loaded.model = inference_decoder(file.config());
  file.read_weights(loaded.model->parameters());
  // llama2.c's own program begins with this token, and stops when it comes again.
  set_ends(loaded, {file.config(), kLlama2cBegin, {kLlama2cBegin}});
  return loaded;
}

}  // namespace

bool LoadedModel::is_end(std::int32_t id) const {
  return std::find(ends.begin(), ends.end(), id) != ends.end() ||
         (tokenizer != nullptr && tokenizer->end_of_text() == id);
}

ConfigJson LoadedModel::description() const {
  ConfigJson description{.config = model->config};
  if (begin) description.begin_token = *begin;
  description.end_tokens.assign(ends.begin(), ends.end());
  return description;
}

LoadedModel load_model(const fs::path& path, const LoadOptions& options) {
  std::error_code unseen;  // a path that cannot be followed leads nowhere
  if (!fs::exists(path, unseen)) fail_file(path, "no such file or directory");
  const bool is_file = fs::is_regular_file(path);
  const bool gguf = is_file && is_gguf(path);
  if (!options.tokenizer.empty() && (!is_file || gguf)) {
    fail_file(path, "has a tokenizer of its own, expected no --tokenizer");
  }
  if (gguf) return load_gguf(path);
  return is_file ? load_llama2c(path, options) : load_directory(path);
}

void expect_new_directory(const fs::path& directory) {
  if (fs::exists(directory / "config.json")) {
    throw std::runtime_error(directory.string() + ": holds a model, expected a new directory");
  }
}

std::vector<std::int32_t> prompt_ids(const LoadedModel& loaded, std::string_view prompt) {
  if (const auto bad = find_invalid_utf8(prompt)) {
    throw std::invalid_argument(fmt::format("the prompt's byte {} (0x{:02X}) is not UTF-8 text",
                                            *bad, static_cast<unsigned char>(prompt[*bad])));
  }
  std::vector<std::int32_t> ids;
  if (loaded.begin && (loaded.begins_texts || prompt.empty())) ids.push_back(*loaded.begin);
  const std::vector<std::int32_t> text =
      loaded.tokenizer->encode(prompt.empty() && ids.empty() ? "\n" : prompt);
  ids.insert(ids.end(), text.begin(), text.end());
  const Index context = loaded.model->config.context;
  if (static_cast<Index>(ids.size()) > context) {
    throw std::invalid_argument(
        fmt::format("the prompt has {} tokens, expected at most {} (the model's context)",
                    ids.size(), context));
  }
  return ids;
}

std::string text_after(const Tokenizer& tokenizer, std::int32_t previous, std::int32_t id) {
  const std::array ids{previous, id};
  return tokenizer.decode(ids).substr(tokenizer.decode(std::span(ids).first(1)).size());
}

}  // namespace limpid::cli
