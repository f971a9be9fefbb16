#include "limpid/train/close_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/nn/cross_entropy.hpp"
#include "limpid/tokenizer/factory.hpp"

using namespace limpid;

// NO gradient check: nothing is learned here
// NO fixture: the model's numbers have theirs; here they are only looked at
// NO accumulation: there are no gradients

namespace {

struct Reader {
  std::unique_ptr<Tokenizer> tokenizer = make_tokenizer("byte", "");
  Rng rng{7};
  Decoder<float> model;

  explicit Reader(Index context = 16)
      : model({.family = Family::llama,
               .vocab = tokenizer->vocab_size(),
               .context = context,
               .layers = 2,
               .heads = 2,
               .kv_heads = 1,
               .width = 8,
               .hidden = 16},
              rng) {}

  std::vector<ShownToken> read(std::string_view text, const ReadingOptions& options = {}) const {
    return read_closely(model, *tokenizer, *tokenizer->end_of_text(), tokenizer->encode(text),
                        options);
  }
};

}  // namespace

TEST_CASE("by hand: a model of zeros expects everything alike and looks everywhere alike") {
  Reader reader;
  for (Parameter<float>& p : reader.model.parameters()) {
    std::fill(p.value.begin(), p.value.end(), 0.0F);
  }
  const std::vector<ShownToken> tokens = reader.read("abc");
  REQUIRE(tokens.size() == 3);
  const double bits = std::log2(static_cast<double>(reader.tokenizer->vocab_size()));
  for (const ShownToken& token : tokens) CHECK(std::abs(token.bits - bits) <= 1e-6);
  // Before "c" stand the start mark, a and b: a third each, in every view (1 + 2 layers * 3).
  REQUIRE(tokens[2].looks.size() == 7);
  for (const std::vector<ShownLook>& view : tokens[2].looks) {
    REQUIRE(view.size() == 3);
    for (Index i = 0; i < 3; ++i) {
      const ShownLook& look = view[static_cast<std::size_t>(i)];
      CHECK(look.token == i - 1);
      CHECK(std::abs(look.weight - 1.0 / 3) <= 1e-6);
    }
  }
  // Equal probabilities: the lower id first, and byte 0 is the lowest.
  REQUIRE(tokens[0].guesses.size() == 5);
  CHECK(tokens[0].guesses[0].text == reader.tokenizer->token_bytes(0));
  CHECK(tokens[0].guesses[1].text == reader.tokenizer->token_bytes(1));
}

TEST_CASE("property: surprises are the losses of the model, guesses fall, looks go back only") {
  const Reader reader;
  const std::string text = "Tavi was a fox";
  const std::vector<ShownToken> tokens = reader.read(text);
  std::vector<std::int32_t> inputs{*reader.tokenizer->end_of_text()};
  const std::vector<std::int32_t> ids = reader.tokenizer->encode(text);
  inputs.insert(inputs.end(), ids.begin(), ids.end() - 1);
  const Matrix<float> logits =
      reader.model.forward(inputs, {.batch = 1, .time = static_cast<Index>(ids.size())}, nullptr);
  const std::vector<double> nats = cross_entropy_per_token(logits, ids);
  std::string joined;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const ShownToken& token = tokens[i];
    joined += token.text;
    CHECK(std::abs(token.bits - nats[i] / std::log(2.0)) <= 1e-5);
    CHECK(std::abs(token.probability - std::exp2(-token.bits)) <= 1e-9);
    double sum = 0;
    for (std::size_t g = 0; g < token.guesses.size(); ++g) {
      sum += token.guesses[g].probability;
      if (g > 0) CHECK(token.guesses[g].probability <= token.guesses[g - 1].probability);
    }
    CHECK(sum <= 1 + 1e-9);
    for (const std::vector<ShownLook>& view : token.looks) {
      CHECK(view.size() <= 4);
      for (const ShownLook& look : view) {
        CHECK(look.token >= -1);
        CHECK(look.token < static_cast<Index>(i));
      }
    }
  }
  CHECK(joined == text);
}

