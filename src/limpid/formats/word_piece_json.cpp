#include "limpid/formats/word_piece_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "limpid/formats/json_fields.hpp"

namespace limpid {
namespace {

// Whether capitals and accents are dropped: one setting here, two in the file.
template <class Json>
bool read_lower_case(const Json& normalizer) {
  expect_value(normalizer, "normalizer.", "type", Json("BertNormalizer"));
  expect_value(normalizer, "normalizer.", "clean_text", Json(true));
  expect_value(normalizer, "normalizer.", "handle_chinese_chars", Json(true));
  const Json& lower = get(normalizer, "normalizer.", "lowercase", Json::value_t::boolean);
  const Json& strip = get(normalizer, "strip_accents");
  if (!strip.is_null() && strip != lower) {
    reject(fmt::format("normalizer.strip_accents is {}, expected null or {}, as lowercase is",
                       shown(strip), shown(lower)));
  }
  return lower == true;
}

}  // namespace

template <class Json>
void write_word_piece(const WordPieceTokenizer& tokenizer, Json vocab, Json& file) {
  file["normalizer"] = {{"type", "BertNormalizer"},
                        {"clean_text", true},
                        {"handle_chinese_chars", true},
                        {"strip_accents", nullptr},
                        {"lowercase", tokenizer.lower_case()}};
  file["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
  file["decoder"] = {{"type", "WordPiece"}, {"prefix", kContinuation}, {"cleanup", false}};
  file["model"] = {{"type", "WordPiece"},
                   {"unk_token", tokenizer.token_bytes(*tokenizer.unknown())},
                   {"continuing_subword_prefix", kContinuation},
                   {"max_input_chars_per_word", WordPieceTokenizer::kLongestWord},
                   {"vocab", std::move(vocab)}};
}

template <class Json>
std::unique_ptr<WordPieceTokenizer> read_word_piece(const Json& file, TokenSet tokens) {
  const Json& model = get(file, "model");
  const bool lower_case = read_lower_case(get(file, "", "normalizer", Json::value_t::object));
  const Json& words = get(file, "", "pre_tokenizer", Json::value_t::object);
  expect_value(words, "pre_tokenizer.", "type", Json("BertPreTokenizer"));
  expect_value(model, "model.", "continuing_subword_prefix", Json(kContinuation));
  expect_value(model, "model.", "max_input_chars_per_word", Json(WordPieceTokenizer::kLongestWord));
  const std::string& name = get_text(model, "model.", "unk_token");
  tokens.unknown = tokens.vocabulary.find(name);
  if (!tokens.unknown) reject(fmt::format("model.unk_token {} is no token", shown(Json(name))));
  // A normalized one would be looked for in small letters.
  const Json& added = get(file, "", "added_tokens", Json::value_t::array);
  for (std::size_t i = 0; i < added.size(); ++i) {
    expect_unset(added[i], fmt::format("added_tokens[{}].", i), {"normalized"});
  }
  return std::make_unique<WordPieceTokenizer>(std::move(tokens), lower_case);
}

template void write_word_piece(const WordPieceTokenizer&, nlohmann::ordered_json,
                               nlohmann::ordered_json&);
template std::unique_ptr<WordPieceTokenizer> read_word_piece(const nlohmann::json&, TokenSet);

}  // namespace limpid
