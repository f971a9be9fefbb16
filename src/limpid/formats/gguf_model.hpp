/// A whole model as one GGUF file, and back.
///
/// Matrices are written as the type that is asked for; gains and biases stay F32 (they are few, and
/// llama.cpp wants them so), and so do GPT-2's positions. A matrix whose rows are no multiple of 32
/// numbers long cannot be Q8_0 or Q4_0: it is written as F16, and the writer says so.
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md
/// USES    core, formats/file_handle, formats/gguf_config, formats/gguf_file,
/// USES    formats/gguf_key_writer
/// USES    formats/gguf_names, formats/gguf_tokenizer, formats/model_tensors, formats/number_blocks
/// USES    formats/tensor_layout, tokenizer/tokenizer
/// ERRORS  std::runtime_error naming the file and the tensor that is missing, too many, or of another
///         shape; std::invalid_argument for what the format cannot hold
/// COST    besides the model, the memory of a row and of what the system keeps of the file
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/formats/gguf_config.hpp"
#include "limpid/formats/gguf_file.hpp"
#include "limpid/formats/number_blocks.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// "f32", "f16", "q8_0" or "q4_0".
/// ERRORS  std::invalid_argument naming the types there are
LIMPID_API BlockType gguf_type_from_name(std::string_view name);

/// Returns what came out otherwise than it was asked for, a line for each tensor.
LIMPID_API std::vector<std::string> write_gguf_model(const std::filesystem::path& path,
                                                     const GgufDescription& description,
                                                     const Parameters<float>& parameters,
                                                     const Tokenizer& tokenizer, BlockType type);

/// The numbers, into the parameters of a model of this configuration. All names and shapes are
/// checked before the first number is changed.
LIMPID_API void read_gguf_weights(const GgufFile& file, const Config& config,
                                  const Parameters<float>& parameters);

}  // namespace limpid
