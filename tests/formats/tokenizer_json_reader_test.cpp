#include "limpid/formats/tokenizer_json_reader.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <stdexcept>
#include <string>

#include "limpid/core/rng.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include "formats/tokenizer_file.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: GPT-2's file is not in the project; it was tried by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using limpid::test::error_of;
using Json = nlohmann::json;

namespace {

// A good file: bytes, "th" (256), "the" (257), " the" (258), <|endoftext|> (259).
Json good() {
  return Json::parse(to_tokenizer_json(train_byte_pair(" the the", {.vocab_size = 260})));
}

// The error of a file that was good before an edit.
std::string error_after(const std::function<void(Json&)>& edit) {
  return test::error_after(good(), edit);
}

}  // namespace

// Merges are pairs, unset texts are empty, and the special token is not in the vocabulary.
TEST_CASE("by hand: a file as real models ship it") {
  Json file = good();
  file["model"]["vocab"].erase("<|endoftext|>");
  for (Json& merge : file["model"]["merges"]) {
    const auto text = merge.get<std::string>();
    const auto space = text.find(' ');
    merge = Json::array({text.substr(0, space), text.substr(space + 1)});
  }
  file["model"]["continuing_subword_prefix"] = "";
  file["model"]["end_of_word_suffix"] = "";
  file["model"]["unk_token"] = "<|endoftext|>";
  file["post_processor"] = {{"type", "ByteLevel"}};
  REQUIRE(error_of(file.dump()) == "no error");
  const auto tokenizer = from_tokenizer_json(file.dump(), "F");
  CHECK(tokenizer->fingerprint() == from_tokenizer_json(good().dump(), "F")->fingerprint());
  CHECK(tokenizer->encode(" the<|endoftext|>", Specials::recognised) ==
        std::vector<TokenId>{258, 259});
}

// Llama 3's file: `ignore_merges`, and a vocabulary that holds a token which no merge makes.
TEST_CASE("by hand: ignore_merges gives a piece that is a token to that token") {
  Json file = good();
  file["model"]["merges"].erase(2);  // " " + "the"
  const auto ids = [&] { return from_tokenizer_json(file.dump(), "F")->encode(" the the!"); };
  CHECK(ids() == std::vector<TokenId>{' ', 257, ' ', 257, '!'});
  file["model"]["ignore_merges"] = false;
  CHECK(ids() == std::vector<TokenId>{' ', 257, ' ', 257, '!'});
  file["model"]["ignore_merges"] = true;
  CHECK(ids() == std::vector<TokenId>{258, 258, '!'});
}

TEST_CASE("property: no file that was cut short or altered is anything but read or refused") {
  const std::string text = good().dump();
  for (std::size_t size = 0; size < text.size(); size += 7) {
    REQUIRE(error_of(text.substr(0, size)).starts_with("F: "));
  }
  Rng rng(1);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string altered = text;
    for (std::uint64_t edits = 1 + rng.below(3); edits > 0; --edits) {
      altered[rng.below(altered.size())] = "\"{}[],:0129ab \\\xFF"[rng.below(16)];
    }
    const std::string message = error_of(altered);
    const bool known = message == "no error" || message.starts_with("F: ");
    REQUIRE(known);
    refused += message != "no error";
  }
  CHECK(refused > 2000);
}

TEST_CASE("edges: the smallest files") {
  Json file = good();
  file["model"] = {{"type", "BPE"}, {"vocab", Json::object()}, {"merges", Json::array()}};
  file["added_tokens"] = Json::array();
  file["pre_tokenizer"] = nullptr;
  CHECK(from_tokenizer_json(file.dump(), "F")->vocab_size() == 0);
  file["model"]["vocab"] = {{"a", 0}};
  CHECK(from_tokenizer_json(file.dump(), "F")->kind() == "char");
  CHECK(from_tokenizer_json(file.dump(), "F")->vocab_size() == 1);
}

TEST_CASE("misuse: no JSON, no object, nested without end") {
  CHECK(error_of("") == "F: is not JSON, at byte 1");
  CHECK(error_of("{\"a\": \xFF}") == "F: is not JSON, at byte 7");
  CHECK(error_of("[]") == "F: the file is [], expected an object");
  CHECK(error_of("{}") == "F: model is null, expected object");
  CHECK(error_of("{\"version\": 1e999}") == "F: has a number that is too large");
  CHECK(error_of(std::string(1'000'000, '[')) == "F: is nested too deeply to be a tokenizer");
}

