/// A model's shape as keys of a GGUF file. FAMILY is what general.architecture says.
///
///   ours           key                                        without it
///   family         general.architecture                       an error
///   vocab          FAMILY.vocab_size                          rows of token_embd.weight
///   context        FAMILY.context_length                      an error
///   width          FAMILY.embedding_length                    an error
///   layers         FAMILY.block_count                         an error
///   hidden         FAMILY.feed_forward_length                 an error
///   heads          FAMILY.attention.head_count                an error
///   kv_heads       FAMILY.attention.head_count_kv             heads
///   norm_epsilon   gpt2.attention.layer_norm_epsilon          an error
///                  llama.attention.layer_norm_rms_epsilon     an error
///   rotary_base    llama.rope.freq_base                       10000
///   tied           -                                          there is no output.weight
///   begin token    tokenizer.ggml.bos_token_id                none
///   end tokens     tokenizer.ggml.eos_token_id, eot_token_id, none
///                  eom_token_id: three at most
///   begins texts   tokenizer.ggml.add_bos_token               llama tokenizers: yes, others: no
///
/// Keys that would make it another model than the two families build (scaled rotary positions,
/// experts, heads of another width) are refused, and so are keys FAMILY.* that nobody here knows; other
/// keys say nothing of the shape and are skipped.
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md, section "Standardized key-value pairs"
/// USES    core, formats/config_json, formats/file_handle, formats/gguf_file,
/// USES    formats/gguf_key_writer, formats/gguf_keys, formats/model_tensors
/// USES    model/config
/// ERRORS  std::runtime_error: file, key, what it says, what was expected
#pragma once

#include <cstddef>

#include "limpid/core/export.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/formats/gguf_file.hpp"
#include "limpid/formats/gguf_key_writer.hpp"
#include "limpid/formats/gguf_keys.hpp"
#include "limpid/model/config.hpp"

namespace limpid {

/// GGUF has no list of end tokens, but a key for each reason to end: the text's, a turn's, a message's.
inline constexpr std::size_t kGgufEnds = 3;

struct GgufDescription {
  ConfigJson model;
  bool begins_texts = true;  ///< the begin token stands before a prompt

  bool operator==(const GgufDescription&) const = default;
};

LIMPID_API GgufDescription read_gguf_config(const GgufFile& file);
/// End tokens beyond kGgufEnds are left out.
LIMPID_API void write_gguf_config(GgufKeyWriter& keys, const GgufDescription& description);

}  // namespace limpid
