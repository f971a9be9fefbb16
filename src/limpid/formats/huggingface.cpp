#include "limpid/formats/huggingface.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <set>
#include <system_error>
#include <vector>

#include "limpid/core/check.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/safetensors.hpp"
#include "limpid/formats/tensor_names.hpp"

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

/// Pairs every parameter with its tensors. A pair that does not fit is a mistake of this program,
/// not of a file.
std::vector<Piece> pieces_of(const Config& config, const Parameters<float>& parameters) {
  std::vector<Piece> pieces;
  std::size_t covered = 0, all = 0;
  for (const Parameter<float>& parameter : parameters) all += parameter.value.size();
  for (const TensorName& name : huggingface_names(config)) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& p) { return p.name == name.ours; });
    if (found == parameters.end()) {
      fail("huggingface", fmt::format("the model has no parameter {}", name.ours));
    }
    std::vector<Index> shape = found->shape;
    assert(!shape.empty());
    const RowRange rows = rows_of(name.part, config, shape.front());
    const Index row_size = static_cast<Index>(found->value.size()) / std::max<Index>(shape[0], 1);
    if (rows.end > shape.front()) {
      fail("huggingface", fmt::format("parameter {} has {} rows, expected {} or more", name.ours,
                                      shape.front(), rows.end));
    }
    shape.front() = rows.end - rows.begin;
    assert(name.part != Part::turned || shape.size() == 2);
    if (name.part == Part::turned) std::reverse(shape.begin(), shape.end());
    const std::span<float> numbers =
        found->value.subspan(static_cast<std::size_t>(rows.begin * row_size),
                             static_cast<std::size_t>((rows.end - rows.begin) * row_size));
    covered += numbers.size();
    pieces.push_back({name.theirs, std::move(shape), numbers, name.part == Part::turned});
  }
  if (covered != all) {
    fail("huggingface", fmt::format("the model has {} numbers, expected {}: a {} model's", all,
                                    covered, family_name(config.family)));
  }
  return pieces;
}

/// The numbers as the other side has them: [rows, cols] becomes [cols, rows].
Matrix<float> transposed(std::span<const float> numbers, Index rows, Index cols) {
  return Eigen::Map<const Matrix<float>>(numbers.data(), rows, cols).transpose();
}

/// The name that this file uses: with or without the family's first word.
std::string name_in(const SafetensorsFile& file, const Config& config, const std::string& name) {
  const std::string prefix = huggingface_prefix(config.family);
  const bool shortened =
      !file.has(name) && name.starts_with(prefix) && file.has(name.substr(prefix.size()));
  return shortened ? name.substr(prefix.size()) : name;
}

void check_shape_in(const SafetensorsFile& file, const std::string& name,
                    const std::vector<Index>& expected) {
  const TensorInfo& info = file.info(name);
  if (info.shape != expected) {
    fail_file(file.path(), fmt::format("tensor {} has shape {}, expected {}", in_quotes(name),
                                       shape_text(info.shape), shape_text(expected)));
  }
}

/// A head that is tied has no tensor, but some files hold it again: it must then be the same.
void check_tied_head(const SafetensorsFile& file, const Piece& embedding,
                     const std::string& embedding_name) {
  check_shape_in(file, "lm_head.weight", embedding.shape);
  if (file.read_bytes("lm_head.weight") != file.read_bytes(embedding_name)) {
    fail_file(file.path(), fmt::format("tensor \"lm_head.weight\" differs from {}, expected the "
                                       "same: config.json says tie_word_embeddings",
                                       in_quotes(embedding_name)));
  }
}

std::string json_text(const nlohmann::json& object) {
  return object.dump(2) + "\n";
}

}  // namespace

void write_model(const fs::path& directory, const Config& config,
                 const Parameters<float>& parameters, const std::optional<EndToken>& end_token) {
  write_model_description(directory, config, end_token);
  write_model_weights(directory, config, parameters);
}

void write_model_description(const fs::path& directory, const Config& config,
                             const std::optional<EndToken>& end_token) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) fail_system(directory, "cannot be created", error.value());

  ConfigJson description{.config = config, .begin_token = {}, .end_tokens = {}};
  nlohmann::json generation{{"_from_model_config", true}};
  nlohmann::json tokenizer{{"clean_up_tokenization_spaces", false},
                           {"model_max_length", config.context},
                           {"tokenizer_class", "PreTrainedTokenizerFast"}};
  if (end_token) {
    description.begin_token = end_token->id;
    description.end_tokens = {end_token->id};
    generation["bos_token_id"] = generation["eos_token_id"] = end_token->id;
    tokenizer["bos_token"] = tokenizer["eos_token"] = end_token->text;
  }
  write_file_atomically(directory / "config.json", to_config_json(description));
  write_file_atomically(directory / "generation_config.json", json_text(generation));
  write_file_atomically(directory / "tokenizer_config.json", json_text(tokenizer));
}

void write_model_weights(const fs::path& directory, const Config& config,
                         const Parameters<float>& parameters) {
  std::vector<TensorToWrite> tensors;
  for (const Piece& piece : pieces_of(config, parameters)) {
    tensors.push_back(tensor_to_write<float>(piece.theirs, piece.shape, piece.numbers));
    if (!piece.turned) continue;
    tensors.back().write = [piece](const ByteSink& write) {
      const Matrix<float> turned = transposed(piece.numbers, piece.shape[1], piece.shape[0]);
      write(std::as_bytes(std::span(turned.data(), piece.numbers.size())));
    };
  }
  // transformers refuses a file that does not say which library's layout it has.
  write_safetensors(directory / "model.safetensors", {{"format", "pt"}}, tensors);
}

void read_model_weights(const fs::path& directory, const Config& config,
                        const Parameters<float>& parameters) {
  const std::vector<Piece> pieces = pieces_of(config, parameters);
  const SafetensorsFile file(directory / "model.safetensors");

  // First the names and shapes of all, so that a wrong file changes nothing.
  std::set<std::string> known;
  for (const Piece& piece : pieces) {
    const std::string name = name_in(file, config, piece.theirs);
    check_shape_in(file, name, piece.shape);
    known.insert(name);
  }
  if (config.tied && file.has("lm_head.weight")) {
    check_tied_head(file, pieces.front(), name_in(file, config, pieces.front().theirs));
    known.insert("lm_head.weight");
  }
  for (const TensorInfo& tensor : file.tensors()) {
    if (!known.contains(tensor.name) && !is_huggingface_buffer(config.family, tensor.name)) {
      fail_file(file.path(),
                fmt::format("tensor {} is not known in a {} model of {} layers",
                            in_quotes(tensor.name), family_name(config.family), config.layers));
    }
  }

  for (const Piece& piece : pieces) {
    const std::string name = name_in(file, config, piece.theirs);
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