TEST_CASE("misuse: missing keys and wrong types") {
  CHECK(error_after([](Json& f) { f.erase("added_tokens"); }) ==
        "F: added_tokens is null, expected array");
  CHECK(error_after([](Json& f) { f["added_tokens"] = {1}; }) == "F: added_tokens[0] is no object");
  CHECK(error_after([](Json& f) { f["added_tokens"][0].erase("content"); }) ==
        "F: added_tokens[0].content is null, expected string");
  CHECK(error_after([](Json& f) { f["model"].erase("vocab"); }) ==
        "F: model.vocab is null, expected object");
  CHECK(error_after([](Json& f) { f["model"]["merges"] = "a b"; }) ==
        "F: model.merges is \"a b\", expected array");
  CHECK(error_after([](Json& f) { f["model"]["type"] = "Novel"; }) ==
        "F: model.type is \"Novel\", expected BPE, WordLevel, WordPiece or Unigram");
}

TEST_CASE("misuse: ids that are missing, twice, out of range or no numbers") {
  CHECK(error_after([](Json& f) {
          f["model"]["vocab"].erase("a");
        }).starts_with("F: token \"<|endoftext|>\" has id 259, expected 0 to 258: there are"));
  CHECK(error_after([](Json& f) { f["model"]["vocab"]["a"] = 98; }) ==
        "F: token \"b\" has id 98, as another token has");
  CHECK(error_after([](Json& f) { f["model"]["vocab"]["a"] = 260; }) ==
        "F: token \"a\" has id 260, expected 0 to 259: there are 260 tokens");
  for (const Json& id : {Json(-1), Json(1.5), Json("7"), Json(nullptr), Json(1ull << 63)}) {
    CHECK(error_after([&](Json& f) {
            f["model"]["vocab"]["a"] = id;
          }).starts_with("F: token \"a\" has id " + id.dump() + ", expected 0 to 259"));
  }
  CHECK(error_after([](Json& f) { f["added_tokens"][0]["id"] = 7; }) ==
        "F: added_tokens[0].id is 7, but model.vocab says 259");
  CHECK(error_after([](Json& f) { f["added_tokens"].push_back(f["added_tokens"][0]); }) ==
        "F: tokenizer: token 259 \"<|endoftext|>\" is special twice, expected once");
}

TEST_CASE("misuse: tokens that are no bytes, merges that make no sense") {
  CHECK(error_after([](Json& f) {
          f["model"]["vocab"].erase("the");
          f["model"]["vocab"]["th e"] = 257;
        }) == "F: token \"th e\" is not in GPT-2's alphabet of bytes");
  CHECK(error_after([](Json& f) { f["model"]["merges"][1] = "h q q"; }) ==
        "F: model.merges[1] is \"h q q\", expected \"a b\" or [\"a\", \"b\"]");
  CHECK(error_after([](Json& f) {
          f["model"]["merges"][1] = {"h", 1};
        }) == "F: model.merges[1] is [\"h\",1], expected \"a b\" or [\"a\", \"b\"]");
  CHECK(error_after([](Json& f) { f["model"]["merges"][1] = "h ee"; }) ==
        "F: model.merges[1] names \"ee\", which is not in model.vocab");
  CHECK(error_after([](Json& f) {
          f["model"]["merges"][1] = "h h";
        }).starts_with("F: byte_pair: merge 1 joins tokens 104 and 104, expected"));
  CHECK(error_after([](Json& f) { f["model"]["merges"][1] = f["model"]["merges"][0]; }) ==
        "F: byte_pair: merge 1 repeats merge 0");
}

TEST_CASE("misuse: settings that would change the ids") {
  CHECK(error_after([](Json& f) {
          f["normalizer"] = {{"type", "NFC"}};
        }) == "F: normalizer is {\"type\":\"NFC\"}, expected null: it is not supported");
  CHECK(error_after([](Json& f) {
          f["truncation"] = {{"max_length", 5}};
        }) == "F: truncation is {\"max_length\":5}, expected null: it is not supported");
  CHECK(error_after([](Json& f) { f["model"]["dropout"] = 0.1; }) ==
        "F: model.dropout is 0.1, expected null: it is not supported");
  CHECK(error_after([](Json& f) {
          f["model"]["byte_fallback"] = true;
        }).starts_with("F: pre_tokenizer is "));  // no file of a Llama's
  CHECK(error_after([](Json& f) { f["model"]["ignore_merges"] = 1; }) ==
        "F: model.ignore_merges is 1, expected null: it is not supported");
  CHECK(error_after([](Json& f) {
          f["model"]["type"] = "WordLevel";
          f["model"]["ignore_merges"] = true;
        }) == "F: model.ignore_merges is true, expected null: it is not supported");
  CHECK(error_after([](Json& f) { f["added_tokens"][0]["lstrip"] = true; }) ==
        "F: added_tokens[0].lstrip is true, expected null: it is not supported");
  CHECK(error_after([](Json& f) {
          f["pre_tokenizer"] = {{"type", "Whitespace"}};
        }) == "F: pre_tokenizer.type is \"Whitespace\", expected \"ByteLevel\" or \"Split\"");
  CHECK(error_after([](Json& f) { f["pre_tokenizer"] = nullptr; }) ==
        "F: pre_tokenizer has no ByteLevel, which a model with merges must have");
}
