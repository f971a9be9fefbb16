#include "limpid/formats/config_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/json_fields.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/nn/initial_deviation.hpp"

namespace limpid {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestConfig = 1 << 20;
constexpr int kDeepestConfig = 16;
constexpr Index kLargestSize = 10'000'000;
constexpr Index kGpt2End =
    50256;  // stands in descriptions of smaller vocabularies, too, and means nothing there

/// Keys that change no logit: notes, defaults of generation, heads for other tasks.
// clang-format off
constexpr const char* kHarmless[] = {
    "_attn_implementation", "_attn_implementation_autoset", "_name_or_path",
    "chunk_size_feed_forward", "diversity_penalty", "do_sample", "dtype", "early_stopping",
    "encoder_no_repeat_ngram_size", "finetuning_task", "gradient_checkpointing", "id2label",
    "initializer_range", "is_decoder", "keys_to_ignore_at_inference", "label2id", "length_penalty",
    "max_length", "min_length", "n_special", "no_repeat_ngram_size", "num_beam_groups", "num_beams",
    "num_return_sequences", "output_attentions", "output_hidden_states", "output_past",
    "output_scores", "pad_token_id", "predict_special_tokens", "prefix", "pretraining_tp",
    "problem_type", "remove_invalid_values", "reorder_and_upcast_attn", "repetition_penalty",
    "return_dict", "return_dict_in_generate", "summary_activation", "summary_first_dropout",
    "summary_proj_to_labels", "summary_type", "summary_use_proj", "task_specific_params",
    "temperature", "tf_legacy_loss", "tokenizer_class", "top_k", "top_p", "transformers_version",
    "typical_p", "use_cache"};
// clang-format on

json parse_object(const std::filesystem::path& path) {
  const std::string text = read_text_file(path, kLargestConfig);
  json object;
  try {
    object = in_file(path, [&] { return json::parse(text, unique_keys<json>(kDeepestConfig)); });
  } catch (const json::parse_error& error) {
    const std::size_t place = std::min(error.byte, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + place, '\n');
    fail_file(path, fmt::format("line {} is not JSON", line));
  } catch (const json::exception&) {
    fail_file(path, "has a number that is too large");
  }
  if (!object.is_object()) fail_file(path, "is not a JSON object, expected {...}");
  return object;
}

/// An object whose keys are taken one after the other; what is left at the end is refused. Null
/// stands for a key that is not there, as in transformers.
class Keys {
 public:
  Keys(const std::filesystem::path& path, json object) : path_(path), object_(std::move(object)) {}

  /// The value of a key, or null; the key counts as obeyed.
  json take(const std::string& key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return nullptr;
    json value = std::move(*found);
    object_.erase(found);
    return value;
  }

  Index size(const std::string& key, std::optional<Index> otherwise = {}) {
    const json value = take(key);
    if (value.is_null() && otherwise) return *otherwise;
    // Unsigned first: 2^64 - 1 is a number_unsigned, too, and must not wrap.
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(kLargestSize)) {
      refuse(key, value, fmt::format("an integer from 1 to {}", kLargestSize));
    }
    return value.get<Index>();
  }

  double number(const std::string& key, double otherwise) {
    const json value = take(key);
    if (value.is_null()) return otherwise;
    if (!value.is_number()) refuse(key, value, "a number");
    return value.get<double>();
  }

  bool flag(const std::string& key, bool otherwise) {
    const json value = take(key);
    if (value.is_null()) return otherwise;
    if (!value.is_boolean()) refuse(key, value, "true or false");
    return value.get<bool>();
  }

  /// One token, several, or none.
  std::vector<Index> tokens(const std::string& key, const Config& config) {
    const json value = take(key);
    std::vector<Index> ids;
    if (value.is_null()) return ids;
    for (const json& id : value.is_array() ? value : json::array({value})) {
      if (!id.is_number_unsigned()) refuse(key, value, "token ids");
      if (id.get<std::uint64_t>() < static_cast<std::uint64_t>(config.vocab)) {
        ids.push_back(id.get<Index>());
      } else if (config.family != Family::gpt2 || id != kGpt2End) {
        refuse(key, value, fmt::format("token ids below {}", config.vocab));
      }
    }
    return ids;
  }

