#include "limpid/tokenizer/batch_encoder.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include "support/threads.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO fixture: encoding the texts one by one is the other implementation
// NO accumulation: caches change no token, which the properties test

using namespace limpid;

namespace {

using Ids = std::vector<TokenId>;

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

TEST_CASE("by hand: bytes of three texts") {
  const ByteTokenizer tokenizer;
  BatchEncoder encoder(tokenizer);
  const std::vector<std::string_view> texts = {"ab", "", "c"};
  CHECK(encoder.encode(texts) == std::vector<Ids>{{97, 98}, {}, {99}});
}

TEST_CASE("property: as one by one, for any number of threads, batch after batch") {
  Rng rng(1);
  const BytePairTokenizer tokenizer =
      train_byte_pair(test::zipf_text(rng, 5000, 300), {.vocab_size = 500});
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    const test::ThreadScope scope(count);
    BatchEncoder encoder(tokenizer);
    for (const std::size_t size : {0, 1, 2, 7, 40}) {
      std::vector<std::string> texts;
      std::vector<Ids> expected;
      for (std::size_t i = 0; i < size; ++i) {
        texts.push_back(test::random_text(rng, rng.below(i % 3 == 0 ? 4 : 300)) +
                        (i % 4 == 0 ? "<|endoftext|>" : ""));
        expected.push_back(tokenizer.encode(texts.back(), Specials::recognised));
      }
      CHECK(encoder.encode(views(texts), Specials::recognised) == expected);
    }
  }
}

TEST_CASE("edges: more threads from one batch to the next") {
  const ByteTokenizer tokenizer;
  BatchEncoder encoder(tokenizer);
  const std::vector<std::string_view> texts = {"a", "b", "c", "d"};
  const std::vector<Ids> expected = {{97}, {98}, {99}, {100}};
  {
    const test::ThreadScope scope(1);
    CHECK(encoder.encode(texts) == expected);
  }
  const test::ThreadScope scope(3);
  CHECK(encoder.encode(texts) == expected);
}

TEST_CASE("misuse: a forbidden special token is the first bad text's error") {
  const ByteTokenizer tokenizer;
  BatchEncoder encoder(tokenizer);
  const test::ThreadScope scope(3);
  const std::vector<std::string_view> texts = {"fine", "a<|endoftext|>", "fine", "<|endoftext|>"};
  CHECK_THROWS_WITH_AS(
      encoder.encode(texts, Specials::forbidden),
      "tokenizer: the text holds \"<|endoftext|>\" at byte 1, where no special token is allowed",
      std::invalid_argument);
}
