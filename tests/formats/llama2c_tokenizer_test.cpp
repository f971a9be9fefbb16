#include "limpid/formats/llama2c_tokenizer.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "limpid/tokenizer/byte.hpp"

#include "formats/gguf_bytes.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates

namespace {

const std::string kFixtures = std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/";

std::string entry(const std::string& token, float score = 0) {
  return raw(score) + raw(static_cast<std::int32_t>(token.size())) + token;
}

// The three marks, the bytes, and "a".
std::vector<std::string> small() {
  std::vector<std::string> entries{raw(std::int32_t{6}), entry("<unk>"), entry("<s>"),
                                   entry("</s>")};
  for (int byte = 0; byte < 256; ++byte) entries.push_back(entry(byte_piece(byte)));
  entries.push_back(entry("a", -1));
  return entries;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

std::string error_of(const std::string& bytes) {
  const ScratchDirectory directory;
  put(directory / "t", bytes);
  return failure(directory.path(), [&] { read_llama2c_tokenizer(directory / "t"); });
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

TEST_CASE("by hand: marks, bytes, pieces") {
  const ScratchDirectory directory;
  put(directory / "t", joined(small()));
  const auto tokenizer = read_llama2c_tokenizer(directory / "t");
  CHECK(tokenizer->vocab_size() == 260);
  CHECK(tokenizer->options().begin == 1);
  CHECK(tokenizer->unknown() == 0);
  CHECK(tokenizer->byte_token('a') == 3 + 'a');
  CHECK(tokenizer->score(259) == -1);
  CHECK(tokenizer->encode("ab") == std::vector<TokenId>{3 + ' ', 259, 3 + 'b'});
}

TEST_CASE("property: read and written, a file has the same bytes") {
  const ScratchDirectory directory;
  put(directory / "small", joined(small()));
  for (const std::string& path :
       {(directory / "small").string(), kFixtures + "llama2c/tokenizer.bin"}) {
    write_llama2c_tokenizer(directory / "again", *read_llama2c_tokenizer(path));
    CHECK(get(directory / "again") == get(path));
  }
}

TEST_CASE("property: a file cut at any byte is refused, or has fewer tokens") {
  const std::string all = joined(small());
  const std::size_t last = all.size() - 9;  // without "a" it still is a vocabulary
  for (std::size_t size = 0; size < all.size(); ++size) {
    CAPTURE(size);
    const std::string message = error_of(all.substr(0, size));
    CHECK((message.starts_with("t: ") || (size == last && message == "no error")));
  }
}

TEST_CASE("fixture: the ids of another implementation, and the texts back") {
  const auto tokenizer = read_llama2c_tokenizer(kFixtures + "llama2c/tokenizer.bin");
  const auto cases = nlohmann::json::parse(get(kFixtures + "llama2c.json")).at("tokenizer");
  REQUIRE(cases.at("texts").size() >= 10);
  for (std::size_t i = 0; i < cases.at("texts").size(); ++i) {
    const std::string text = from_hex(cases.at("texts")[i]);
    CAPTURE(text);
    CHECK(tokenizer->encode(text) == cases.at("ids")[i].get<std::vector<TokenId>>());
    CHECK(tokenizer->decode(tokenizer->encode(text)) == text);
  }
}

TEST_CASE("edges: the smallest vocabulary, marks spelt otherwise") {
  std::vector<std::string> entries = small();
  entries.pop_back();
  CHECK(error_of(joined(entries)) == "no error");
  entries[2] = entry("\n<s>\n");
  CHECK(error_of(joined(entries)) == "no error");
  entries.back() = entry("<0xFF>", -1e30F);
  CHECK(error_of(joined(entries)) == "no error");
}

TEST_CASE("misuse: lengths that lie, tokens twice, bytes out of place, scores that are none") {
  const auto error = [](auto change) {
    std::vector<std::string> entries = small();
    change(entries);
    return error_of(joined(entries));
  };
  const auto length = [](std::int32_t number) { return raw(0.F) + raw(number) + "a"; };
  CHECK(error_of("") ==
        "t: ends at byte 0, expected 4 bytes from byte 0: the length of the longest token");
  CHECK(error([&](auto& e) { e.back() = length(-1); }) ==
        "t: token 259 has length -1, expected 0 to 6, the longest");
  CHECK(error([&](auto& e) { e.back() = length(7); }) ==
        "t: token 259 has length 7, expected 0 to 6, the longest");
  CHECK(error([&](auto& e) { e.front() = raw(std::int32_t{2'000'000'000}); }) == "no error");
  CHECK(error([&](auto& e) {
          e.front() = raw(std::int32_t{2'000'000'000});
          e.back() = length(2'000'000'000);
        }).ends_with("expected 2000000000 bytes from byte 3632: a token's bytes"));
  CHECK(error([&](auto& e) { e.back() = entry("<s>"); }) ==
        "t: token 259 has the bytes of token 1, expected others");
  CHECK(error([&](auto& e) { std::swap(e[4], e[5]); }) ==
        "t: token 3 is \"<0x01>\", expected \"<0x00>\"");
  CHECK(error([&](auto& e) { std::swap(e[259], e[260]); }) ==
        "t: token 258 is \"a\", expected \"<0xFF>\"");
  CHECK(error([&](auto& e) { e.resize(200); }) == "t: has 199 tokens, expected at least 259");
  CHECK(error([&](auto& e) { e.back() = entry("a", std::nanf("")); }) ==
        "t: scored_pair: token 259 has score nan, expected a number");
}

TEST_CASE("misuse: tokenizers that the format cannot hold") {
  const ScratchDirectory directory;
  const auto error = [&](const Tokenizer& tokenizer) {
    return failure("", [&] { write_llama2c_tokenizer(directory / "t", tokenizer); });
  };
  CHECK(error(ByteTokenizer()) ==
        "llama2c_tokenizer: tokenizer.bin holds pieces with scores "
        "(sentencepiece), this tokenizer is of the kind byte");
  TokenSet tokens;
  tokens.vocabulary.add("<0x00>");
  tokens.vocabulary.add("<s>");
  for (int byte = 1; byte < 256; ++byte) tokens.vocabulary.add(byte_piece(byte));
  tokens.special_ids = {1};
  CHECK(error(ScoredPairTokenizer(tokens, std::vector<float>(257), {.begin = 1})) ==
        "llama2c_tokenizer: byte 0 is token 0, expected 3");
  for (const ScoredPairTokenizer::Options& options :
       {ScoredPairTokenizer::Options{}, {.begin = 1, .space_before = false}}) {
    CHECK(error(ScoredPairTokenizer(tokens, std::vector<float>(257), options))
              .starts_with("llama2c_tokenizer: tokenizer.bin has token 1 before a text"));
  }
  CHECK(directory.entries() == 0);
}
