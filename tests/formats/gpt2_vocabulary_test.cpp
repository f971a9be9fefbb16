#include "limpid/formats/gpt2_vocabulary.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include "formats/gpt2_folder.hpp"
#include "support/scratch_directory.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO accumulation: nothing accumulates

using namespace limpid;
using namespace limpid::test;
using Ids = std::vector<TokenId>;
using Json = nlohmann::json;

namespace {

// A pair of files: the bytes, " t" (256), "he" (257), " the" (258), <|endoftext|> (259).
struct Files {
  Json encoder = Json::object();
  std::string merges = "#version: 0.2\nĠ t\nh e\nĠt he\n";
};

Files good() {
  Files files;
  for (int byte = 0; byte < 256; ++byte) {
    files.encoder[to_byte_alphabet(std::string(1, static_cast<char>(byte)))] = byte;
  }
  files.encoder["Ġt"] = 256;
  files.encoder["he"] = 257;
  files.encoder["Ġthe"] = 258;
  files.encoder["<|endoftext|>"] = 259;
  return files;
}

BytePairTokenizer read(const Files& files) {
  return from_gpt2_vocabulary({"E", files.encoder.dump()}, {"M", files.merges});
}

std::string error_of(const Files& files) {
  return failure("", [&] { read(files); });
}

std::string error_after(const std::function<void(Files&)>& edit) {
  Files files = good();
  edit(files);
  return error_of(files);
}

std::string error_with_merges(const std::string& merges) {
  return error_after([&](Files& f) { f.merges = merges; });
}

}  // namespace

TEST_CASE("by hand: a small pair of files") {
  const auto tokenizer = read(good());
  CHECK(tokenizer.encode(" the he") == Ids{258, ' ', 257});
  CHECK(tokenizer.encode("<|endoftext|>", Specials::recognised) == Ids{259});
  CHECK(tokenizer.merges().size() == 3);
  CHECK(tokenizer.pattern() == Pattern::gpt2);
  CHECK(tokenizer.whole_pieces() == WholePieces::merged);
}

TEST_CASE("fixture: GPT-2's own files give the ids of GPT-2") {
  const auto folder = gpt2_folder();
  if (!folder) return;
  const auto tokenizer = read_gpt2_vocabulary(*folder / "encoder.json", *folder / "vocab.bpe");
  CHECK(tokenizer.vocab_size() == 50257);
  CHECK(tokenizer.end_of_text() == 50256);
  const auto golden = gpt2_golden(*folder);
  REQUIRE(!golden.empty());
  for (const GoldenText& example : golden) {
    CHECK(tokenizer.encode(example.text) == example.ids);
    CHECK(tokenizer.decode(example.ids) == example.text);
  }
}

TEST_CASE("property: a trained tokenizer comes back from a pair of files") {
  Rng rng(1);
  const auto trained = train_byte_pair(zipf_text(rng, 4000, 600), {.vocab_size = 600});
  Files files;
  for (TokenId id = 0; id < 599; ++id) {
    files.encoder[to_byte_alphabet(trained.token_bytes(id))] = id;
  }
  files.encoder["<|endoftext|>"] = 599;
  files.merges = "#version: 0.2\n";
  for (const Merge& merge : trained.merges()) {
    files.merges += to_byte_alphabet(trained.token_bytes(merge.left)) + " " +
                    to_byte_alphabet(trained.token_bytes(merge.right)) + "\n";
  }
  CHECK(read(files).fingerprint() == trained.fingerprint());
}

TEST_CASE("property: no file that was cut short or altered is anything but read or refused") {
  const Files files = good();
  const std::string encoder = files.encoder.dump();
  const auto error = [](const std::string& json, const std::string& merges) {
    return failure("", [&] { from_gpt2_vocabulary({"E", json}, {"M", merges}); });
  };
  for (std::size_t size = 0; size < encoder.size(); ++size) {
    REQUIRE(error(encoder.substr(0, size), files.merges).starts_with("E: "));
  }
  for (std::size_t size = 0; size + 1 < files.merges.size(); ++size) {
    REQUIRE(error(encoder, files.merges.substr(0, size)).starts_with("M: "));
  }
  Rng rng(2);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string json = encoder, merges = files.merges;
    std::string& altered = i % 2 == 0 ? json : merges;
    altered[rng.below(altered.size())] = "\"{}[],:0129ab \\\n\xFF"[rng.below(17)];
    const std::string message = error(json, merges);
    if (message == "no error") continue;
    REQUIRE((message.starts_with("E: ") || message.starts_with("M: ")));
    ++refused;
  }
  CHECK(refused > 1500);
}

