#include "limpid/train/evaluate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/tokenizer/factory.hpp"

#include "small_trainer.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: measuring has no gradient
// NO fixture: the loss itself has one in nn/cross_entropy
// NO accumulation: nothing accumulates

namespace {

// Ten letters, so that the ids of small_ids() are characters.
std::unique_ptr<Tokenizer> letters() {
  return make_tokenizer("char", "abcdefghij");
}

Decoder<float> small_model() {
  Rng rng(1);
  return Decoder<float>(small_options().model, rng);
}

}  // namespace

TEST_CASE("by hand: a model that knows nothing") {
  Decoder<float> model = small_model();
  for (const Parameter<float>& p : model.parameters()) {
    std::fill(p.value.begin(), p.value.end(), 0.0f);
  }
  const std::vector<std::int32_t> ids{0, 1, 2, 3, 4};
  const TextLoss loss = evaluate(model, *letters(), evaluation_windows(ids, 8));
  // Four targets, each one of ten: log 10. A character is a byte: log2 10 bits.
  CHECK(loss.tokens == 4);
  CHECK(loss.bytes == 4);
  CHECK(std::abs(loss.nats_per_token() - std::log(10.0)) <= 1e-6);
  CHECK(std::abs(loss.perplexity() - 10) <= 1e-5);
  CHECK(std::abs(loss.bits_per_byte() - std::log2(10.0)) <= 1e-6);
}

TEST_CASE("by hand: per token, per byte, and the number of equally likely tokens") {
  const TextLoss loss{.nats = 8 * std::log(2.0), .tokens = 4, .bytes = 16};
  CHECK(std::abs(loss.nats_per_token() - 2 * std::log(2.0)) <= 1e-15);
  CHECK(std::abs(loss.bits_per_byte() - 0.5) <= 1e-15);
  CHECK(std::abs(loss.perplexity() - 4) <= 1e-14);
}

TEST_CASE("by hand: special tokens have no bytes, ignored targets do not count") {
  const std::unique_ptr<Tokenizer> words = make_tokenizer("byte", "");
  const std::vector<std::int32_t> ids = words->encode("the fox");
  std::vector<std::int32_t> targets = ids;
  targets.push_back(kIgnore);
  CHECK(target_bytes(*words, targets) == 7);
  if (words->end_of_text()) {
    targets.push_back(*words->end_of_text());
    CHECK(target_bytes(*words, targets) == 7);
  }
  CHECK(target_bytes(*words, {}) == 0);
  const std::unique_ptr<Tokenizer> longer = make_tokenizer("word", "the fox the fox");
  const std::vector<std::int32_t> two = longer->encode(" fox fox");  // seen twice, so it is known
  CHECK(two.size() == 2);
  CHECK(target_bytes(*longer, two) == 8);
  // What the tokenizer does not know has a name, which is no text.
  const std::vector<std::int32_t> unknown = longer->encode(" fox zebra");
  CHECK(unknown.back() == longer->unknown());
  CHECK(target_bytes(*longer, unknown) == 4);
}

TEST_CASE("property: every target counts once, however the windows are batched") {
  const Decoder<float> model = small_model();
  const std::vector<std::int32_t> ids = small_ids();
  const TextLoss one = evaluate(model, *letters(), evaluation_windows(ids, 8, 1));
  for (const Index rows : {2, 7, 64, 1000}) {
    const TextLoss other = evaluate(model, *letters(), evaluation_windows(ids, 8, rows));
    CHECK(other.tokens == 499);
    CHECK(other.bytes == 499);
    CHECK(std::abs(other.nats - one.nats) <= 1e-4 * one.nats);
  }
  CHECK(one.tokens == 499);
}

TEST_CASE("edges: the first batches that hold so many targets") {
  const std::vector<Batch> batches = evaluation_windows(small_ids(), 8, 2);  // 16 targets each
  CHECK(first_batches(batches, 0).empty());
  CHECK(first_batches(batches, 1).size() == 1);
  CHECK(first_batches(batches, 16).size() == 1);
  CHECK(first_batches(batches, 17).size() == 2);
  CHECK(first_batches(batches, 1'000'000).size() == batches.size());
  CHECK(first_batches({}, 5).empty());
}

TEST_CASE("misuse: tokens that the model does not have") {
  const Decoder<float> model = small_model();
  const std::vector<std::int32_t> ids{0, 1, 99, 3};
  CHECK_THROWS_AS(evaluate(model, *letters(), evaluation_windows(ids, 8)), std::invalid_argument);
}

TEST_CASE("misuse: tokens that are not the text's bytes") {
  const std::unique_ptr<Tokenizer> pieces = make_tokenizer("wordpiece:30", "the fox");
  const std::vector<std::int32_t> ids = pieces->encode("The fox");
  CHECK_THROWS_WITH_AS(target_bytes(*pieces, ids),
                       "evaluate: tokens of the wordpiece tokenizer are not the text's bytes, "
                       "expected word, char, byte, bpe, unigram or sentencepiece",
                       std::invalid_argument);
}
