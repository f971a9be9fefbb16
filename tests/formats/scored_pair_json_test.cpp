#include "limpid/formats/scored_pair_json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "limpid/formats/llama2c_tokenizer.hpp"
#include "limpid/formats/tokenizer_json.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;
using Json = nlohmann::json;

// NO gradient check: a tokenizer has no gradient
// NO accumulation: nothing accumulates

namespace {

const std::string kFixtures = std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/";

// <unk>, <s>, </s>, the bytes, and these pieces, the best first.
ScoredPairTokenizer with_pieces(const std::vector<std::string>& pieces, bool space_before = true,
                                const std::string& end = "</s>") {
  TokenSet tokens{.vocabulary = {}, .special_ids = {1, 2}, .unknown = 0};
  for (const std::string& mark : {std::string("<unk>"), std::string("<s>"), end}) {
    tokens.vocabulary.add(mark);
  }
  for (int byte = 0; byte < 256; ++byte) tokens.vocabulary.add(byte_piece(byte));
  std::vector<float> scores(259, 0.F);
  for (const std::string& piece : pieces) {
    tokens.vocabulary.add(piece);
    scores.push_back(259.F - static_cast<float>(scores.size()));
  }
  return {std::move(tokens), std::move(scores), {.begin = 1, .space_before = space_before}};
}

ScoredPairTokenizer small(bool space_before = true) {
  return with_pieces({" t", " th", " ", "t", "h"}, space_before);
}

std::string error_after(const std::function<void(Json&)>& change) {
  Json file = Json::parse(to_tokenizer_json(small()));
  change(file);
  return failure("", [&] { from_tokenizer_json(file.dump(), "F"); });
}

}  // namespace

TEST_CASE("by hand: spaces as marks, an order of merges, the way to normalise and back") {
  const Json file = Json::parse(to_tokenizer_json(small()));
  const Json& model = file.at("model");
  CHECK(model.at("type") == "BPE");
  CHECK(model.at("byte_fallback") == true);
  CHECK(model.at("unk_token") == "<unk>");
  CHECK(model.at("vocab").at("\xE2\x96\x81t") == 259);
  CHECK(model.at("vocab").at("<0x41>") == 3 + 0x41);
  CHECK(model.at("merges") == Json::array({"\xE2\x96\x81 t", "\xE2\x96\x81t h"}));
  CHECK(file.at("pre_tokenizer").is_null());
  CHECK(file.at("normalizer").at("normalizers")[0].at("prepend") == "\xE2\x96\x81");
  // As many of the content as stop says are taken off the end, as start says off the beginning.
  CHECK(file.at("decoder").at("decoders")[3] ==
        Json{{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  CHECK(file.at("post_processor").at("special_tokens").at("<s>").at("ids") == Json::array({1}));
  CHECK(file.at("added_tokens").size() == 2);
}

TEST_CASE("by hand: all pairs that make a piece; the first merge of a piece says its score") {
  const auto tokenizer = with_pieces({"abc", "bc", "ab", "a", "b", "c"});
  Json file = Json::parse(to_tokenizer_json(tokenizer));
  CHECK(file.at("model").at("merges") == Json::array({"a bc", "ab c", "b c", "a b"}));
  file["model"]["merges"] = Json::array({"b c", "a bc", "a b", "ab c"});
  const auto back = from_tokenizer_json(file.dump(), "F");
  const auto& scored = dynamic_cast<const ScoredPairTokenizer&>(*back);
  CHECK(scored.score(260) == 0);   // bc
  CHECK(scored.score(259) == -1);  // abc
  CHECK(scored.score(261) == -2);  // ab
}

TEST_CASE("property: written and read, a tokenizer of numbered pieces is the same") {
  for (const bool space_before : {true, false}) {
    const ScoredPairTokenizer tokenizer = small(space_before);
    const std::string json = to_tokenizer_json(tokenizer);
    const auto back = from_tokenizer_json(json, "F");
    CHECK(back->kind() == "sentencepiece");
    CHECK(back->fingerprint() == tokenizer.fingerprint());
    CHECK(to_tokenizer_json(*back) == json);
  }
}

TEST_CASE("fixture: pieces whose scores have another order keep their ids") {
  const auto tokenizer = read_llama2c_tokenizer(kFixtures + "llama2c/tokenizer.bin");
  const auto back = from_tokenizer_json(to_tokenizer_json(*tokenizer), "F");
  for (const char* text : {"the cat and the hat", "  the  cat", "aaaa ininin", "Then, mine.\n",
                           "caf\xC3\xA9", "\xFF\x80the"}) {
    CAPTURE(text);
    CHECK(back->encode(text) == tokenizer->encode(text));
    CHECK(back->decode(back->encode(text)) == text);
  }
}

TEST_CASE("edges: a special token with a space, which is no piece") {
  const auto tokenizer = with_pieces({" ", "t", " t"}, true, "<the end>");
  const std::string json = to_tokenizer_json(tokenizer);
  CHECK(Json::parse(json).at("model").at("vocab").at("<the end>") == 2);
  CHECK(from_tokenizer_json(json, "F")->special_ids().size() == 2);
}

TEST_CASE("edges: merges as pairs, no begin token, no merges at all") {
  CHECK(error_after([](Json& f) {
          f["model"]["merges"] = Json::array(
              {Json::array({"\xE2\x96\x81", "t"}), Json::array({"\xE2\x96\x81t", "h"})});
        }) == "no error");
  CHECK(error_after([](Json& f) { f["post_processor"] = nullptr; }) == "no error");
  CHECK(error_after([](Json& f) { f["model"]["merges"] = Json::array(); }) == "no error");
}

TEST_CASE("misuse: settings that are otherwise, merges that make nothing, bytes that are missing") {
  CHECK(error_after([](Json& f) { f["normalizer"] = nullptr; }).starts_with("F: normalizer is "));
  CHECK(error_after([](Json& f) {
          f["decoder"]["decoders"].erase(3);
        }).starts_with("F: decoder is "));
  CHECK(error_after([](Json& f) {
          f["pre_tokenizer"] = {{"type", "Metaspace"}};
        }).starts_with("F: pre_tokenizer is "));
  CHECK(error_after([](Json& f) {
          f["post_processor"]["single"] = Json::array();
        }).starts_with("F: post_processor is another than TemplateProcessing"));
  CHECK(error_after([](Json& f) { f["model"]["merges"][1] = "t h"; }) ==
        "F: model.merges[1] makes \"th\", which is not in model.vocab");
  CHECK(error_after([](Json& f) { f["model"]["merges"][1] = "th"; }) ==
        "F: model.merges[1] is \"th\", expected \"a b\" or [\"a\", \"b\"]");
  CHECK(error_after([](Json& f) { f["model"]["unk_token"] = "?"; }) ==
        "F: model.unk_token \"?\" is no token");
  CHECK(error_after([](Json& f) {
          f["model"]["vocab"].erase("<0x41>");
          f["model"]["vocab"]["other"] = 3 + 0x41;
        }) == "F: scored_pair: byte 65 has no token <0x41>");
  CHECK(error_after([](Json& f) {
          f["model"]["vocab"].erase("h");
          f["model"]["vocab"][" t"] = 263;
        }).starts_with("F: model.vocab has token 263 twice"));
}
