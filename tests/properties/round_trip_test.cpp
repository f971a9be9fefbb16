// Tokenizers that promise to keep a text give it back byte for byte, whatever they were trained on. Texts
// are made of pieces that tokenizers stumble over, with any bytes between them.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/character.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/tokenizer/unigram_trainer.hpp"
#include "limpid/tokenizer/utf8.hpp"
#include "limpid/tokenizer/word.hpp"

#include "support/property.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

const std::vector<std::string> kPieces = {"a",
                                          " ",
                                          "the",
                                          " the",
                                          "ing",
                                          "isn't",
                                          "\n",
                                          "\r\n",
                                          "  ",
                                          "\t",
                                          "7",
                                          " 1234567",
                                          ".",
                                          "?!",
                                          "\u00e9",
                                          "e\u0301",
                                          "\u00a0",
                                          "\u3000",
                                          "\u4e16\u754c",
                                          "\U0001F44D\U0001F3FD",
                                          "\u0633",
                                          "<|",
                                          "<|endoftext|>",
                                          "<|unknown|>",
                                          "|>",
                                          "##",
                                          "\u2581",
                                          std::string(1, '\0')};

const std::vector<Pattern> kPatterns = {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace,
                                        Pattern::words, Pattern::none};

// Pieces one behind the other. A failure loses pieces, and what is left becomes the first piece.
std::string pick_text(const char* name, bool any_bytes) {
  const auto piece = rc::gen::map(rc::gen::inRange<std::size_t>(0, kPieces.size()),
                                  [](std::size_t i) { return kPieces[i]; });
  const auto byte = rc::gen::map(rc::gen::inRange(0, 256),
                                 [](int i) { return std::string(1, static_cast<char>(i)); });
  const auto pieces =
      *rc::gen::container<std::vector<std::string>>(
           any_bytes ? rc::gen::weightedOneOf<std::string>({{3, piece}, {2, byte}}) : piece)
           .as(name);
  std::string text;
  for (const std::string& part : pieces) text += part;
  return text;
}

bool knows(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  const auto unknown = tokenizer.unknown();
  return !unknown || std::find(ids.begin(), ids.end(), *unknown) == ids.end();
}

// Where a part of the text is unknown, nothing is promised.
void check_comes_back(const Tokenizer& tokenizer, std::string_view text) {
  RC_ASSERT(tokenizer.keeps_text());
  const std::unique_ptr<EncodeCache> cache = tokenizer.new_cache();
  for (const Specials specials : {Specials::as_text, Specials::recognised}) {
    const std::vector<TokenId> ids = tokenizer.encode(text, specials, cache.get());
    if (!knows(tokenizer, ids)) continue;
    RC_ASSERT(tokenizer.decode(ids) == text);
    const PlacedTokens placed = tokenizer.encode_with_places(text, specials);
    RC_ASSERT(placed.ids == ids);
    // Each token is the bytes that stand in its place.
    std::size_t end = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      RC_ASSERT(placed.places[i].begin == end);
      end = placed.places[i].end;
      RC_ASSERT(text.substr(placed.places[i].begin, end - placed.places[i].begin) ==
                tokenizer.token_bytes(ids[i]));
    }
    RC_ASSERT(end == text.size());
    // Letters are never a special token.
    for (const TokenId id : ids) {
      RC_ASSERT(specials == Specials::recognised || !tokenizer.is_special(id));
    }
  }
}

}  // namespace

TEST_CASE("property: bytes: any bytes come back") {
  for_all([] { check_comes_back(ByteTokenizer(), pick_text("text", true)); });
}

TEST_CASE("property: byte pairs: any bytes come back, whatever was learned") {
  for_all([] {
    const std::string learned = "the " + pick_text("text to learn from", false);
    const BytePairTokenizer tokenizer =
        train_byte_pair(learned, {.vocab_size = static_cast<TokenId>(pick("vocabulary", 257, 400)),
                                  .pattern = pick_one<Pattern>("pattern", kPatterns)});
    check_comes_back(tokenizer, pick_text("text", true));
  });
}

TEST_CASE("property: unigram with the bytes to fall back on: any bytes come back") {
  for_all([] {
    const std::string learned = "the " + pick_text("text to learn from", false);
    const UnigramTokenizer tokenizer =
        train_unigram(learned, {.vocab_size = static_cast<TokenId>(pick("vocabulary", 320, 400)),
                                .pattern = pick_one<Pattern>("pattern", kPatterns),
                                .byte_fallback = true});
    check_comes_back(tokenizer, pick_text("text", true));
  });
}

TEST_CASE("property: characters, words and unigram: whatever is known comes back") {
  for_all([] {
    // Everything twice: words that occur once are left out.
    const std::string half = "the " + pick_text("text to learn from", false) + "\n";
    const auto kind = pick_one<std::string>("tokenizer", {"char", "word", "unigram:100"});
    const std::unique_ptr<Tokenizer> tokenizer = make_tokenizer(kind, half + half);
    const std::string_view first = texts_between(half, default_specials())[0];
    RC_ASSERT(knows(*tokenizer, tokenizer->encode(kind == "word" ? "the" : first)));
    check_comes_back(*tokenizer, half);
    check_comes_back(*tokenizer, pick_text("text", true));
  });
}
