/// tokenizer.bin, the vocabulary beside a llama2.c checkpoint (formats/llama2c_checkpoint).
///
///   max_token_length   int32: bytes of the longest token
///   per id             score float32, length int32, that many bytes; until the file ends
///
///   ids   0            <unk>
///         1, 2         the begin and end tokens, however they are spelt
///         3 to 258     bytes, <0x00> to <0xFF>
///         259 ...      pieces of text; a space is a space
///
/// How it encodes is told in tokenizer/scored_pair.
///
/// SOURCE  the format of karpathy/llama2.c
/// USES    core, formats/atomic_file, formats/byte_cursor, formats/file_handle, formats/mapped_file
/// USES    tokenizer/scored_pair, tokenizer/special_tokens, tokenizer/tokenizer
/// ERRORS  std::runtime_error: a file that is cut or cannot be such a vocabulary;
///         std::invalid_argument for a tokenizer that the format cannot hold
#pragma once

#include <filesystem>
#include <memory>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/scored_pair.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

LIMPID_API std::unique_ptr<ScoredPairTokenizer> read_llama2c_tokenizer(
    const std::filesystem::path& path);

LIMPID_API void write_llama2c_tokenizer(const std::filesystem::path& path,
                                        const Tokenizer& tokenizer);

}  // namespace limpid
