/// A tokenizer as keys of a GGUF file, all named tokenizer.ggml.*:
///
///   model        "gpt2": bytes and pairs of them (tokenizer/byte_pair)
///                "llama": pieces with scores (tokenizer/scored_pair)
///   pre          how a text is cut first: "gpt-2"; "llama-bpe", "smaug-bpe": GPT-4's pattern, the
///                first with whole pieces looked up, the second with all of them merged
///   tokens       text; gpt2: in GPT-2's alphabet of bytes; llama: with ▁ for a space
///   token_type   1 ordinary, 2 unknown, 3 special, 4 given by users, 5 unused, 6 a byte
///   merges       gpt2: "a b"
///   scores       llama: the higher, the earlier a piece is made
///   add_space_prefix, bos_token_id     llama: what stands before a text
///
/// llama.cpp wants as many tokens as the embedding has rows: those that the tokenizer lacks are written
/// as unused ones, [PAD300].
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md, section "Tokenizer"
/// USES    core, formats/byte_alphabet, formats/file_handle, formats/gguf_key_writer,
/// USES    formats/gguf_keys, tokenizer/byte_pair
/// USES    tokenizer/pretokenizer, tokenizer/scored_pair, tokenizer/special_tokens,
/// USES    tokenizer/tokenizer, tokenizer/unigram
/// ERRORS  std::runtime_error: a key that is missing or cannot be; std::invalid_argument for a
///         tokenizer that these keys cannot describe
#pragma once

#include <filesystem>
#include <memory>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/formats/gguf_key_writer.hpp"
#include "limpid/formats/gguf_keys.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

LIMPID_API void write_gguf_tokenizer(GgufKeyWriter& keys, const Tokenizer& tokenizer, Index vocab);

/// `path` is for messages.
LIMPID_API std::unique_ptr<Tokenizer> read_gguf_tokenizer(const GgufKeys& keys,
                                                          const std::filesystem::path& path);

}  // namespace limpid
