#include "limpid/formats/gguf_tokenizer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "limpid/formats/llama2c_tokenizer.hpp"
#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/tokenizer/scored_pair.hpp"

#include "formats/gguf_bytes.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the byte-level vocabulary is GPT-2's, which gpt2_vocabulary_test compares
// NO accumulation: nothing accumulates

namespace {

const std::filesystem::path kPath = "F";
constexpr std::string_view kText = "the cat, the hat; it's 2026<|endoftext|>caf\xC3\xA9 the the\n";

// Written as keys and read back.
std::unique_ptr<Tokenizer> again(const Tokenizer& tokenizer, Index vocab) {
  GgufKeyWriter writer;
  write_gguf_tokenizer(writer, tokenizer, vocab);
  ByteCursor cursor(kPath, std::as_bytes(std::span(writer.bytes())));
  const GgufKeys keys(cursor, writer.count());
  return read_gguf_tokenizer(keys, kPath);
}

// Keys for the 256 bytes, "th" (merged) and <|end|>, to be changed.
struct Parts {
  std::string model = "gpt2", pre = "gpt-2";
  std::vector<std::string> tokens, merges{"t h"};
  std::vector<std::int32_t> types;

  Parts() {
    GgufKeyWriter writer;
    write_gguf_tokenizer(writer, ByteTokenizer(std::vector<std::string>{}), 256);
    ByteCursor cursor(kPath, std::as_bytes(std::span(writer.bytes())));
    tokens = *GgufKeys(cursor, writer.count()).texts("tokenizer.ggml.tokens");
    types.assign(256, 1);
    tokens.insert(tokens.end(), {"th", "<|end|>"});
    types.insert(types.end(), {1, 3});
  }
  std::string error() const {
    GgufBytes file;
    file.text("tokenizer.ggml.model", model);
    file.text("tokenizer.ggml.pre", pre);
    file.texts("tokenizer.ggml.tokens", tokens);
    file.numbers("tokenizer.ggml.token_type", 5, types);
    file.texts("tokenizer.ggml.merges", merges);
    std::string bytes;
    for (const std::string& key : file.keys) bytes += key;
    ByteCursor cursor(kPath, std::as_bytes(std::span(bytes)));
    const GgufKeys keys(cursor, file.keys.size());
    return failure("", [&] { read_gguf_tokenizer(keys, kPath); });
  }
};

}  // namespace

TEST_CASE("by hand: tokens in the alphabet of bytes, their types, merges with a space") {
  GgufKeyWriter writer;
  write_gguf_tokenizer(writer, *make_tokenizer("bpe:259", "the the the the"), 262);
  ByteCursor cursor(kPath, std::as_bytes(std::span(writer.bytes())));
  const GgufKeys keys(cursor, writer.count());
  CHECK(keys.text("tokenizer.ggml.model") == "gpt2");
  CHECK(keys.text("tokenizer.ggml.pre") == "gpt-2");
  const auto tokens = *keys.texts("tokenizer.ggml.tokens");
  REQUIRE(tokens.size() == 262);
  CHECK(tokens[32] == "\xC4\xA0");  // the space
  CHECK(tokens[258] == "<|endoftext|>");
  CHECK(tokens[261] == "[PAD261]");
  const auto types = *keys.integers("tokenizer.ggml.token_type");
  CHECK(types[65] == 1);
  CHECK(types[258] == 3);
  CHECK(types[261] == 5);
  CHECK(keys.texts("tokenizer.ggml.merges") == std::vector<std::string>{"t h", "th e"});
}

TEST_CASE("by hand: GPT-4's pattern has two names, by what happens to whole pieces") {
  const auto pre = [](WholePieces whole) {
    const TokenSet tokens{.vocabulary = Vocabulary::of_bytes(), .special_ids = {}, .unknown = {}};
    GgufKeyWriter writer;
    write_gguf_tokenizer(writer, BytePairTokenizer(tokens, {}, Pattern::cl100k, whole), 256);
    ByteCursor cursor(kPath, std::as_bytes(std::span(writer.bytes())));
    return GgufKeys(cursor, writer.count()).text("tokenizer.ggml.pre");
  };
  CHECK(pre(WholePieces::looked_up) == "llama-bpe");
  CHECK(pre(WholePieces::merged) == "smaug-bpe");
}

TEST_CASE("property: a tokenizer comes back as it was") {
  for (const char* spec : {"bpe:280", "byte"}) {
    const auto tokenizer = make_tokenizer(spec, kText);
    const auto back = again(*tokenizer, tokenizer->vocab_size());
    for (const std::string_view text : {kText, std::string_view("\xFF\x80 new words, 12345\n\n")}) {
      for (const Specials specials : {Specials::as_text, Specials::recognised}) {
        CHECK(back->encode(text, specials) == tokenizer->encode(text, specials));
      }
    }
    CHECK(back->end_of_text() == tokenizer->end_of_text());
    if (tokenizer->kind() == "bpe") CHECK(back->fingerprint() == tokenizer->fingerprint());
  }
  const auto cl100k = make_tokenizer("bpe:280", kText, {.pattern = Pattern::cl100k});
  CHECK(again(*cl100k, cl100k->vocab_size())->fingerprint() == cl100k->fingerprint());
}

