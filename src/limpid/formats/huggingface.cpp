#include "limpid/formats/huggingface.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "limpid/core/check.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/half_precision.hpp"
#include "limpid/formats/model_tensors.hpp"
#include "limpid/formats/safetensors.hpp"
#include "limpid/formats/safetensors_shards.hpp"
#include "limpid/formats/tensor_names.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

namespace limpid {
namespace {

namespace fs = std::filesystem;

/// One tensor of the file, and the numbers of ours that it holds.
struct Piece {
  std::string theirs;
  std::vector<Index> shape;  ///< in the file
  std::span<float> numbers;  ///< whole rows of one of our parameters
  bool turned;               ///< the file has them transposed
};

std::vector<Piece> pieces_of(const Config& config, const Parameters<float>& parameters) {
  const std::vector<TensorName> names = huggingface_names(config);
  std::vector<Piece> pieces;
  for (ModelTensor& tensor : model_tensors(names, config, parameters, "huggingface")) {
    const bool turned = names[pieces.size()].part == Part::turned;
    assert(!turned || tensor.shape.size() == 2);
    if (turned) std::reverse(tensor.shape.begin(), tensor.shape.end());
    pieces.push_back({std::move(tensor.name), std::move(tensor.shape), tensor.numbers, turned});
  }
  return pieces;
}

/// The numbers as the other side has them: [rows, cols] becomes [cols, rows].
Matrix<float> transposed(std::span<const float> numbers, Index rows, Index cols) {
  return Eigen::Map<const Matrix<float>>(numbers.data(), rows, cols).transpose();
}

/// The name that this file uses: with or without the family's first word.
std::string name_in(const SafetensorsShards& files, const Config& config, const std::string& name) {
  const std::string prefix = huggingface_prefix(config.family);
  const bool shortened =
      !files.has(name) && name.starts_with(prefix) && files.has(name.substr(prefix.size()));
  return shortened ? name.substr(prefix.size()) : name;
}

void check_shape_in(const SafetensorsShards& files, const std::string& name,
                    const std::vector<Index>& expected) {
  const SafetensorsFile& file = files.file_of(name);
  const TensorInfo& info = file.info(name);
  if (info.shape != expected) {
    fail_file(file.path(), fmt::format("tensor {} has shape {}, expected {}", in_quotes(name),
                                       shape_text(info.shape), shape_text(expected)));
  }
}

/// A head that is tied has no tensor, but some files hold it again: it must then be the same.
void check_tied_head(const SafetensorsShards& files, const Piece& embedding,
                     const std::string& embedding_name) {
  const std::string head = "lm_head.weight";
  check_shape_in(files, head, embedding.shape);
  if (files.file_of(head).read_bytes(head) !=
      files.file_of(embedding_name).read_bytes(embedding_name)) {
    fail_file(files.file_of(head).path(),
              fmt::format("tensor \"lm_head.weight\" differs from {}, expected the same: "
                          "config.json says tie_word_embeddings",
                          in_quotes(embedding_name)));
  }
}

/// What PyTorch calls a type of numbers that is written here.
std::string torch_name(Dtype type) {
  if (type == Dtype::f32) return "float32";
  if (type == Dtype::bf16) return "bfloat16";
  fail("huggingface",
       fmt::format("weights cannot be written as {}, expected F32 or BF16", dtype_name(type)));
}

void write_numbers(std::span<const float> numbers, Dtype type, const ByteSink& write) {
  if (type == Dtype::f32) return write(std::as_bytes(numbers));
  std::vector<std::uint16_t> rounded(numbers.size());
  std::transform(numbers.begin(), numbers.end(), rounded.begin(), bfloat16_from_float);
  write(std::as_bytes(std::span(rounded)));
}

std::string json_text(const nlohmann::json& object) {
  return object.dump(2) + "\n";
}

/// The texts of the tokens that begin and end are empty when there are none.
void write_small_files(const fs::path& directory, const ConfigJson& description,
                       const std::string& begin, const std::string& end) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) fail_system(directory, "cannot be created", error.value());

  const std::string config = to_config_json(description);
  const nlohmann::json written = nlohmann::json::parse(config);
  nlohmann::json generation{{"_from_model_config", true}};
  for (const char* key : {"bos_token_id", "eos_token_id"}) {
    if (!written.at(key).is_null()) generation[key] = written.at(key);
  }
  nlohmann::json tokenizer{{"clean_up_tokenization_spaces", false},
                           {"model_max_length", description.config.context},
                           {"tokenizer_class", "PreTrainedTokenizerFast"}};
  if (!begin.empty()) tokenizer["bos_token"] = begin;
  if (!end.empty()) tokenizer["eos_token"] = end;
  write_file_atomically(directory / "config.json", config);
  write_file_atomically(directory / "generation_config.json", json_text(generation));
  write_file_atomically(directory / "tokenizer_config.json", json_text(tokenizer));
}

}  // namespace

