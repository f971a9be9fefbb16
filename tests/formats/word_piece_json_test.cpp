#include "limpid/formats/word_piece_json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/word_piece_trainer.hpp"

#include "formats/tokenizer_file.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: BERT's file is not in the project
// NO accumulation: nothing accumulates

using namespace limpid;
using namespace limpid::test;
using Ids = std::vector<TokenId>;
using Json = nlohmann::json;

namespace {

// A file in the shape of BERT's, with a vocabulary of its own: the special tokens come first, and
// the unknown one is among them.
Json bert() {
  return Json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [
      {"id": 0, "special": true, "content": "[PAD]", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false},
      {"id": 1, "special": true, "content": "[UNK]", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false},
      {"id": 2, "special": true, "content": "[CLS]", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing"},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100,
              "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "un": 3, "##happi": 4, "##ness": 5,
                        "e": 6, ".": 7}}})");
}

std::string error_after(const std::function<void(Json&)>& edit) {
  return test::error_after(bert(), edit);
}

}  // namespace

TEST_CASE("by hand: what stands in the file") {
  const auto file = Json::parse(
      to_tokenizer_json(train_word_piece("ab ab", {.vocab_size = 5, .lower_case = false})));
  CHECK(file["normalizer"] == Json{{"type", "BertNormalizer"},
                                   {"clean_text", true},
                                   {"handle_chinese_chars", true},
                                   {"strip_accents", nullptr},
                                   {"lowercase", false}});
  CHECK(file["pre_tokenizer"] == Json{{"type", "BertPreTokenizer"}});
  CHECK(file["decoder"] == Json{{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", false}});
  Json model = file["model"];
  CHECK(model["vocab"] ==
        Json{{"##b", 0}, {"a", 1}, {"ab", 2}, {"[UNK]", 3}, {"<|endoftext|>", 4}});
  model.erase("vocab");
  CHECK(model == Json{{"type", "WordPiece"},
                      {"unk_token", "[UNK]"},
                      {"continuing_subword_prefix", "##"},
                      {"max_input_chars_per_word", 100}});
  CHECK(file["added_tokens"][0]["content"] == "<|endoftext|>");
}

TEST_CASE("by hand: a file as BERT's is") {
  const auto tokenizer = from_tokenizer_json(bert().dump(), "F");
  CHECK(tokenizer->kind() == "wordpiece");
  CHECK(tokenizer->unknown() == 1);
  CHECK(tokenizer->encode("Unhappiness é xyz.") == Ids{3, 4, 5, 6, 1, 7});
  CHECK(tokenizer->encode("[CLS]un[UNK][PAD]", Specials::recognised) == Ids{2, 3, 1, 0});
  CHECK(tokenizer->encode("[PAD]") == Ids{1, 1, 1});  // [ pad ]
  CHECK(tokenizer->decode(Ids{3, 4, 5, 7}) == "unhappiness .");
  CHECK(from_tokenizer_json(to_tokenizer_json(*tokenizer), "F")->fingerprint() ==
        tokenizer->fingerprint());
}

TEST_CASE("property: written and read, the ids are the same") {
  Rng rng(3);
  std::string text = zipf_text(rng, 1000, 200);
  for (const std::string& script : kScripts) text += " " + script;
  for (const bool lower_case : {true, false}) {
    const auto tokenizer = train_word_piece(text, {.vocab_size = 700, .lower_case = lower_case});
    const std::string json = to_tokenizer_json(tokenizer);
    const auto again = from_tokenizer_json(json, "F");
    CHECK(again->fingerprint() == tokenizer.fingerprint());
    CHECK(again->kind() == "wordpiece");
    CHECK(to_tokenizer_json(*again) == json);
    for (int i = 0; i < 100; ++i) {
      const std::string sample = zipf_text(rng, 10, 200) + random_text(rng, 30);
      REQUIRE(again->encode(sample) == tokenizer.encode(sample));
      REQUIRE(again->decode(again->encode(sample)) == tokenizer.decode(tokenizer.encode(sample)));
    }
    for (const std::string& script : kScripts) {
      CHECK(again->encode(script) == tokenizer.encode(script));
    }
  }
}

TEST_CASE("edges: accents said apart, where both say the same; no special token at all") {
  Json file = bert();
  file["normalizer"]["strip_accents"] = true;
  CHECK(from_tokenizer_json(file.dump(), "F")->encode("É") == Ids{6});
  file["normalizer"]["lowercase"] = false;
  file["normalizer"]["strip_accents"] = false;
  CHECK(from_tokenizer_json(file.dump(), "F")->encode("É e") == Ids{1, 6});
  file["added_tokens"] = Json::array();
  const auto tokenizer = from_tokenizer_json(file.dump(), "F");
  CHECK(tokenizer->special_ids().empty());
  CHECK(tokenizer->unknown() == 1);
}

TEST_CASE("misuse: another cleaning, other words") {
  CHECK(error_after([](Json& f) { f["normalizer"] = nullptr; }) ==
        "F: normalizer is null, expected object");
  CHECK(error_after([](Json& f) { f["normalizer"]["type"] = "NFC"; }) ==
        "F: normalizer.type is \"NFC\", expected \"BertNormalizer\"");
  CHECK(error_after([](Json& f) { f["normalizer"]["clean_text"] = false; }) ==
        "F: normalizer.clean_text is false, expected true");
  CHECK(error_after([](Json& f) { f["normalizer"].erase("handle_chinese_chars"); }) ==
        "F: normalizer.handle_chinese_chars is null, expected true");
  CHECK(error_after([](Json& f) { f["normalizer"]["lowercase"] = 1; }) ==
        "F: normalizer.lowercase is 1, expected boolean");
  CHECK(error_after([](Json& f) { f["normalizer"]["strip_accents"] = false; }) ==
        "F: normalizer.strip_accents is false, expected null or true, as lowercase is");
  CHECK(error_after([](Json& f) { f["pre_tokenizer"] = nullptr; }) ==
        "F: pre_tokenizer is null, expected object");
  CHECK(error_after([](Json& f) { f["pre_tokenizer"]["type"] = "Whitespace"; }) ==
        "F: pre_tokenizer.type is \"Whitespace\", expected \"BertPreTokenizer\"");
}

TEST_CASE("misuse: another model") {
  CHECK(error_after([](Json& f) { f["model"]["vocab"] = Json::array(); }) ==
        "F: model.vocab is [], expected object");
  CHECK(error_after([](Json& f) { f["model"]["continuing_subword_prefix"] = "@@"; }) ==
        "F: model.continuing_subword_prefix is \"@@\", expected \"##\"");
  CHECK(error_after([](Json& f) { f["model"]["max_input_chars_per_word"] = 200; }) ==
        "F: model.max_input_chars_per_word is 200, expected 100");
  CHECK(error_after([](Json& f) { f["model"].erase("unk_token"); }) ==
        "F: model.unk_token is null, expected string");
  CHECK(error_after([](Json& f) { f["model"]["unk_token"] = "<unk>"; }) ==
        "F: model.unk_token \"<unk>\" is no token");
  CHECK(error_after([](Json& f) { f["model"]["vocab"].erase("un"); }) ==
        "F: token \".\" has id 7, expected 0 to 6: there are 7 tokens");
  CHECK(error_after([](Json& f) { f["added_tokens"][2]["normalized"] = true; }) ==
        "F: added_tokens[2].normalized is true, expected null: it is not supported");
  CHECK(error_after([](Json& f) { f["added_tokens"][2]["id"] = 3; }) ==
        "F: added_tokens[2].id is 3, but model.vocab says 2");
}

TEST_CASE("misuse: files that were cut short or altered are read or refused, in one line") {
  check_damaged(bert().dump());
}
