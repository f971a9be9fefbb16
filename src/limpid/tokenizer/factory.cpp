#include "limpid/tokenizer/factory.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/character.hpp"
#include "limpid/tokenizer/word.hpp"

namespace limpid {
namespace {

constexpr std::string_view kBytePair = "bpe:";

// The SIZE of bpe:SIZE.
std::optional<TokenId> size_of(std::string_view spec) {
  const std::string_view digits = spec.substr(kBytePair.size());
  TokenId size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

}  // namespace

bool is_tokenizer_spec(std::string_view spec) {
  return spec == "word" || spec == "char" || spec == "byte" || spec.starts_with(kBytePair);
}

std::unique_ptr<Tokenizer> make_tokenizer(std::string_view spec, std::string_view text,
                                          const TokenizerOptions& options) {
  if (spec == "byte") return std::make_unique<ByteTokenizer>(options.specials);
  if (spec == "word") {
    return std::make_unique<WordTokenizer>(
        WordTokenizer::from_text(text, {.min_count = 2, .specials = options.specials}));
  }
  if (spec == "char") {
    return std::make_unique<CharacterTokenizer>(CharacterTokenizer::from_text(
        text, {.unknown = options.unknown, .specials = options.specials}));
  }
  if (!spec.starts_with(kBytePair)) {
    fail("tokenizer", fmt::format("{:?} is unknown, expected word, char, byte or bpe:SIZE", spec));
  }
  const auto size = size_of(spec);
  if (!size) {
    fail("tokenizer",
         fmt::format("{:?} has no size, expected a number of tokens as in bpe:1024", spec));
  }
  return std::make_unique<BytePairTokenizer>(
      train_byte_pair(text, {.vocab_size = *size, .specials = options.specials}));
}

}  // namespace limpid
