/// Scored pairs (tokenizer/scored_pair) in a tokenizer.json (tokenizer_json.hpp), as files of the first
/// Llama models have them.
///
///   "normalizer":  a Sequence of Prepend and Replace: a space before the text, every space as ▁
///   "decoder":     a Sequence of Replace, ByteFallback, Fuse and Strip: the way back
///   "model":       {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>",
///                   "vocab": {"<unk>": 0, "<s>": 1, ..., "<0x00>": 3, ..., "▁the": 278, ...},
///                   "merges": ["▁ t", "▁t h", ...]}
///
/// Scores become an order of merges: for each piece all pairs that make it, the best pieces first. Back
/// from the order, the first piece that a merge makes has score -0, the next -1, and so on. In real
/// vocabularies pieces are numbered in that very order, and so get the scores that they had (that of
/// piece 259 is 0). Two pieces with the same score come back with two: an order cannot say it.
///
/// USES    formats/json_fields, tokenizer/scored_pair, tokenizer/special_tokens, tokenizer/unigram
/// ERRORS  std::runtime_error: settings that are otherwise, texts that are no merge
#pragma once

#include <memory>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/scored_pair.hpp"
#include "limpid/tokenizer/special_tokens.hpp"

namespace limpid {

/// Fills in normalizer, decoder and model. Instantiated for nlohmann::ordered_json.
template <class Json>
void write_scored_pairs(const ScoredPairTokenizer& tokenizer, Json& file);

/// Whether a file is of this kind: a BPE model with byte fallback.
template <class Json>
bool is_scored_pairs(const Json& model);

/// `tokens` with their names as in the file. Instantiated for nlohmann::json.
template <class Json>
std::unique_ptr<ScoredPairTokenizer> read_scored_pairs(const Json& file, const TokenSet& tokens);

}  // namespace limpid
