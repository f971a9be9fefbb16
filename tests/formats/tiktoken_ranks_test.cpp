#include "limpid/formats/tiktoken_ranks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/formats/gpt2_vocabulary.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include "formats/gpt2_folder.hpp"
#include "support/scratch_directory.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO accumulation: nothing accumulates

using namespace limpid;
using namespace limpid::test;
using Ids = std::vector<TokenId>;

namespace {

std::string to_base64(std::string_view bytes) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= count ? kLetters[bits >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

std::string line(std::string_view bytes, TokenId id) {
  return to_base64(bytes) + " " + std::to_string(id) + "\n";
}

// The 256 bytes, backwards as no encoding has them, then " t" (256), "he" (257), " the" (258).
std::string good() {
  std::string text;
  for (int i = 0; i < 256; ++i) text += line(std::string(1, static_cast<char>(255 - i)), i);
  return text + line(" t", 256) + line("he", 257) + line(" the", 258);
}

const RankEncoding kPlain = {Pattern::gpt2, {{"<|endoftext|>", 261}}, 0};

std::string error_of(const std::string& text, const RankEncoding& encoding = kPlain) {
  return failure("", [&] { from_tiktoken_ranks(text, encoding, "F"); });
}

}  // namespace

TEST_CASE("by hand: lines, numbers, and numbers that nobody has") {
  const auto tokenizer = from_tiktoken_ranks(good(), kPlain, "F");
  CHECK(tokenizer.encode(" the") == Ids{258});
  CHECK(tokenizer.encode("he a") == Ids{257, 255 - ' ', 255 - 'a'});
  CHECK(tokenizer.vocab_size() == 262);
  CHECK(tokenizer.token_bytes(259) == "<|reserved_259|>");
  CHECK(tokenizer.is_special(260));
  CHECK(tokenizer.end_of_text() == 261);
  CHECK(tokenizer.whole_pieces() == WholePieces::looked_up);
  const std::vector<Merge> merges = {{255 - ' ', 255 - 't'}, {255 - 'h', 255 - 'e'}, {256, 257}};
  CHECK(std::equal(merges.begin(), merges.end(), tokenizer.merges().begin(),
                   tokenizer.merges().end()));
}

TEST_CASE("by hand: the two encodings that are known by name") {
  CHECK(r50k_base().pattern == Pattern::gpt2);
  CHECK(r50k_base().specials.front().id == 50256);
  CHECK(cl100k_base().pattern == Pattern::cl100k);
  CHECK(cl100k_base().specials.size() == 5);
  CHECK(cl100k_base().specials.front().text == "<|endoftext|>");
  CHECK(cl100k_base().specials.front().id == 100257);  // 100256 is nobody's
  CHECK(cl100k_base().specials.back().id == 100276);
  CHECK(error_of(good(), cl100k_base()) == "F: has 259 tokens, expected 100256");
}

// r50k_base is GPT-2's vocabulary: its ranks, written out here, must give GPT-2's merges and ids.
TEST_CASE("fixture: GPT-2's tokens as ranks give GPT-2's merges and ids") {
  const auto folder = gpt2_folder();
  if (!folder) return;
  const auto gpt2 = read_gpt2_vocabulary(*folder / "encoder.json", *folder / "vocab.bpe");
  std::string text;
  for (TokenId id = 0; id < 50256; ++id) text += line(gpt2.token_bytes(id), id);
  const auto tokenizer = from_tiktoken_ranks(text, r50k_base(), "r50k_base.tiktoken");
  CHECK(std::equal(tokenizer.merges().begin(), tokenizer.merges().end(), gpt2.merges().begin(),
                   gpt2.merges().end()));
  const auto golden = gpt2_golden(*folder);
  REQUIRE(!golden.empty());
  for (const GoldenText& example : golden) CHECK(tokenizer.encode(example.text) == example.ids);
}

TEST_CASE("property: a trained tokenizer comes back from its ranks") {
  Rng rng(1);
  const auto trained = train_byte_pair(zipf_text(rng, 4000, 600), {.vocab_size = 600});
  std::string text;
  for (TokenId id = 0; id < 599; ++id) text += line(trained.token_bytes(id), id);
  const auto again = from_tiktoken_ranks(text, {Pattern::gpt2, {{"<|endoftext|>", 599}}, 599}, "F");
  CHECK(std::equal(again.merges().begin(), again.merges().end(), trained.merges().begin(),
                   trained.merges().end()));
  for (int i = 0; i < 100; ++i) {
    const std::string sample = zipf_text(rng, 10, 600) + random_text(rng, 30);
    REQUIRE(again.encode(sample) == trained.encode(sample));
  }
}

TEST_CASE("property: no file that was cut short or altered is anything but read or refused") {
  const std::string text = good();
  const RankEncoding counted = {Pattern::gpt2, {}, 259};
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    REQUIRE(error_of(text.substr(0, size), counted).starts_with("F: "));
  }
  CHECK(error_of(text.substr(0, text.size() - 1), counted) == "no error");  // a last line feed
  Rng rng(2);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string altered = text;
    altered[rng.below(altered.size())] = "AZaz09+/= \n\r\xFF"[rng.below(13)];
    const std::string message = error_of(altered);
    if (message == "no error") continue;
    REQUIRE(message.starts_with("F: "));
    ++refused;
  }
  CHECK(refused > 2000);
}

