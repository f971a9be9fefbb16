#include "limpid/generate/generator.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/nn/context.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: nothing is differentiated while writing
// NO fixture: it must equal the uncached forward, which has one
// NO accumulation: there are no gradients

namespace {

using Ids = std::vector<std::int32_t>;

Config small_config(Family family) {
  Config config;
  config.family = family;
  config.vocab = 13;
  config.context = 12;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = family == Family::llama ? 2 : 4;
  config.width = 16;
  config.hidden = 24;
  return config;
}

// Weights large enough that the likeliest token depends on the text.
Decoder<float> small_model(Family family) {
  Rng rng(11);
  Decoder<float> model(small_config(family), rng);
  for (const Parameter<float>& p : model.parameters()) {
    if (!p.decay) continue;
    for (float& number : p.value) number = static_cast<float>(0.4 * rng.normal());
  }
  return model;
}

std::vector<Rng> streams(std::size_t count) {
  std::vector<Rng> all;
  for (std::size_t i = 0; i < count; ++i) all.emplace_back(5, i);
  return all;
}

GenerateOptions greedy(Index tokens) {
  GenerateOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = tokens;
  return options;
}

// The likeliest token after a text: the whole text goes through the model, nothing is remembered.
std::int32_t likeliest_next(const Decoder<float>& model, const Ids& text) {
  const Matrix<float> logits =
      model.forward(text, Context{.time = static_cast<Index>(text.size())}, nullptr);
  Index best = 0;
  logits.row(logits.rows() - 1).maxCoeff(&best);
  return static_cast<std::int32_t>(best);
}

std::vector<Ids> write(const Decoder<float>& model, const std::vector<Ids>& prompts,
                       const GenerateOptions& options) {
  std::vector<Rng> rngs = streams(prompts.size());
  return generate(model, prompts, options, rngs);
}

}  // namespace

TEST_CASE("by hand: greedy writing is the likeliest token again and again, without a cache") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    const Decoder<float> model = small_model(family);
    const std::vector<Ids> prompts{{3, 1, 4}, {1, 5, 9}, {2, 6, 5}};
    const std::vector<Ids> drawn = write(model, prompts, greedy(9));  // up to the full context
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      Ids text = prompts[i];
      for (const std::int32_t id : drawn[i]) {
        CHECK(id == likeliest_next(model, text));
        text.push_back(id);
      }
      CHECK(drawn[i].size() == 9);
    }
  }
}

TEST_CASE("property: what a sequence writes does not depend on its neighbours") {
  const Decoder<float> model = small_model(Family::llama);
  GenerateOptions options;
  options.max_tokens = 20;
  const Ids prompt{7, 2};
  const Ids alone = write(model, {prompt}, options).front();
  for (const Ids& neighbour : {Ids{1, 1}, Ids{12, 0}}) {
    CHECK(write(model, {prompt, neighbour, neighbour}, options).front() == alone);
  }
  CHECK(write(model, {prompt, prompt}, options)[1] != alone);  // another stream
}

TEST_CASE("property: beyond the context it forgets the older half and goes on") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    const Decoder<float> model = small_model(family);
    const Ids prompt{3, 1, 4, 1};
    const Ids drawn = write(model, {prompt}, greedy(40)).front();
    REQUIRE(drawn.size() == 40);
    Ids text = prompt;
    Index known = 4;  // tokens at the end of the text that the model still knows
    for (const std::int32_t id : drawn) {
      if (known > 12) known = 6;
      CHECK(id == likeliest_next(model, Ids(text.end() - known, text.end())));
      text.push_back(id);
      ++known;
    }
  }
}

TEST_CASE("property: a sequence ends at its end token or when it is told to, the others go on") {
  const Decoder<float> model = small_model(Family::gpt2);
  const std::vector<Ids> prompts{{3, 1, 4}, {1, 5, 9}};
  const std::vector<Ids> whole = write(model, prompts, greedy(8));
  GenerateOptions options = greedy(8);
  options.end = whole[0][2];
  const std::vector<Ids> ended = write(model, prompts, options);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto first = std::find(whole[i].begin(), whole[i].end(), *options.end);
    const Ids expected(whole[i].begin(), first == whole[i].end() ? first : first + 1);
    CHECK(ended[i] == expected);
  }
  std::vector<Rng> rngs = streams(2);
  std::vector<Ids> told(2);
  const std::vector<Ids> stopped =
      generate(model, prompts, greedy(8), rngs, [&](Index sequence, std::int32_t id) {
        told[static_cast<std::size_t>(sequence)].push_back(id);
        return sequence != 0 || told[0].size() < 3;
      });
  CHECK(stopped[0] == Ids(whole[0].begin(), whole[0].begin() + 3));
  CHECK(stopped[1] == whole[1]);
  CHECK(told == stopped);
}

