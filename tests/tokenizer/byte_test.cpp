#include "limpid/tokenizer/byte.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: id = byte leaves nothing to compare
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;

TEST_CASE("by hand: unhappiness is its bytes, é is two") {
  const ByteTokenizer tokenizer;
  CHECK(tokenizer.encode("unhappiness") ==
        Ids{0x75, 0x6E, 0x68, 0x61, 0x70, 0x70, 0x69, 0x6E, 0x65, 0x73, 0x73});
  CHECK(tokenizer.encode("é") == Ids{0xC3, 0xA9});
  CHECK(tokenizer.vocab_size() == 257);
  CHECK(tokenizer.end_of_text() == 256);
  CHECK(tokenizer.kind() == "byte");
}

TEST_CASE("property: every byte string comes back") {
  const ByteTokenizer tokenizer;
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = test::random_bytes(rng, rng.below(50));
    REQUIRE(tokenizer.decode(tokenizer.encode(bytes)) == bytes);
  }
  for (const std::string& text : test::kScripts) {
    CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
  }
}

TEST_CASE("edges: no text, no special tokens") {
  const ByteTokenizer plain{std::vector<std::string>{}};
  CHECK(plain.vocab_size() == 256);
  CHECK_FALSE(plain.end_of_text());
  CHECK(plain.encode("").empty());
  CHECK(plain.decode({}) == "");
}

TEST_CASE("misuse: a special token that is a byte, ids out of range") {
  CHECK_THROWS_WITH_AS(ByteTokenizer({"a"}),
                       "special_tokens: \"a\" is a token already, expected a text of its own",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ByteTokenizer({""}), "special_tokens: a special token is empty",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ByteTokenizer().decode(Ids{257}),
                       "vocabulary: token id is 257, expected 0 to 256", std::invalid_argument);
}