TEST_CASE("edges: a special token among the ranks, lines in any order, no special tokens") {
  // As p50k_base has it: the ranks go on behind a special token.
  const std::string text = good() + line("ha", 260);
  const auto tokenizer = from_tiktoken_ranks(text, {Pattern::gpt2, {{"<|x|>", 259}}, 0}, "F");
  CHECK(tokenizer.vocab_size() == 261);
  CHECK(tokenizer.encode("ha<|x|>", Specials::recognised) == Ids{260, 259});
  const std::string turned = line("ha", 259) + good();
  CHECK(from_tiktoken_ranks(turned, {Pattern::none, {}, 0}, "F").encode("ha") == Ids{259});
}

TEST_CASE("misuse: lines that are none") {
  const std::string expected = ", expected a token in base64, a space and its number";
  CHECK(error_of("IQ==\n") == "F: line 1 is \"IQ==\"" + expected);
  CHECK(error_of("IQ== 0\n\nIg== 1\n") == "F: line 2 is \"\"" + expected);
  for (const char* bad : {" 0", "IQ== ", "IQ==  0", "IQ== 0 ", "IQ== -1", "IQ== 0x1", "IQ 0",
                          "IQ== 0\r", "IQ== 99999999999999999999", "IQ==\t0"}) {
    CAPTURE(bad);
    const std::string message = error_of(bad);
    CHECK(message.starts_with("F: line 1 is \""));
    CHECK(message.ends_with(expected));
  }
  CHECK(error_of(line(std::string(1025, 'a'), 0)) ==
        "F: line 1 has a token of 1025 bytes, expected at most 1024");
}

TEST_CASE("misuse: numbers that are missing, twice, out of range; bytes twice or missing") {
  CHECK(error_of(good() + line("x!", 258)) == "F: token \"eCE=\" has id 258, as another token has");
  CHECK(error_of(good() + line("x!", 1 << 30)) ==
        "F: token \"eCE=\" has id 1073741824, expected 0 to 260: there are 261 tokens");
  CHECK(error_of(good() + line("x!", 260)) == "F: no token has id 259, expected ids 0 to 261");
  CHECK(error_of(good() + line("he", 259)) ==
        "F: token 259 has the bytes of token 257, expected others");
  CHECK(error_of("") == "F: is empty, expected lines with a token in base64 and its number");
  CHECK(error_of(line("a", 0), {}) == "F: byte_pair: byte 0x00 has no token");
  for (const TokenId id : {-1, 259 + 1 + 4096}) {
    CHECK(error_of(good(), {Pattern::gpt2, {{"<|x|>", id}}, 0}) ==
          "F: special token \"<|x|>\" has id " + std::to_string(id) + ", expected 0 to 4355");
  }
  CHECK(error_of(good(), {Pattern::gpt2, {{"<|x|>", 7}}, 0}) ==
        "F: token \"+A==\" has id 7, as another token has");
  CHECK(error_of(good(), {Pattern::gpt2, {{"he", 259}}, 0}) ==
        "F: token 259 has the bytes of token 257, expected others");
}

TEST_CASE("misuse: no file") {
  const ScratchDirectory directory;
  CHECK(failure(directory.path(), [&] {
          read_tiktoken_ranks(directory / "none.tiktoken", kPlain);
        }).starts_with("none.tiktoken: "));
  put(directory / "x.tiktoken", "a");
  CHECK(failure(directory.path(), [&] {
          read_tiktoken_ranks(directory / "x.tiktoken", kPlain);
        }).starts_with("x.tiktoken: line 1 is \"a\", expected"));
}
