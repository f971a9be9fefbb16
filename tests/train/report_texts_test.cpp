#include "limpid/train/report_texts.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "limpid/tokenizer/factory.hpp"
#include "limpid/train/run_data.hpp"

using namespace limpid;

// NO gradient check: nothing is learned here
// NO fixture: no other implementation shows the same
// NO accumulation: there are no gradients
// NO misuse: it takes what a run left behind; wrong ids are close_reading's case

namespace {

std::vector<ShownToken> tokens_of(const std::vector<std::string>& texts) {
  std::vector<ShownToken> tokens;
  for (const std::string& text : texts) {
    ShownToken token;
    token.text = text;
    token.bytes = static_cast<Index>(text.size());
    tokens.push_back(token);
  }
  return tokens;
}

Config shape(Index vocab, Index layers, Index heads) {
  return {.family = Family::gpt2,
          .vocab = vocab,
          .context = 32,
          .layers = layers,
          .heads = heads,
          .kv_heads = heads,
          .width = heads * 2,
          .hidden = 4};
}

}  // namespace

TEST_CASE("by hand: places in the text become places among its tokens") {
  // "The fox Tavi saw Tavi." The name stands at bytes 8 to 12 and again at 17 to 21; its tokens begin
  // with the space before it, and the first one is cut in two.
  const std::vector<ShownToken> tokens =
      tokens_of({"The", " fox", " Ta", "vi", " saw", " Tavi", "."});
  const std::vector<tales::Recall> recalls{{17, 21, 8, 12, "hero"}};
  const std::vector<ShownRecall> shown = token_ranges(recalls, tokens);
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].first == 5);
  CHECK(shown[0].end == 6);
  CHECK(shown[0].source_first == 2);
  CHECK(shown[0].source_end == 4);
  CHECK(shown[0].fact == "hero");
  // A word that is not among the tokens any more has no place.
  CHECK(token_ranges(recalls, std::span(tokens).first(4)).empty());
}

TEST_CASE("property: three texts of the model, the same each time, then those held out") {
  const std::unique_ptr<Tokenizer> tokenizer = make_tokenizer("byte", "");
  Rng rng(3);
  const Decoder<float> model(shape(tokenizer->vocab_size(), 2, 2), rng);
  const std::vector<std::vector<std::int32_t>> held_out{tokenizer->encode("A fox."),
                                                        tokenizer->encode("A bear.")};
  const ShownTexts shown = show_texts(model, *tokenizer, tokenizer->end_of_text(), held_out);
  REQUIRE(shown.texts.size() == 5);
  CHECK(shown.heads);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(shown.texts[i].real == (i >= 3));
    CHECK(static_cast<Index>(shown.texts[i].tokens.size()) <= kLongestText);
  }
  CHECK(shown.texts[3].text == "A fox.");
  CHECK(shown.texts[3].ended);
  CHECK(shown.texts[3].tokens.back().special);
  const ShownTexts again = show_texts(model, *tokenizer, tokenizer->end_of_text(), held_out);
  for (std::size_t i = 0; i < 5; ++i) CHECK(again.texts[i].text == shown.texts[i].text);
}

TEST_CASE("edges: a model of many heads shows their means only") {
  const std::unique_ptr<Tokenizer> tokenizer = make_tokenizer("byte", "");
  Rng rng(3);
  const Decoder<float> model(shape(tokenizer->vocab_size(), 10, 20), rng);
  const ShownTexts shown = show_texts(model, *tokenizer, {}, {});
  CHECK(!shown.heads);
  REQUIRE(!shown.texts.front().tokens.empty());
  CHECK(shown.texts.front().tokens.front().looks.size() == 11);
  CHECK(static_cast<Index>(shown.texts.front().tokens.size()) == kLongestText);
  CHECK(!shown.texts.front().ended);
}

TEST_CASE("edges: a real tale passes the judge with its recall points, a broken one does not") {
  const std::unique_ptr<Tokenizer> tokenizer = make_tokenizer("byte", "");
  const tales::Story story = validation_tales(tales::Split::valid, 1).front();
  ShownText tale;
  tale.text = story.text;
  tale.ended = true;
  for (const char letter : story.text) {
    ShownToken token;
    token.text = letter;
    token.bytes = 1;
    tale.tokens.push_back(token);
  }
  judge_tale(tale);
  CHECK(tale.verdict == "complete and consistent");
  REQUIRE(tale.recalls.size() == story.recalls.size());
  for (std::size_t i = 0; i < story.recalls.size(); ++i) {
    CHECK(tale.recalls[i].first == static_cast<Index>(story.recalls[i].begin));
    CHECK(tale.recalls[i].end == static_cast<Index>(story.recalls[i].end));
  }
  tale.text = "Zug zug.";
  judge_tale(tale);
  CHECK(tale.verdict.find("of 1 sentences are good") != std::string::npos);
  CHECK(tale.recalls.empty());
}
