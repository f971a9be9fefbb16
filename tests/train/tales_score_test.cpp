#include "limpid/train/tales_score.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "limpid/model/ngram.hpp"
#include "limpid/tales/corpus.hpp"
#include "limpid/tokenizer/batch_encoder.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/train/run_data.hpp"

using namespace limpid;

// NO gradient check: scores are not trained on
// NO fixture: the floor is known from the world itself, a count needs no second implementation
// NO accumulation: nothing accumulates
// NO misuse: a model without an end token is refused by its commands

TEST_CASE("by hand: Wilson's interval") {
  // 81 of 263: a worked example of the interval, 0.255 to 0.366.
  const Share share{81, 263};
  CHECK(std::abs(share.value() - 0.308) <= 5e-4);
  CHECK(std::abs(share.low() - 0.2553) <= 5e-4);
  CHECK(std::abs(share.high() - 0.3662) <= 5e-4);
}

TEST_CASE("by hand: a recall point is right when each of its tokens is") {
  const auto tokenizer = make_tokenizer("byte", "");
  tales::Story story;
  story.text = "a red fox";
  story.recalls = {{2, 5, 0, 1, "colour"}, {6, 9, 0, 1, "kind"}};
  const std::vector<std::int32_t> ids = tokenizer->encode(story.text);
  // The model is wrong at byte 8, the x of fox.
  const auto right = [](std::size_t token) { return token != 8; };
  CHECK(recall_hits(story, *tokenizer, ids, right) == std::vector<bool>{true, false});
}

TEST_CASE("property: real stories reach the floor, are accepted, and an untrained model is not") {
  const auto stories = validation_tales(tales::Split::train, 60);
  std::vector<std::string> training;
  std::string text;
  for (const tales::Story& story : stories) {
    training.push_back(story.text);
    text += story.text + "\n";
  }
  const auto tokenizer = make_tokenizer("bpe:300", text);
  Config config;
  config.vocab = tokenizer->vocab_size();
  config.layers = config.heads = config.kv_heads = 1;
  config.width = 8;
  config.hidden = 16;
  config.context = 600;
  Rng rng(1);
  const Decoder<float> model(config, rng);
  const TalesScore score =
      score_tales(model, *tokenizer, training, {.stories = 3, .validation = 6, .seed = 1});
  CHECK(*score.real.bits_per_byte == score.floor);
  CHECK(score.real.stories.hits == 3);
  CHECK(score.real.sentences.hits == score.real.sentences.cases);
  CHECK(std::abs(score.gap_closed(score.real) - 1) <= 1e-12);
  CHECK(std::abs(score.gap_closed(score.five_gram)) <= 1e-12);
  CHECK(*score.model.bits_per_byte > 5 * score.floor);
  CHECK(score.model.stories.hits == 0);
  CHECK(score.model.sampled == 3);
  // n-grams know more with more context, and nobody beats the floor.
  CHECK(*score.unigram.bits_per_byte > *score.bigram.bits_per_byte);
  CHECK(*score.five_gram.bits_per_byte > score.floor);
}

// What the tales are for: counting is not enough, a model needs what was told further back.
TEST_CASE("property: trained on 1 MB, a smoothed 5-gram stays at least 30% above the floor") {
  const tales::World& world = tales::World::embedded();
  const std::string corpus = tales::write_corpus(world, tales::Split::train, 1, 1000000);
  std::vector<std::string_view> training;
  for (const tales::Entry& entry : tales::entries(corpus)) training.push_back(entry.text);
  // The speedrun's tokens, which cover whole words.
  const auto tokenizer = make_tokenizer("bpe:1536", corpus);
  NGram model(5, tokenizer->vocab_size(), tokenizer->end_of_text());
  model.train(BatchEncoder(*tokenizer).encode(training));
  double bits = 0, floor = 0;
  for (const tales::Story& story : validation_tales(tales::Split::valid, 500)) {
    bits += model.bits(tokenizer->encode(story.text));
    floor += story.bits;
  }
  MESSAGE("5-gram: " << bits / floor << " times the floor");
  CHECK(bits >= 1.3 * floor);
}

TEST_CASE("edges: a share of nothing") {
  CHECK(Share{}.value() == 0);
  CHECK(Share{}.low() >= 0);
  CHECK(Share{}.high() <= 1);
}
