#include "limpid/formats/gguf_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/model_tensors.hpp"

namespace limpid {
namespace {

constexpr std::string_view kEndKeys[kGgufEnds] = {
    "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};
constexpr std::string_view kAddBegin = "tokenizer.ggml.add_bos_token";

/// What follows the family's name in the keys that are read, and in those that change nothing here.
constexpr std::string_view kShapeKeys[] = {"vocab_size",
                                           "context_length",
                                           "embedding_length",
                                           "block_count",
                                           "feed_forward_length",
                                           "attention.head_count",
                                           "attention.head_count_kv",
                                           "attention.layer_norm_epsilon",
                                           "attention.layer_norm_rms_epsilon",
                                           "rope.freq_base",
                                           "rope.scaling.type",
                                           "rope.scaling.original_context_length",
                                           "rope.scaling.finetuned",
                                           "expert_used_count",
                                           "tensor_data_layout"};

std::string epsilon_key(Family family) {
  return family == Family::gpt2 ? "gpt2.attention.layer_norm_epsilon"
                                : "llama.attention.layer_norm_rms_epsilon";
}

/// What the writer of an f32 meant: 1e-5 is stored as 9.99999975e-06. The shortest decimal number that
/// gives this float is the one that somebody wrote.
double meant(double stored) {
  return std::strtod(fmt::format("{}", static_cast<float>(stored)).c_str(), nullptr);
}

Index read_vocab(const GgufFile& file) {
  const GgufTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr) fail_file(file.path(), "tensor \"token_embd.weight\" is missing");
  return embedding->rows();
}

Config read_shape(const GgufFile& file, Family family) {
  const GgufKeys& keys = file.keys();
  const std::string prefix = std::string(family_name(family)) + ".";
  const auto size = [&](const char* key) {
    return keys.required(prefix + key, keys.integer(prefix + key));
  };
  Config config;
  config.family = family;
  config.vocab = keys.integer(prefix + "vocab_size").value_or(read_vocab(file));
  config.context = size("context_length");
  config.width = size("embedding_length");
  config.layers = size("block_count");
  config.hidden = size("feed_forward_length");
  config.heads = size("attention.head_count");
  config.kv_heads = keys.integer(prefix + "attention.head_count_kv").value_or(config.heads);
  const std::string epsilon = epsilon_key(family);
  config.norm_epsilon = meant(keys.required(epsilon, keys.number(epsilon)));
  config.rotary_base = meant(keys.number(prefix + "rope.freq_base").value_or(10000));
  config.tied = file.find("output.weight") == nullptr;
  in_file(file.path(), [&] { config.validate(); });
  return config;
}

/// What another model would say, and one of ours only in this way; and what nobody here knows.
void refuse_others(const GgufFile& file, const Config& config) {
  const GgufKeys& keys = file.keys();
  const std::string prefix = std::string(family_name(config.family)) + ".";
  const auto width = static_cast<double>(config.head_width());
  const std::pair<const char*, double> only[] = {
      {"rope.dimension_count", width},   {"attention.key_length", width},
      {"attention.value_length", width}, {"rope.scaling.factor", 1},
      {"rope.scale_linear", 1},          {"expert_count", 0},
      {"attention.sliding_window", 0},   {"attention.max_alibi_bias", 0},
      {"attention.clamp_kqv", 0}};
  for (const auto& [key, expected] : only) {
    const std::optional<double> value = keys.number(prefix + key);
    if (value && *value != expected) {
      fail_file(file.path(),
                fmt::format("key \"{}{}\" is {}, expected {}", prefix, key, *value, expected));
    }
  }
  for (const std::string& name : keys.names()) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view key = std::string_view(name).substr(prefix.size());
    const auto is_key = [&](std::string_view known) { return known == key; };
    const bool checked = std::any_of(std::begin(only), std::end(only),
                                     [&](const auto& known) { return known.first == key; });
    if (!checked && std::none_of(std::begin(kShapeKeys), std::end(kShapeKeys), is_key)) {
      fail_file(file.path(),
                fmt::format("key {} is not known here: a model that ignored it might be another",
                            in_quotes(name)));
    }
  }
  const std::string scaling = prefix + "rope.scaling.type";
  const std::string type = keys.text(scaling).value_or("none");
  if (type != "none" && type != "linear") {  // linear comes with a factor, which is 1
    fail_file(file.path(),
              fmt::format("key \"{}\" is {}, expected \"none\"", scaling, in_quotes(type)));
  }
}

/// A model takes memory by its keys, so these must not promise more than the file has.
void expect_numbers(const GgufFile& file, const Config& config) {
  Index numbers = 0;
  for (const GgufTensor& tensor : file.tensors()) numbers += tensor.rows() * tensor.shape.back();
  if (numbers != config.parameter_count()) {
    fail_file(file.path(), fmt::format("the tensors hold {} numbers, expected {} as the keys say",
                                       numbers, config.parameter_count()));
  }
}

Index checked_token(const GgufFile& file, std::string_view key, Index id, Index vocab) {
  if (id < 0 || id >= vocab) {
    fail_file(file.path(),
              fmt::format("key {} is {}, expected 0 to {}", in_quotes(key), id, vocab - 1));
  }
  return id;
}

}  // namespace