  /// A key that may say only what this house does anyway.
  void only(const std::string& key, const std::vector<json>& allowed) {
    const json value = take(key);
    if (value.is_null()) return;
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      refuse(key, value, allowed.front().dump());
    }
  }

  void refuse_rest() {
    for (const char* key : kHarmless) object_.erase(key);
    for (const auto& [key, value] : object_.items()) {
      if (!value.is_null()) refuse(key, value, "no such key: what it asks for is not known here");
    }
  }

  [[noreturn]] void refuse(const std::string& key, const json& value,
                           const std::string& expected) const {
    const std::string text = shortened(value.is_null() ? "missing" : value.dump(), 80);
    fail_file(path_, fmt::format("{} is {}, expected {}", in_quotes(key), text, expected));
  }

 private:
  const std::filesystem::path& path_;
  json object_;
};

Config read_gpt2(Keys& keys) {
  Config config;
  config.family = Family::gpt2;
  config.vocab = keys.size("vocab_size");
  // Early files have the context twice.
  const json old_context = keys.take("n_ctx");
  config.context = keys.size("n_positions");
  if (!old_context.is_null() && old_context != config.context) {
    keys.refuse("n_ctx", old_context, fmt::format("{} (n_positions)", config.context));
  }
  config.layers = keys.size("n_layer");
  config.heads = config.kv_heads = keys.size("n_head");
  config.width = keys.size("n_embd");
  config.hidden = keys.size("n_inner", 4 * config.width);
  config.norm_epsilon = keys.number("layer_norm_epsilon", 1e-5);
  config.tied = keys.flag("tie_word_embeddings", true);
  config.dropout = keys.number("resid_pdrop", 0.1);
  for (const char* key : {"embd_pdrop", "attn_pdrop"}) {
    const double dropout = keys.number(key, 0.1);
    if (dropout != config.dropout) {
      keys.refuse(key, dropout, fmt::format("{} (resid_pdrop): one rate for all", config.dropout));
    }
  }
  keys.only("activation_function", {"gelu_new", "gelu_pytorch_tanh"});
  keys.only("scale_attn_weights", {true});
  keys.only("scale_attn_by_inverse_layer_idx", {false});
  return config;
}

/// Rotary positions have three places in the files of different years.
double read_rotary_base(const std::filesystem::path& path, Keys& keys) {
  double base = keys.number("rope_theta", 10000);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const json value = keys.take(key);
    if (value.is_null()) continue;
    if (!value.is_object()) keys.refuse(key, value, "an object");
    Keys inner(path, value);
    inner.only("rope_type", {"default"});
    inner.only("type", {"default"});
    inner.only("partial_rotary_factor", {1.0});
    base = inner.number("rope_theta", base);
    inner.refuse_rest();
  }
  return base;
}

Config read_llama(const std::filesystem::path& path, Keys& keys) {
  Config config;
  config.family = Family::llama;
  config.vocab = keys.size("vocab_size");
  config.context = keys.size("max_position_embeddings");
  config.layers = keys.size("num_hidden_layers");
  config.heads = keys.size("num_attention_heads");
  config.kv_heads = keys.size("num_key_value_heads", config.heads);
  config.width = keys.size("hidden_size");
  config.hidden = keys.size("intermediate_size");
  config.norm_epsilon = keys.number("rms_norm_eps", 1e-6);
  config.tied = keys.flag("tie_word_embeddings", false);
  config.dropout = keys.number("attention_dropout", 0);
  config.rotary_base = read_rotary_base(path, keys);
  keys.only("head_dim", {config.width / config.heads});
  keys.only("hidden_act", {"silu", "swish"});
  keys.only("attention_bias", {false});
  keys.only("mlp_bias", {false});
  keys.only("partial_rotary_factor", {1.0});
  return config;
}

