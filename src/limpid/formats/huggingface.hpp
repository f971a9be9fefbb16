/// A model as a Hugging Face directory, so that other programs open what was trained here, and the
/// other way round.
///
///   config.json              the shape: formats/config_json
///   model.safetensors        the numbers: formats/safetensors, names from formats/tensor_names; read in
///                            shards, too: formats/safetensors_shards
///   generation_config.json   which tokens begin and end a text
///   tokenizer_config.json    what transformers needs beside tokenizer.json
///   tokenizer.json           formats/tokenizer_json
///
/// F32 numbers make the round trip with the same bits. BF16 takes half the bytes, and each number is
/// rounded to 8 binary digits.
///
/// USES    core, formats/atomic_file, formats/config_json, formats/file_handle
/// USES    formats/half_precision, formats/model_tensors, formats/safetensors
/// USES    formats/safetensors_shards, formats/tensor_layout, formats/tensor_names
/// USES    formats/tokenizer_json, model/config, tokenizer/tokenizer, tokenizer/utf8_stream
/// ERRORS  std::runtime_error naming the file and the tensor that is missing, too many, or of
///         another shape; std::invalid_argument when parameters and configuration disagree
/// COST    the memory of the largest tensor, besides the model
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/formats/tensor_layout.hpp"
#include "limpid/model/config.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// The token that ends a text (and, having ended the one before, begins the next).
struct EndToken {
  Index id;
  std::string text;  ///< "<|endoftext|>"
};

/// Everything below, and the directory if it is not there.
LIMPID_API void write_model(const std::filesystem::path& directory, const Config& config,
                            const Parameters<float>& parameters,
                            const std::optional<EndToken>& end_token = {});

/// The three small files. They do not change while a model is trained.
LIMPID_API void write_model_description(const std::filesystem::path& directory,
                                        const Config& config,
                                        const std::optional<EndToken>& end_token = {});

/// Everything that transformers needs, tokenizer.json too. The numbers become F32 or BF16.
/// ERRORS  std::invalid_argument: another type
LIMPID_API void write_model_directory(const std::filesystem::path& directory,
                                      ConfigJson description, const Parameters<float>& parameters,
                                      const Tokenizer& tokenizer, Dtype type = Dtype::f32);

/// model.safetensors alone.
LIMPID_API void write_model_weights(const std::filesystem::path& directory, const Config& config,
                                    const Parameters<float>& parameters, Dtype type = Dtype::f32);

/// A model takes memory by its configuration, which must not promise more than the files hold.
/// ERRORS  model.safetensors, or its shards, hold fewer numbers; a context too long for such a model
LIMPID_API void expect_model_weights(const std::filesystem::path& directory, const Config& config);

/// model.safetensors, or its shards, into the parameters of a model that was built from this
/// configuration. All names and shapes are checked before the first number is changed.
LIMPID_API void read_model_weights(const std::filesystem::path& directory, const Config& config,
                                   const Parameters<float>& parameters);

}  // namespace limpid
