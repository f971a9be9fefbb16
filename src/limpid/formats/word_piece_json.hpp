/// WordPiece in a tokenizer.json (tokenizer_json.hpp): what BERT's own files say.
///
///   "normalizer":    {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
///                     "strip_accents": null, "lowercase": true}
///   "pre_tokenizer": {"type": "BertPreTokenizer"}
///   "decoder":       {"type": "WordPiece", "prefix": "##", "cleanup": false}
///   "model":         {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
///                     "max_input_chars_per_word": 100, "vocab": {"un": 0, "##happi": 1, ...}}
///
/// Normalizer and pre-tokenizer are the steps of bert_words.hpp; `lowercase` stands for
/// `lower_case`. Files that say anything else of them, or of "##" and 100, are refused. A decoder
/// changes no ids and is not read: BERT's "cleanup" takes off the space before some signs, decode
/// here does not. (Of "##ness" at a text's beginning decode here takes ## off, Hugging Face's not.)
///
/// USES    formats/json_fields, tokenizer/special_tokens, tokenizer/word_piece
/// ERRORS  std::runtime_error, one line, when a setting has no equal here
#pragma once

#include <memory>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/word_piece.hpp"

namespace limpid {

/// Writes these four parts into a file. Json is nlohmann::ordered_json; `vocab` is {"un": 0, ...}.
template <class Json>
LIMPID_API void write_word_piece(const WordPieceTokenizer& tokenizer, Json vocab, Json& file);

/// The tokenizer that a file describes, whose tokens are read already. Json is nlohmann::json.
/// REQUIRES file["model"] is an object.
template <class Json>
LIMPID_API std::unique_ptr<WordPieceTokenizer> read_word_piece(const Json& file, TokenSet tokens);

}  // namespace limpid