/// What is not named stays as it was.
void read_begin_and_end(Keys& keys, ConfigJson& description) {
  const std::vector<Index> begin = keys.tokens("bos_token_id", description.config);
  if (begin.size() > 1) keys.refuse("bos_token_id", begin, "one token id");
  if (!begin.empty()) description.begin_token = begin.front();
  const std::vector<Index> ends = keys.tokens("eos_token_id", description.config);
  if (!ends.empty()) description.end_tokens = ends;
}

json token_ids(const std::vector<Index>& ids) {
  if (ids.empty()) return nullptr;
  return ids.size() == 1 ? json(ids.front()) : json(ids);
}

}  // namespace

ConfigJson read_config_json(const std::filesystem::path& path) {
  Keys keys(path, parse_object(path));
  const json type = keys.take("model_type");
  if (type != "gpt2" && type != "llama") keys.refuse("model_type", type, "\"gpt2\" or \"llama\"");
  const bool gpt2 = type == "gpt2";
  keys.only("architectures", {json::array({gpt2 ? "GPT2LMHeadModel" : "LlamaForCausalLM"})});

  ConfigJson description;
  description.config = gpt2 ? read_gpt2(keys) : read_llama(path, keys);
  read_begin_and_end(keys, description);
  const json dtype = keys.take("torch_dtype");
  if (dtype.is_string()) description.torch_dtype = dtype.get<std::string>();
  // What every model may be asked for, and none here does.
  for (const char* key : {"is_encoder_decoder", "add_cross_attention", "tie_encoder_decoder",
                          "torchscript", "use_bfloat16"}) {
    keys.only(key, {false});
  }
  keys.only("pruned_heads", {json::object()});
  keys.refuse_rest();
  try {
    description.config.validate();
  } catch (const std::invalid_argument& error) {
    fail_file(path, error.what());
  }
  return description;
}

void read_generation_config(const std::filesystem::path& path, ConfigJson& description) {
  if (!std::filesystem::exists(path)) return;
  Keys keys(path, parse_object(path));
  read_begin_and_end(keys, description);
}

std::string to_config_json(const ConfigJson& description) {
  const Config& config = description.config;
  json object{{"bos_token_id", nullptr},
              {"eos_token_id", token_ids(description.end_tokens)},
              {"initializer_range", initial_deviation(config.width)},
              {"model_type", family_name(config.family)},
              {"tie_word_embeddings", config.tied},
              {"torch_dtype", description.torch_dtype},
              {"use_cache", true},
              {"vocab_size", config.vocab}};
  if (description.begin_token) object["bos_token_id"] = *description.begin_token;
  if (config.family == Family::gpt2) {
    object.update({{"activation_function", "gelu_new"},
                   {"architectures", json::array({"GPT2LMHeadModel"})},
                   {"attn_pdrop", config.dropout},
                   {"embd_pdrop", config.dropout},
                   {"layer_norm_epsilon", config.norm_epsilon},
                   {"n_embd", config.width},
                   {"n_head", config.heads},
                   {"n_inner", config.hidden},
                   {"n_layer", config.layers},
                   {"n_positions", config.context},
                   {"reorder_and_upcast_attn", false},
                   {"resid_pdrop", config.dropout},
                   {"scale_attn_by_inverse_layer_idx", false},
                   {"scale_attn_weights", true}});
  } else {
    object.update({{"architectures", json::array({"LlamaForCausalLM"})},
                   {"attention_bias", false},
                   {"attention_dropout", config.dropout},
                   {"head_dim", config.head_width()},
                   {"hidden_act", "silu"},
                   {"hidden_size", config.width},
                   {"intermediate_size", config.hidden},
                   {"max_position_embeddings", config.context},
                   {"mlp_bias", false},
                   {"num_attention_heads", config.heads},
                   {"num_hidden_layers", config.layers},
                   {"num_key_value_heads", config.kv_heads},
                   {"pretraining_tp", 1},
                   {"rms_norm_eps", config.norm_epsilon},
                   {"rope_scaling", nullptr},
                   {"rope_theta", config.rotary_base}});
  }
  return object.dump(2) + "\n";
}

}  // namespace limpid
