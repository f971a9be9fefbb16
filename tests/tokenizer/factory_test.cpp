#include "limpid/tokenizer/factory.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

// NO gradient check: a tokenizer has no gradient
// NO fixture: the kinds have tests of their own
// NO accumulation: nothing accumulates

using namespace limpid;

TEST_CASE("by hand: the words of the command line") {
  const std::string text = "the cat, the hat, the cat";
  CHECK(make_tokenizer("word", text)->kind() == "word");
  CHECK(make_tokenizer("char", text)->kind() == "char");
  CHECK(make_tokenizer("byte", text)->kind() == "byte");
  CHECK(make_tokenizer("bpe:260", text)->kind() == "bpe");
  CHECK(make_tokenizer("bpe:260", text)->vocab_size() == 260);
  CHECK(make_tokenizer("wordpiece:30", text)->kind() == "wordpiece");
  CHECK(make_tokenizer("wordpiece:12", text)->vocab_size() == 12);
  CHECK(make_tokenizer("unigram:14", text)->kind() == "unigram");
  CHECK(make_tokenizer("unigram:14", text)->vocab_size() == 14);
  for (const char* spec : {"bpe:1", "wordpiece:1", "unigram:1"}) CHECK(is_tokenizer_spec(spec));
  CHECK_FALSE(is_tokenizer_spec("tokenizer.json"));
}

TEST_CASE("property: special tokens and the unknown one are there when asked for") {
  for (const char* spec : {"word", "char", "byte", "bpe:300", "wordpiece:9", "unigram:9"}) {
    CHECK(make_tokenizer(spec, "a b a b")->end_of_text());
    CHECK_FALSE(make_tokenizer(spec, "a b a b", {.specials = {}})->end_of_text());
  }
  CHECK(make_tokenizer("char", "abc", {.specials = {}, .unknown = false})->vocab_size() == 3);
  CHECK(make_tokenizer("char", "abc", {.specials = {}})->vocab_size() == 4);
}

TEST_CASE("property: a word that occurs once stays unknown, so that the unknown one is learned") {
  const auto words = make_tokenizer("word", "x a a b");
  CHECK(words->encode(" b") == words->encode(" c"));
  CHECK(words->encode(" a") != words->encode(" b"));
}

TEST_CASE("property: the pattern is that of bpe and unigram") {
  for (const char* spec : {"bpe:300", "unigram:30"}) {
    const auto encode = [&](Pattern pattern) {
      return make_tokenizer(spec, "a b a b a b", {.pattern = pattern})->encode("a b a b");
    };
    CHECK(encode(Pattern::none).size() < encode(Pattern::gpt2).size());
  }
}

TEST_CASE("edges: bytes need no text; the smallest byte-pair vocabulary") {
  CHECK(make_tokenizer("byte", "")->vocab_size() == 257);
  CHECK(make_tokenizer("bpe:257", "text")->vocab_size() == 257);
}

TEST_CASE("misuse: words that mean nothing, sizes that are none") {
  CHECK_THROWS_WITH_AS(make_tokenizer("wordpiece", ""),
                       "tokenizer: \"wordpiece\" is unknown, expected word, char, byte, bpe:SIZE, "
                       "wordpiece:SIZE or unigram:SIZE",
                       std::invalid_argument);
  for (const std::string kind : {"bpe", "wordpiece", "unigram"}) {
    for (const char* size : {":", ":many", ":1e3", ":99999999999", ":0", ":-1"}) {
      const std::string spec = kind + size;
      CHECK_THROWS_WITH_AS(make_tokenizer(spec, ""),
                           ("tokenizer: \"" + spec +
                            "\" has no size, expected a number of tokens as in " + kind + ":1024")
                               .c_str(),
                           std::invalid_argument);
    }
    CHECK_THROWS_AS(make_tokenizer(kind + ":1", "text"), std::invalid_argument);
  }
  CHECK_THROWS_AS(make_tokenizer("bpe:256", ""), std::invalid_argument);
  CHECK_THROWS_AS(make_tokenizer("char", ""), std::invalid_argument);
}