void write_model(const fs::path& directory, const Config& config,
                 const Parameters<float>& parameters, const std::optional<EndToken>& end_token) {
  write_model_description(directory, config, end_token);
  write_model_weights(directory, config, parameters);
}

void write_model_description(const fs::path& directory, const Config& config,
                             const std::optional<EndToken>& end_token) {
  ConfigJson description{.config = config};
  std::string text;
  if (end_token) {
    description.begin_token = end_token->id;
    description.end_tokens = {end_token->id};
    text = end_token->text;
  }
  write_small_files(directory, description, text, text);
}

void write_model_directory(const fs::path& directory, ConfigJson description,
                           const Parameters<float>& parameters, const Tokenizer& tokenizer,
                           Dtype type) {
  description.torch_dtype = torch_name(type);
  const auto text_of = [&](const auto& id) {
    return id ? to_valid_utf8(tokenizer.token_bytes(static_cast<std::int32_t>(*id))) : "";
  };
  // config.json says that a model is here: it comes last, and a tokenizer that cannot be written first.
  fs::create_directories(directory);
  write_tokenizer(directory / "tokenizer.json", tokenizer);
  write_model_weights(directory, description.config, parameters, type);
  const std::vector<Index>& ends = description.end_tokens;
  write_small_files(directory, description, text_of(description.begin_token),
                    text_of(ends.empty() ? std::nullopt : std::optional(ends.front())));
}

void write_model_weights(const fs::path& directory, const Config& config,
                         const Parameters<float>& parameters, Dtype type) {
  torch_name(type);  // refuses other types before anything is written
  std::vector<TensorToWrite> tensors;
  for (const Piece& piece : pieces_of(config, parameters)) {
    tensors.push_back({piece.theirs, type, piece.shape, [piece, type](const ByteSink& write) {
                         if (!piece.turned) return write_numbers(piece.numbers, type, write);
                         const Matrix<float> turned =
                             transposed(piece.numbers, piece.shape[1], piece.shape[0]);
                         write_numbers({turned.data(), piece.numbers.size()}, type, write);
                       }});
  }
  // transformers refuses a file that does not say which library's layout it has.
  write_safetensors(directory / "model.safetensors", {{"format", "pt"}}, tensors);
}

void expect_model_weights(const fs::path& directory, const Config& config) {
  expect_small_tables(directory / "config.json", config);
  const SafetensorsShards files(directory);
  Index numbers = 0;
  for (const std::string& name : files.names()) {
    numbers += files.file_of(name).info(name).count();
  }
  if (numbers < config.parameter_count()) {
    fail_file(files.path(),
              fmt::format("the tensors hold {} numbers, expected {} as config.json says", numbers,
                          config.parameter_count()));
  }
}

void read_model_weights(const fs::path& directory, const Config& config,
                        const Parameters<float>& parameters) {
  const std::vector<Piece> pieces = pieces_of(config, parameters);
  const SafetensorsShards files(directory);

  // First the names and shapes of all, so that a wrong file changes nothing.
  std::set<std::string> known;
  for (const Piece& piece : pieces) {
    const std::string name = name_in(files, config, piece.theirs);
    check_shape_in(files, name, piece.shape);
    known.insert(name);
  }
  if (config.tied && files.has("lm_head.weight")) {
    check_tied_head(files, pieces.front(), name_in(files, config, pieces.front().theirs));
    known.insert("lm_head.weight");
  }
  for (const std::string& name : files.names()) {
    if (!known.contains(name) && !is_huggingface_buffer(config.family, name)) {
      fail_file(files.file_of(name).path(),
                fmt::format("tensor {} is not known in a {} model of {} layers", in_quotes(name),
                            family_name(config.family), config.layers));
    }
  }

  for (const Piece& piece : pieces) {
    const std::string name = name_in(files, config, piece.theirs);
    const SafetensorsFile& file = files.file_of(name);
    if (piece.turned) {
      const std::vector<float> stored = file.read(name);
      const Matrix<float> turned = transposed(stored, piece.shape[0], piece.shape[1]);
      std::copy(turned.data(), turned.data() + turned.size(), piece.numbers.begin());
    } else {
      file.read_into(name, piece.numbers);
    }
  }
}

}  // namespace limpid
