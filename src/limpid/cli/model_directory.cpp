#include "limpid/cli/model_directory.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "limpid/formats/config_json.hpp"
#include "limpid/formats/huggingface.hpp"
#include "limpid/formats/tokenizer_json.hpp"

namespace limpid::cli {

LoadedModel load_model(const std::filesystem::path& directory) {
  const Config config = read_config_json(directory / "config.json").config;
  LoadedModel loaded;
  loaded.tokenizer = read_tokenizer(directory / "tokenizer.json");
  if (loaded.tokenizer->vocab_size() > config.vocab) {
    throw std::runtime_error(fmt::format(
        "{}: the tokenizer has {} tokens, expected at most {} (the model's vocabulary)",
        (directory / "tokenizer.json").string(), loaded.tokenizer->vocab_size(), config.vocab));
  }
  Rng rng(0);
  loaded.model = std::make_unique<Decoder<float>>(config, rng);
  read_model_weights(directory, config, loaded.model->parameters());
  return loaded;
}

std::vector<std::int32_t> prompt_ids(const LoadedModel& loaded, std::string_view prompt) {
  const Tokenizer& tokenizer = *loaded.tokenizer;
  std::vector<std::int32_t> ids;
  if (tokenizer.end_of_text()) ids.push_back(*tokenizer.end_of_text());
  const std::vector<std::int32_t> text =
      tokenizer.encode(prompt.empty() && ids.empty() ? "\n" : prompt);
  ids.insert(ids.end(), text.begin(), text.end());
  const Index context = loaded.model->config.context;
  if (static_cast<Index>(ids.size()) > context) {
    throw std::invalid_argument(
        fmt::format("the prompt has {} tokens, expected at most {} (the model's context)",
                    ids.size(), context));
  }
  return ids;
}

}  // namespace limpid::cli
