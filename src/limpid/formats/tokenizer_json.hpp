/// tokenizer.json: a tokenizer as the Hugging Face libraries read and write it.
///
///   kind       model                       pre_tokenizer                          decoder
///   bpe        BPE, GPT-2's byte alphabet  ByteLevel (patterns gpt2 and none), or  ByteLevel
///                                          Split and ByteLevel (the others)
///   byte       the same without merges     ByteLevel without its pattern           ByteLevel
///   char       BPE over characters         null                                    Fuse
///              without merges
///   word       WordLevel                   Split by the pattern `words`            Fuse
///   wordpiece  WordPiece                   BertPreTokenizer (word_piece_json.hpp)  WordPiece
///   unigram    Unigram (unigram_json.hpp)  Split by the pattern, or null           Fuse
///
/// "un" + "happiness" of a byte-pair tokenizer stand in the file as
///
///   "model": {"vocab": {"un": 259, "happiness": 264, "Ġthe": 301}, "merges": ["u n", "Ġt he"]}
///
/// Special tokens stand in `vocab` and in `added_tokens`. Reading what was written gives the same ids and
/// the same fingerprint.
///
/// USES    core/check, formats/atomic_file, formats/byte_alphabet, formats/pretokenizer_json,
/// USES    formats/scored_pair_json, formats/text_file, formats/tokenizer_json_reader,
/// USES    formats/unigram_json, formats/word_piece_json, tokenizer/byte_pair,
/// USES    tokenizer/pretokenizer
/// USES    tokenizer/tokenizer, tokenizer/utf8
/// ERRORS  std::runtime_error, one line that names the file; reading: tokenizer_json_reader.hpp;
///         std::invalid_argument when a tokenizer of another kind is to be written, or one whose
///         tokens are to be text and are not UTF-8
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "limpid/core/export.hpp"
#include "limpid/formats/tokenizer_json_reader.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// The text of a tokenizer.json; `from_tokenizer_json` (tokenizer_json_reader.hpp) reads it.
LIMPID_API std::string to_tokenizer_json(const Tokenizer& tokenizer);

/// The same with files. Writing is atomic.
LIMPID_API std::unique_ptr<Tokenizer> read_tokenizer(const std::filesystem::path& path);
LIMPID_API void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer);

}  // namespace limpid
