// A trained model and its tokenizer, read from a directory or from a file of another program's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/formats/config_json.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid::cli {

struct LoadedModel {
  std::unique_ptr<Decoder<float>> model;
  std::unique_ptr<Tokenizer> tokenizer;    ///< null only if LoadOptions allow it
  std::optional<std::int32_t> begin = {};  ///< stands before a text
  std::vector<std::int32_t> ends = {};     ///< each of them ends one
  bool begins_texts = true;                ///< the begin token stands before a prompt too

  bool is_end(std::int32_t id) const;
  ConfigJson description() const;
};

struct LoadOptions {
  std::string tokenizer = {};   ///< tokenizer.bin of a llama2.c file; else the one beside it
  bool needs_tokenizer = true;  ///< without one there are only ids
};

/// A model's directory, a GGUF file, or a llama2.c checkpoint: told apart by what is in them.
LoadedModel load_model(const std::filesystem::path& path, const LoadOptions& options = {});

/// Nothing is written over a model.
/// ERRORS  the directory holds one
void expect_new_directory(const std::filesystem::path& directory);

/// The tokens of a prompt as the model expects them: after the begin token where the model knows one (in
/// our own, a text begins after the end of another). An empty prompt without that token starts at a line's
/// end.
/// ERRORS  a prompt that is not UTF-8, or longer than the model's context
std::vector<std::int32_t> prompt_ids(const LoadedModel& loaded, std::string_view prompt);

/// The bytes that `id` adds to a text behind `previous`: some tokenizers put or take a space between.
std::string text_after(const Tokenizer& tokenizer, std::int32_t previous, std::int32_t id);

}  // namespace limpid::cli