GgufDescription read_gguf_config(const GgufFile& file) {
  const GgufKeys& keys = file.keys();
  const std::string name = keys.required("general.architecture", keys.text("general.architecture"));
  if (name != "gpt2" && name != "llama") {
    fail_file(file.path(), fmt::format("key \"general.architecture\" is {}, expected \"gpt2\" or "
                                       "\"llama\"",
                                       in_quotes(name)));
  }
  GgufDescription description;
  Config& config = description.model.config;
  config = read_shape(file, family_from_name(name));
  refuse_others(file, config);
  expect_numbers(file, config);
  expect_small_tables(file.path(), config);
  if (const auto id = keys.integer(kGgufBeginKey)) {
    description.model.begin_token = checked_token(file, kGgufBeginKey, *id, config.vocab);
  }
  for (const std::string_view key : kEndKeys) {
    const auto id = keys.integer(key);
    if (id) description.model.end_tokens.push_back(checked_token(file, key, *id, config.vocab));
  }
  const bool usual = keys.text("tokenizer.ggml.model") == "llama";
  description.begins_texts =
      keys.flag(kAddBegin).value_or(usual) && description.model.begin_token.has_value();
  return description;
}

void write_gguf_config(GgufKeyWriter& keys, const GgufDescription& description) {
  const ConfigJson& model = description.model;
  const Config& config = model.config;
  const std::string prefix = std::string(family_name(config.family)) + ".";
  keys.integer(prefix + "vocab_size", config.vocab);
  keys.integer(prefix + "context_length", config.context);
  keys.integer(prefix + "embedding_length", config.width);
  keys.integer(prefix + "block_count", config.layers);
  keys.integer(prefix + "feed_forward_length", config.hidden);
  keys.integer(prefix + "attention.head_count", config.heads);
  keys.integer(prefix + "attention.head_count_kv", config.kv_heads);
  keys.number(epsilon_key(config.family), config.norm_epsilon);
  if (config.family == Family::llama) {
    keys.integer(prefix + "rope.dimension_count", config.head_width());
    keys.number(prefix + "rope.freq_base", config.rotary_base);
  }
  if (model.begin_token) keys.integer(kGgufBeginKey, *model.begin_token);
  for (std::size_t i = 0; i < std::min(kGgufEnds, model.end_tokens.size()); ++i) {
    keys.integer(std::string(kEndKeys[i]), model.end_tokens[i]);
  }
  keys.flag(kAddBegin, description.begins_texts && model.begin_token.has_value());
}

}  // namespace limpid
