// Any bytes as texts: byte-level tokenizers learned from the first give the second back, byte for
// byte, and encode it as the definition does.
//
// Byte 0 chooses the pattern (and, with its top bit, whether whole pieces are looked up), byte 1 how
// many tokens are learned, byte 2 where the text to learn from ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_plain.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/unigram.hpp"

#include "holds.hpp"

namespace {

using namespace limpid;
using fuzz::expect;

constexpr std::size_t kMost = 1000;
constexpr Pattern kPatterns[] = {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace,
                                 Pattern::words, Pattern::none};

// Byte pairs as they are defined: of all neighbours join those of the lowest rank, of equal ones
// the leftmost, and begin again, until none is in the list.
void encode_plainly(const BytePairTokenizer& tokenizer, std::string_view piece,
                    std::vector<TokenId>& ids) {
  if (tokenizer.whole_pieces() == WholePieces::looked_up) {
    const auto whole = tokenizer.vocabulary().find(piece);
    if (whole && !tokenizer.is_special(*whole)) {
      ids.push_back(*whole);
      return;
    }
  }
  const auto merges = tokenizer.merges();
  std::vector<TokenId> tokens;
  for (const char byte : piece) {
    tokens.push_back(*tokenizer.vocabulary().find(std::string(1, byte)));
  }
  for (;;) {
    std::size_t lowest = merges.size(), place = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const auto rank = static_cast<std::size_t>(
          std::find(merges.begin(), merges.begin() + static_cast<std::ptrdiff_t>(lowest),
                    Merge{tokens[i], tokens[i + 1]}) -
          merges.begin());
      if (rank >= lowest) continue;
      lowest = rank;
      place = i;
    }
    if (lowest == merges.size()) break;
    const TokenId parts[] = {tokens[place], tokens[place + 1]};
    tokens[place] = *tokenizer.vocabulary().find(tokenizer.decode(parts));
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

void expect_pieces(std::string_view text, Pattern pattern) {
  while (!text.empty()) {
    const std::size_t length = piece_length(text, pattern);
    expect(length > 0 && length <= text.size(), "a piece is a part of the text");
    text.remove_prefix(length);
  }
}

void expect_plain_training(const PieceCounts& pieces, const BytePairTokenizer& tokenizer) {
  const LearnedMerges plain = learn_merges_plainly(pieces, tokenizer.vocab_size() - 1);
  const auto merges = tokenizer.merges();
  expect(std::equal(merges.begin(), merges.end(), plain.merges.begin(), plain.merges.end()),
         "the fast trainer learns what the plain one learns");
}

void byte_pairs(std::string_view learned, std::string_view text, Pattern pattern, TokenId more,
                WholePieces whole) {
  PieceCounts pieces(pattern);
  pieces.add(learned);
  BytePairTokenizer tokenizer =
      train_byte_pair(pieces, {.vocab_size = 257 + more, .pattern = pattern});
  expect_plain_training(pieces, tokenizer);
  if (whole == WholePieces::looked_up) {
    // A token that no merge makes.
    TokenSet tokens{tokenizer.vocabulary(), {tokenizer.special_ids()[0]}, std::nullopt};
    if (!text.empty()) tokens.vocabulary.add(text.substr(0, piece_length(text, pattern)));
    const std::vector<Merge> merges(tokenizer.merges().begin(), tokenizer.merges().end());
    tokenizer = BytePairTokenizer(std::move(tokens), merges, pattern, whole);
  }
  fuzz::expect_round_trip(tokenizer, text);
  std::vector<TokenId> ids;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = piece_length(rest, pattern);
    encode_plainly(tokenizer, rest.substr(0, length), ids);
    rest.remove_prefix(length);
  }
  expect(tokenizer.encode(text) == ids, "byte pairs join as they are defined to");
}

// Substrings of a text as pieces, beside the 256 bytes.
void unigram(std::string_view learned, std::string_view text, Pattern pattern) {
  TokenSet tokens = with_specials(Vocabulary::of_bytes(), default_specials());
  std::vector<double> log_probabilities(257, -20);
  for (std::size_t at = 0; at + 8 < learned.size() && at < 200; at += 5) {
    const TokenId id = tokens.vocabulary.add(learned.substr(at, 2 + at % 7));
    if (static_cast<std::size_t>(id) < log_probabilities.size()) continue;
    log_probabilities.push_back(-1 - static_cast<double>(at % 17));
  }
  const UnigramTokenizer tokenizer(std::move(tokens), std::move(log_probabilities), pattern);
  fuzz::expect_round_trip(tokenizer, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Pattern pattern = kPatterns[(data[0] & 0x7F) % std::size(kPatterns)];
  const WholePieces whole = (data[0] & 0x80) != 0 ? WholePieces::looked_up : WholePieces::merged;
  // The definitions take time with the square of the text.
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, std::min(size - 3, kMost));
  const std::size_t cut = rest.size() * data[2] / 256;
  const std::string_view learned = rest.substr(0, cut), text = rest.substr(cut);

  static const ByteTokenizer bytes;
  fuzz::expect_round_trip(bytes, text);
  expect_pieces(text, pattern);
  byte_pairs(learned, text, pattern, data[1] % 64, whole);
  unigram(learned, text, pattern);
  return 0;
}
