/// Unigram in a tokenizer.json (tokenizer_json.hpp).
///
///   "pre_tokenizer": {"type": "Split", ...}      the pattern, as pretokenizer_json writes it
///   "decoder":       {"type": "Fuse"}            joining is decoding
///   "model":         {"type": "Unigram", "unk_id": 2, "byte_fallback": false,
///                     "vocab": [[" the", -3.1], ["e", -4.7], ["<|unknown|>", 0.0], ...]}
///
/// Token i is the i-th piece, beside it the natural logarithm of its probability; special tokens and
/// the unknown one have 0, which is not read. Pieces hold the space itself, as they do here
/// (unigram.hpp): so every text comes back, those with a ▁ in them too. SentencePiece's way to write
/// a space as ▁ (Metaspace) takes the two for one, and files that ask for it are refused; so are
/// byte fallback, which others do in another way, and tokens that are not UTF-8.
///
/// USES    formats/json_fields, formats/pretokenizer_json, tokenizer/special_tokens,
/// USES    tokenizer/unigram, tokenizer/unigram_lattice
/// ERRORS  std::runtime_error, one line, when a setting has no equal here or the vocabulary is none
#pragma once

#include <memory>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/unigram.hpp"

namespace limpid {

/// Writes these parts into a file. Json is nlohmann::ordered_json.
template <class Json>
LIMPID_API void write_unigram(const UnigramTokenizer& tokenizer, Json& file);

/// The pieces of a file's model with their ids, as other models list them: {" the": 0, "e": 1}.
/// Json is nlohmann::json.
template <class Json>
LIMPID_API Json numbered_pieces(const Json& model);

/// The tokenizer that a file describes, whose tokens are read already.
/// REQUIRES numbered_pieces(file["model"]) was called, and the tokens begin with its pieces.
template <class Json>
LIMPID_API std::unique_ptr<UnigramTokenizer> read_unigram(const Json& file, TokenSet tokens);

}  // namespace limpid
