/// config.json of a Hugging Face model directory: a model's shape in the keys that other programs
/// know. GPT-2 and Llama say the same things in different words:
///
///   ours           GPT2LMHeadModel                       LlamaForCausalLM
///   vocab          vocab_size                            vocab_size
///   context        n_positions                           max_position_embeddings
///   layers         n_layer                               num_hidden_layers
///   heads          n_head                                num_attention_heads
///   kv_heads       -                                     num_key_value_heads
///   width          n_embd                                hidden_size
///   hidden         n_inner                               intermediate_size
///   dropout        resid_pdrop, embd_pdrop, attn_pdrop   attention_dropout
///   norm_epsilon   layer_norm_epsilon                    rms_norm_eps
///   rotary_base    -                                     rope_theta
///   tied           tie_word_embeddings (default true)    tie_word_embeddings (default false)
///
/// Reading obeys every key or refuses it: a key that asks for something this house does not build
/// (another activation, scaled rotary positions, biases in a Llama, quantised weights), or that
/// nobody here knows, is an error, because a model that ignores it would be another model.
///
/// SOURCE  Hugging Face transformers, configuration_gpt2.py and configuration_llama.py
/// USES    core, model/config, nn/initial_deviation, formats/file_handle, formats/json_fields,
/// USES    formats/text_file
/// ERRORS  std::runtime_error: file, key, what it says, what was expected
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/model/config.hpp"

namespace limpid {

struct ConfigJson {
  Config config;
  std::optional<Index> begin_token = {};  ///< stands before a text (bos_token_id)
  std::vector<Index> end_tokens = {};     ///< each of them ends a text (eos_token_id)
  std::string torch_dtype = "float32";    ///< of the weights; a note, the weights say it themselves

  bool operator==(const ConfigJson&) const = default;
};

LIMPID_API ConfigJson read_config_json(const std::filesystem::path& path);

/// generation_config.json, where there is one: the tokens that begin and end what a model writes, which may
/// be others than config.json names. Its other keys are defaults of sampling, which the user chooses.
LIMPID_API void read_generation_config(const std::filesystem::path& path, ConfigJson& description);

/// The same text for the same configuration, keys in alphabetical order as transformers writes them.
LIMPID_API std::string to_config_json(const ConfigJson& description);

}  // namespace limpid
