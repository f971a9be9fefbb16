#include "limpid/tokenizer/factory.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/character.hpp"
#include "limpid/tokenizer/unigram_trainer.hpp"
#include "limpid/tokenizer/word.hpp"
#include "limpid/tokenizer/word_piece_trainer.hpp"

namespace limpid {
namespace {

// The bpe of bpe:SIZE; without a colon, nothing.
std::string_view sized_kind(std::string_view spec) {
  const std::size_t colon = spec.find(':');
  return colon == std::string_view::npos ? std::string_view() : spec.substr(0, colon);
}

// The SIZE of bpe:SIZE.
TokenId size_of(std::string_view spec) {
  const std::string_view kind = sized_kind(spec), digits = spec.substr(kind.size() + 1);
  TokenId size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size() || size < 1) {
    fail("tokenizer",
         fmt::format("{:?} has no size, expected a number of tokens as in {}:1024", spec, kind));
  }
  return size;
}

template <class Kind>
std::unique_ptr<Tokenizer> owned(Kind tokenizer) {
  return std::make_unique<Kind>(std::move(tokenizer));
}

}  // namespace

bool has_size(std::string_view kind) {
  return kind == "bpe" || kind == "wordpiece" || kind == "unigram";
}

bool is_tokenizer_spec(std::string_view spec) {
  return spec == "word" || spec == "char" || spec == "byte" || has_size(sized_kind(spec));
}

std::unique_ptr<Tokenizer> make_tokenizer(std::string_view spec, std::string_view text,
                                          const TokenizerOptions& options) {
  const auto& [specials, unknown, pattern] = options;
  if (spec == "byte") return std::make_unique<ByteTokenizer>(specials);
  if (spec == "word") {
    return owned(WordTokenizer::from_text(text, {.min_count = 2, .specials = specials}));
  }
  if (spec == "char") {
    return owned(CharacterTokenizer::from_text(text, {.unknown = unknown, .specials = specials}));
  }
  const std::string_view kind = sized_kind(spec);
  if (!has_size(kind)) {
    fail("tokenizer", fmt::format("{:?} is unknown, expected word, char, byte, bpe:SIZE, "
                                  "wordpiece:SIZE or unigram:SIZE",
                                  spec));
  }
  const TokenId size = size_of(spec);
  if (kind == "wordpiece") {
    return owned(train_word_piece(text, {.vocab_size = size, .specials = specials}));
  }
  if (kind == "unigram") {
    return owned(
        train_unigram(text, {.vocab_size = size, .pattern = pattern, .specials = specials}));
  }
  return owned(
      train_byte_pair(text, {.vocab_size = size, .pattern = pattern, .specials = specials}));
}

}  // namespace limpid