TEST_CASE("edges: no version line, no last line feed, other special tokens or none") {
  Files files = good();
  files.merges = "Ġ t\nh e\nĠt he";
  CHECK(read(files).fingerprint() == read(good()).fingerprint());
  const auto with = [&](const std::vector<std::string>& specials) {
    return from_gpt2_vocabulary({"E", files.encoder.dump()}, {"M", files.merges}, specials);
  };
  files.encoder["世 界"] = 260;  // a special token is text, not bytes in the alphabet
  REQUIRE_NOTHROW(with({"世 界", "<|endoftext|>"}));
  const auto two = with({"世 界", "<|endoftext|>"});
  CHECK(two.encode("世 界", Specials::recognised) == Ids{260});
  files.encoder.erase("世 界");
  files.encoder.erase("<|endoftext|>");
  CHECK(with({}).special_ids().empty());
  // The bytes alone: no merge at all.
  for (const char* name : {"Ġt", "he", "Ġthe"}) files.encoder.erase(name);
  files.merges = "#version: 0.2\n";
  CHECK(with({}).vocab_size() == 256);
}

TEST_CASE("misuse: merges that make no sense") {
  const std::string pair = ", expected two tokens with a space between them";
  CHECK(error_with_merges("#version: 0.2\nĠ t\nĠ\n") == "M: line 3 is \"Ġ\"" + pair);
  CHECK(error_with_merges("#version: 0.2\n\nĠ t\n") == "M: line 2 is \"\"" + pair);
  CHECK(error_with_merges("Ġ t h\n") == "M: line 1 is \"Ġ t h\"" + pair);
  CHECK(error_with_merges("Ġ t\n#version: 0.2 x\n") == "M: line 2 is \"#version: 0.2 x\"" + pair);
  CHECK(error_with_merges("Ġ t\nx qq\n") == "M: line 2 names \"qq\", which is not in E");
  CHECK(error_with_merges("Ġ t\n世 t\n") == "M: line 2 names \"世\", which is not in E");
  CHECK(error_with_merges("Ġ t\nh \n") == "M: line 2 names \"\", which is not in E");
  CHECK(error_with_merges("Ġ t\nh h\n")
            .starts_with("M: byte_pair: merge 1 joins tokens 104 and 104, expected"));
  CHECK(error_with_merges("Ġ t\nĠ t\n") == "M: byte_pair: merge 1 repeats merge 0");
  CHECK(error_with_merges("Ġ t\nh e\n") ==
        "M: no merge makes token 258 \"Ġthe\", expected one: cut short, or it is special?");
  CHECK(error_after([](Files& f) { f.encoder["<pad>"] = 260; }) ==
        "M: no merge makes token 260 \"<pad>\", expected one: cut short, or it is special?");
}

TEST_CASE("misuse: tokens that are missing, twice, out of range, nested, or not in the alphabet") {
  CHECK(error_after([](Files& f) {
          f.encoder.erase("a");
        }).starts_with("E: token \"<|endoftext|>\" has id 259, expected 0 to 258: there are"));
  CHECK(error_after([](Files& f) { f.encoder["a"] = 98; }) ==
        "E: token \"b\" has id 98, as another token has");
  for (const Json& id : {Json(-1), Json(1.5), Json("7"), Json(nullptr), Json(260)}) {
    CHECK(error_after([&](Files& f) { f.encoder["a"] = id; }) ==
          "E: token \"a\" has id " + id.dump() + ", expected 0 to 259: there are 260 tokens");
  }
  CHECK(error_after([](Files& f) { f.encoder["a"] = Json::array(); }) ==
        "E: token \"a\" has id [], expected 0 to 259: there are 260 tokens");
  CHECK(error_after([](Files& f) {
          f.encoder["a"] = {{"b", {1}}};
        }) == "E: is nested, expected an object of tokens and their ids");
  CHECK(failure("", [] {
          from_gpt2_vocabulary({"E", "{\"a\": 1e999}"}, {"M", ""});
        }) == "E: has a number that is too large");
  CHECK(error_after([](Files& f) {
          f.encoder.erase("he");
          f.encoder["h e"] = 257;
        }) == "E: token \"h e\" is not in GPT-2's alphabet of bytes");
  CHECK(error_after([](Files& f) { f.encoder.erase("<|endoftext|>"); }) ==
        "E: has no token \"<|endoftext|>\", expected it: it is special");
  CHECK(error_after([](Files& f) { f.encoder = Json::array(); }) ==
        "E: is no object, expected one of tokens and their ids");
  CHECK(error_after([](Files& f) {
          f.encoder = Json::object();
        }).starts_with("E: has no token \"<|endoftext|>\""));
  // Every byte must be spelt: here 0xFF's place is taken by another token.
  CHECK(error_after([](Files& f) {
          f.encoder.erase("ÿ");
          f.encoder["et"] = 255;
          f.merges += "e t\n";
        }) == "M: byte_pair: byte 0xFF has no token");
}

TEST_CASE("misuse: no file") {
  const ScratchDirectory directory;
  put(directory / "encoder.json", "{");
  const auto error = [&](const char* encoder, const char* merges) {
    return failure(directory.path(),
                   [&] { read_gpt2_vocabulary(directory / encoder, directory / merges); });
  };
  CHECK(error("none.json", "none.bpe").starts_with("none.json: "));
  CHECK(error("encoder.json", "none.bpe").starts_with("none.bpe: "));
  put(directory / "vocab.bpe", "");
  CHECK(error("encoder.json", "vocab.bpe") == "encoder.json: is not JSON, at byte 2");
}