TEST_CASE("property: the means alone are the views that come first in each layer") {
  const Reader reader;
  const ShownToken all = reader.read("fox", {.guesses = 1, .looks = 3, .heads = true}).back();
  const ShownToken means = reader.read("fox", {.guesses = 1, .looks = 3, .heads = false}).back();
  REQUIRE(all.looks.size() == 7);
  REQUIRE(means.looks.size() == 3);
  for (const auto& [mean, place] : {std::pair<std::size_t, std::size_t>{0, 0}, {1, 1}, {2, 4}}) {
    REQUIRE(means.looks[mean].size() == all.looks[place].size());
    for (std::size_t i = 0; i < means.looks[mean].size(); ++i) {
      CHECK(means.looks[mean][i].token == all.looks[place][i].token);
    }
  }
}

TEST_CASE(
    "edges: a text longer than the context is read to its end, one token at least looks back") {
  for (const Index context : {1, 2, 5, 16}) {
    const Reader reader(context);
    const std::string text(40, 'x');
    const std::vector<ShownToken> tokens = reader.read(text);
    REQUIRE(tokens.size() == 40);
    for (Index i = 0; i < 40; ++i) {
      const ShownToken& token = tokens[static_cast<std::size_t>(i)];
      REQUIRE(!token.looks.front().empty());
      CHECK(token.looks.front().front().token < i);
      CHECK(token.looks.front().front().token >= i - context);
    }
  }
  CHECK(Reader().read("").empty());
}

TEST_CASE("property: where heads look is known where flash attention would keep no maps") {
  Reader reader;
  const std::vector<ShownToken> plain = reader.read("see here");
  for (Block<float>& block : reader.model.blocks) block.attention.options.flash_from = 1;
  const std::vector<ShownToken> flash = reader.read("see here");
  REQUIRE(flash.size() == plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    REQUIRE(flash[i].looks.size() == plain[i].looks.size());
    for (std::size_t view = 0; view < plain[i].looks.size(); ++view) {
      const std::vector<ShownLook>&a = plain[i].looks[view], &b = flash[i].looks[view];
      REQUIRE(a.size() == b.size());
      CHECK_FALSE(a.empty());
      for (std::size_t j = 0; j < a.size(); ++j) CHECK(a[j].weight == b[j].weight);
    }
  }
}

TEST_CASE("property: beyond the first window half of the context at least stands before a token") {
  const Reader reader(8);
  const std::string text = "a fox and a hen went to the fair";
  std::vector<std::int32_t> inputs{*reader.tokenizer->end_of_text()};
  const std::vector<std::int32_t> ids = reader.tokenizer->encode(text);
  inputs.insert(inputs.end(), ids.begin(), ids.end());
  const std::vector<ShownToken> tokens = reader.read(text);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    // Windows begin at 0, 4, 8, ...; each but the first brings four tokens.
    const std::size_t first = i < 8 ? 0 : (i - 8) / 4 * 4 + 4, size = i - first + 1;
    const Matrix<float> logits =
        reader.model.forward(std::span(inputs).subspan(first, size),
                             {.batch = 1, .time = static_cast<Index>(size)}, nullptr);
    const double nats =
        cross_entropy_per_token<float>(logits.bottomRows(1), std::span(ids).subspan(i, 1))[0];
    CHECK(std::abs(tokens[i].bits - nats / std::log(2.0)) <= 1e-5);
  }
}

TEST_CASE("edges: broken and unfinished characters can be shown") {
  const Reader reader;
  const std::vector<ShownToken> accent = reader.read("\xC3\xA9!");
  REQUIRE(accent.size() == 3);
  CHECK(accent[0].text.empty());  // waits for its second byte
  CHECK(accent[1].text == "\xC3\xA9");
  const std::vector<ShownToken> broken = reader.read("\xE2\x82");
  CHECK(broken[0].text + broken[1].text == "\xEF\xBF\xBD");  // U+FFFD
  CHECK(shown_alone("\xE2\x82") == "<E2 82>");
  CHECK(shown_alone("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(shown_alone("").empty());
}

TEST_CASE("misuse: an id that no token has") {
  const Reader reader;
  const std::vector<std::int32_t> ids{1, 100000};
  CHECK_THROWS_AS(read_closely(reader.model, *reader.tokenizer, 0, ids, {}), std::exception);
}
