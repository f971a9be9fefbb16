/// Reading tokenizer.json (tokenizer_json.hpp says what stands in it).
///
/// Files of real models are read as far as they say what a tokenizer here can do: byte-level BPE
/// without a normalizer, characters, words, BERT's WordPiece, Unigram without a normalizer. Whatever
/// would change the ids and is not understood is an error, never ignored. Llama 3's
/// `ignore_merges`, which gives a piece that is a token to that token, is understood. (A
/// `post_processor` adds tokens around a finished text; `encode` adds none.)
///
/// Nothing in the file is trusted: ids must be 0, 1, 2 ... without holes or repetitions, merges
/// must name tokens, texts must be in the alphabet, and every value must have its type.
///
///   tokenizer.json: no token has id 17, expected ids 0 to 300
///   tokenizer.json: model.merges[3] names "xq", which is not in model.vocab
///
/// USES    formats/byte_alphabet, formats/file_handle, formats/json_fields,
/// USES    formats/pretokenizer_json, formats/scored_pair_json, formats/token_table,
/// USES    formats/unigram_json
/// USES    formats/word_piece_json, tokenizer/byte, tokenizer/byte_pair, tokenizer/character,
/// USES    tokenizer/pretokenizer, tokenizer/special_tokens, tokenizer/tokenizer, tokenizer/word
/// ERRORS  std::runtime_error, one line: `where`, the place in the file, what was expected, what
/// came
#pragma once

#include <memory>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// The tokenizer that a text describes; `where` is the file's name, for error messages.
LIMPID_API std::unique_ptr<Tokenizer> from_tokenizer_json(std::string_view json,
                                                          std::string_view where);

}  // namespace limpid