TEST_CASE("property: the repetition penalty counts what has been written, not the prompt alone") {
  const Decoder<float> model = small_model(Family::llama);
  GenerateOptions options = greedy(9);
  const std::vector<Ids> prompts{{3, 1, 4}, {1, 5, 9}};
  const std::vector<Ids> free = write(model, prompts, options);
  options.sampling.repetition_penalty = 3;
  const std::vector<Ids> drawn = write(model, prompts, options);
  CHECK(drawn != free);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    Ids text = prompts[i];
    for (const std::int32_t id : drawn[i]) {
      const Matrix<float> logits =
          model.forward(text, Context{.time = static_cast<Index>(text.size())}, nullptr);
      const RowVector<float> last = logits.row(logits.rows() - 1);
      Rng any(1);
      CHECK(id == sample(std::span(last.data(), static_cast<std::size_t>(last.size())),
                         options.sampling, text, any));
      text.push_back(id);
    }
  }
}

TEST_CASE("property: a prompt of several chunks is read whole, in its order") {
  Config config = small_config(Family::llama);
  config.context = 640;
  config.layers = 1;
  Rng rng(12);
  Decoder<float> model(config, rng);
  for (const Parameter<float>& p : model.parameters()) {
    if (!p.decay) continue;
    for (float& number : p.value) number = static_cast<float>(0.4 * rng.normal());
  }
  for (const std::size_t length : {256, 257, 600}) {  // a chunk is 256 tokens
    CAPTURE(length);
    std::vector<Ids> prompts(2, Ids(length));
    for (Ids& prompt : prompts) {
      for (std::int32_t& id : prompt) id = static_cast<std::int32_t>(rng.below(13));
    }
    const std::vector<Ids> drawn = write(model, prompts, greedy(3));
    for (std::size_t i = 0; i < 2; ++i) {
      Ids text = prompts[i];
      for (const std::int32_t id : drawn[i]) {
        CHECK(id == likeliest_next(model, text));
        text.push_back(id);
      }
    }
  }
}

TEST_CASE("edges: nothing to write, a prompt that fills the context, a context of one token") {
  const Decoder<float> model = small_model(Family::gpt2);
  CHECK(write(model, {{1, 2}}, greedy(0)).front().empty());
  CHECK(write(model, {Ids(12, 3)}, greedy(3)).front().size() == 3);
  Config one = small_config(Family::gpt2);
  one.context = 1;
  Rng rng(1);
  CHECK(write(Decoder<float>(one, rng), {{5}}, greedy(4)).front().size() == 4);
}

TEST_CASE("edges: no tokens at all, and more than anybody can want") {
  const Decoder<float> model = small_model(Family::llama);
  CHECK(write(model, {Ids{1, 2}}, greedy(0)).front().empty());
  GenerateOptions options = greedy(std::numeric_limits<Index>::max());
  const std::vector<Ids> prompts{{1, 2}};
  std::vector<Rng> rngs(1, Rng(1));
  const auto drawn =
      generate(model, prompts, options, rngs, [](Index, std::int32_t) { return false; });
  CHECK(drawn.front().size() == 1);
}

TEST_CASE("edges: a model with more rows than there are tokens draws tokens only") {
  const Decoder<float> model = small_model(Family::gpt2);
  GenerateOptions options;
  options.max_tokens = 60;
  options.vocabulary = 3;
  const Ids drawn = write(model, {Ids{1, 2}}, options).front();
  CHECK(drawn.size() == 60);
  for (const std::int32_t id : drawn) CHECK(id < 3);
}

TEST_CASE("misuse: a negative number of tokens") {
  const Decoder<float> model = small_model(Family::gpt2);
  CHECK(failure("", [&] { write(model, {Ids{1}}, greedy(-1)); }) ==
        "generator: max_tokens is negative, expected 0 or more");
}

TEST_CASE("misuse: prompts that are empty, too long, or unequal") {
  const Decoder<float> model = small_model(Family::gpt2);
  const auto problem = [&](const std::vector<Ids>& prompts) {
    return failure("", [&] { write(model, prompts, greedy(1)); });
  };
  CHECK(problem({}).starts_with("generator: expected at least one prompt"));
  CHECK(problem({Ids{}}) == "generator: the prompt is empty, expected at least one token");
  CHECK(problem({Ids(13, 1)}) ==
        "generator: the prompt has 13 tokens, expected at most 12 (the model's context)");
  CHECK(problem({{1, 2}, {1}}) == "generator: expected prompts of equal length");
  CHECK(problem({{1, 99}}) != "no error");
  std::vector<Rng> none;
  const std::vector<Ids> one{{1}};
  CHECK_THROWS_AS(generate(model, one, greedy(1), none), std::invalid_argument);
}
