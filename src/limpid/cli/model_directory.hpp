// A trained model and its tokenizer, read from a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "limpid/model/decoder.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid::cli {

struct LoadedModel {
  std::unique_ptr<Decoder<float>> model;
  std::unique_ptr<Tokenizer> tokenizer;
};

LoadedModel load_model(const std::filesystem::path& directory);

/// The tokens of a prompt as the model expects them: after the end-of-text token where the model knows
/// it (a text begins after the end of another). An empty prompt without that token starts at a line's end.
/// ERRORS  a prompt longer than the model's context
std::vector<std::int32_t> prompt_ids(const LoadedModel& loaded, std::string_view prompt);

}  // namespace limpid::cli