TEST_CASE("property: pieces with scores come back as they were, the begin token from its own key") {
  const auto tokenizer = read_llama2c_tokenizer(std::string(LIMPID_SOURCE_DIR) +
                                                "/tests/fixtures/llama2c/tokenizer.bin");
  GgufKeyWriter writer;
  write_gguf_tokenizer(writer, *tokenizer, tokenizer->vocab_size());
  writer.integer("tokenizer.ggml.bos_token_id", 1);
  ByteCursor cursor(kPath, std::as_bytes(std::span(writer.bytes())));
  const GgufKeys keys(cursor, writer.count());
  CHECK(read_gguf_tokenizer(keys, kPath)->fingerprint() == tokenizer->fingerprint());
  CHECK(keys.text("tokenizer.ggml.model") == "llama");
  const auto types = *keys.integers("tokenizer.ggml.token_type");
  CHECK(std::vector<Index>(types.begin(), types.begin() + 4) == std::vector<Index>{2, 3, 3, 6});
  CHECK(types.back() == 1);
  CHECK(keys.texts("tokenizer.ggml.tokens")->at(259) == "\xE2\x96\x81t");
  // Unused tokens behind the others.
  CHECK(again(*tokenizer, 400)->vocab_size() == 400);
  CHECK(again(*tokenizer, 400)->encode("the cat") == tokenizer->encode("the cat"));
}

TEST_CASE("edges: pieces without a space before the text, a special token beyond ASCII") {
  TokenSet tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.vocabulary.add(byte_piece(byte));
  const ScoredPairTokenizer plain(tokens, std::vector<float>(256), {.space_before = false});
  CHECK(again(plain, 256)->fingerprint() == plain.fingerprint());
  Parts parts;
  parts.tokens[257] =
      "<the \xC3\xA9nd>";  // neither the space nor this e is in the alphabet of bytes
  CHECK(parts.error() == "no error");
}

TEST_CASE("edges: rows that the tokenizer lacks become unused tokens, which no text has") {
  const auto tokenizer = make_tokenizer("bpe:270", kText);
  const auto back = again(*tokenizer, 300);
  CHECK(back->vocab_size() == 300);
  CHECK(back->encode(kText) == tokenizer->encode(kText));
  CHECK(back->encode("[PAD299]") == tokenizer->encode("[PAD299]"));
  CHECK(Parts().error() == "no error");
}

TEST_CASE("misuse: tokenizers without a name in GGUF") {
  const auto error = [](const Tokenizer& tokenizer) {
    return failure("", [&] { again(tokenizer, tokenizer.vocab_size()); });
  };
  CHECK(error(*make_tokenizer("word", kText))
            .starts_with("gguf_tokenizer: GGUF has no tokenizer of the kind word, expected "));
  CHECK(error(*make_tokenizer("bpe:262", kText, {.pattern = Pattern::words}))
            .starts_with("gguf_tokenizer: GGUF has no name for the pattern words"));
}

TEST_CASE("misuse: keys that describe no tokenizer") {
  const auto error = [](auto change) {
    Parts parts;
    change(parts);
    return parts.error();
  };
  CHECK(error([](Parts& p) { p.model = "t5"; }) ==
        "F: key \"tokenizer.ggml.model\" is \"t5\", expected \"gpt2\" or \"llama\"");
  CHECK(error([](Parts& p) { p.pre = "qwen2"; }).starts_with("F: key \"tokenizer.ggml.pre\" is "));
  CHECK(error([](Parts& p) { p.types.pop_back(); }) ==
        "F: key \"tokenizer.ggml.token_type\" has 257 elements, expected 258, as there are tokens");
  CHECK(error([](Parts& p) { p.tokens[256] = "t h"; }) ==
        "F: token 256 is \"t h\", expected GPT-2's alphabet of bytes");
  CHECK(error([](Parts& p) { p.tokens[256] = "t"; }) ==
        "F: token 256 has the bytes of token 116, expected others");
  CHECK(error([](Parts& p) { p.merges = {"th"}; }) ==
        "F: merge 0 is \"th\", expected two tokens and a space between them");
  CHECK(error([](Parts& p) { p.merges = {"t h", "t i"}; }).starts_with("F: byte_pair: "));
  CHECK(error([](Parts& p) { p.merges = {"th e", "q the"}; }).starts_with("F: "));
  CHECK(error([](Parts& p) { p.merges = {"t xyz"}; }) ==
        "F: merge 0 names \"xyz\", which is no token");
  CHECK(error([](Parts& p) {
          p.tokens.erase(p.tokens.begin());
          p.types.pop_back();
        }).starts_with("F: byte_pair: "));
}

TEST_CASE("misuse: pieces without scores, with too few, a begin token that is none") {
  const auto error = [](std::size_t scores, std::uint32_t begin) {
    GgufBytes file;
    std::vector<std::string> tokens;
    for (int byte = 0; byte < 256; ++byte) tokens.push_back(byte_piece(byte));
    file.text("tokenizer.ggml.model", "llama");
    file.texts("tokenizer.ggml.tokens", tokens);
    if (scores > 0) {
      file.numbers("tokenizer.ggml.scores", 6, std::vector<float>(scores));
    }
    file.u32("tokenizer.ggml.bos_token_id", begin);
    std::string bytes;
    for (const std::string& key : file.keys) bytes += key;
    ByteCursor cursor(kPath, std::as_bytes(std::span(bytes)));
    const GgufKeys keys(cursor, file.keys.size());
    return failure("", [&] { read_gguf_tokenizer(keys, kPath); });
  };
  CHECK(error(256, 1) == "no error");
  CHECK(error(0, 1) == "F: key \"tokenizer.ggml.scores\" is missing");
  CHECK(error(255, 1) == "F: scored_pair: 255 scores, expected 256, as there are tokens");
  CHECK(error(256, 256) ==
        "F: key \"tokenizer.ggml.bos_token_id\" is 256, expected the number of "
        "one of 256 tokens");
}
