#include "limpid/train/model_card.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a page has no gradient
// NO fixture: the words are ours
// NO accumulation: nothing accumulates

namespace {

CardFacts facts_of_tales() {
  CardFacts facts{.config = preset("demo").model, .tokenizer = "word"};
  facts.config.vocab = 500;
  facts.run.emplace();
  facts.run->step = 1200;
  facts.run->options = preset("demo");
  facts.run->options.model = facts.config;
  for (const char* setting : {"steps=1200", "batch=10", "accumulate=2", "context=96"}) {
    facts.run->options.set(setting);
  }
  Metrics before, last;
  before.step = 600;
  before.val_loss = 9.9;
  last.step = 1200;
  last.val_loss = 1.23456;
  last.bits_per_byte = 0.25;
  last.tokens = 1'234'567;  // a resumed run has not counted all: not on the card
  facts.metrics = {before, last};
  return facts;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The text below a heading.
std::string section(const std::string& card, const std::string& heading) {
  const std::size_t begin = card.find("\n## " + heading + "\n");
  REQUIRE(begin != std::string::npos);
  const std::size_t end = card.find("\n## ", begin + 4);
  return card.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace

TEST_CASE("by hand: a run on tales, every figure in its place") {
  const CardFacts facts = facts_of_tales();
  const std::string card = model_card(facts);
  CHECK(card.starts_with("---\npipeline_tag: text-generation\n"));
  const Index parameters = facts.config.parameter_count();
  const std::string count = std::to_string(parameters);
  CHECK(contains(card, "with " + count.substr(0, count.size() - 3) + "," +
                           count.substr(count.size() - 3) + " parameters"));
  CHECK(contains(card, "500 tokens (word)"));
  CHECK(contains(section(card, "Data"), "about 24,000 of them"));
  CHECK(contains(section(card, "Training"),
                 "1,200 steps, 20 rows each, of up to 96 tokens. Optimizer "));
  CHECK(contains(section(card, "Training"), "./limpid train --out runs/again --preset demo"));
  CHECK(contains(section(card, "Measured loss"),
                 "After step 1,200, on all of the text that was held back: 1.2346 nats per token, "
                 "0.2500 bits per byte."));
  CHECK(!contains(card, "9.9"));
  CHECK(!contains(card, "1,234,567"));
  CHECK(contains(section(card, "Limits"),
                 "It reads " + std::to_string(facts.config.context) + " tokens at most"));
}

TEST_CASE("property: equal facts, equal cards; another seed, another card") {
  CardFacts facts = facts_of_tales();
  const std::string card = model_card(facts);
  CHECK(model_card(facts_of_tales()) == card);
  facts.metrics.back().seconds = 77;  // clocks stay outside
  facts.metrics.back().tokens_per_second = 123;
  CHECK(model_card(facts) == card);
  facts.run->options.seed += 1;
  CHECK(model_card(facts) != card);
}

TEST_CASE("edges: stopped early, not measured, rounded, from elsewhere") {
  CardFacts facts = facts_of_tales();
  facts.run->step = 700;
  facts.metrics.pop_back();
  std::string card = model_card(facts);
  CHECK(contains(section(card, "Training"), "700 steps (stopped; 1,200 were planned)"));
  CHECK(contains(section(card, "Measured loss"), "After step 600, on a part of the text"));
  facts.metrics.clear();
  CHECK(contains(section(model_card(facts), "Measured loss"), "Nothing has been measured yet."));
  CHECK(!contains(card, "rounded"));
  facts.type = Dtype::bf16;
  CHECK(contains(model_card(facts), "rounded to BF16 after what is measured below."));
  facts.run.reset();
  card = model_card(facts);
  CHECK(contains(card, "It was not trained here: nothing is known"));
  CHECK(contains(card, "rounded to BF16.\n"));
  CHECK(contains(card, "- Nothing was measured:"));
  CHECK(!contains(card, "## Data"));
}

TEST_CASE("edges: the other family, and a head of its own") {
  CardFacts facts{.config = preset("demo-gpt2").model, .tokenizer = "bpe"};
  facts.config.vocab = 300;
  facts.config.tied = false;
  const std::string card = model_card(facts);
  CHECK(contains(card, "gpt2 family (learned positions"));
  CHECK(contains(card, "| its own | F32 |"));
}

TEST_CASE("edges: a card is renewed, somebody's own page stays") {
  const ScratchDirectory directory;
  CardFacts facts = facts_of_tales();
  write_model_card(directory.path(), facts);
  CHECK(get(directory / "README.md") == model_card(facts));
  facts.run->step = 700;
  write_model_card(directory.path(), facts);
  const std::string card = get(directory / "README.md");
  CHECK(card == model_card(facts));
  const std::size_t mark = card.find("<!--");
  put(directory / "README.md", card.substr(0, mark) + card.substr(card.find('\n', mark)));
  const std::string own = get(directory / "README.md");
  write_model_card(directory.path(), facts);
  CHECK(get(directory / "README.md") == own);
}

TEST_CASE("misuse: names of files cannot break the page, and their folders are nobody's business") {
  CardFacts facts = facts_of_tales();
  facts.run->files = {"/home/somebody/a`b\n# c.txt", "two.txt"};
  const std::string card = model_card(facts);
  CHECK(contains(section(card, "Data"), "The first 90% of `ab# c.txt`, `two.txt`."));
  CHECK(contains(section(card, "Training"), "./limpid train 'ab# c.txt' two.txt --out"));
  CHECK(!contains(card, "\n# c.txt"));
  CHECK(!contains(card, "somebody"));
  for (const char* init : {"/home/somebody/mo`del", "/home/somebody/mo`del/"}) {
    facts.run->origin = RunOrigin{init, 0};
    CHECK(contains(section(model_card(facts), "Training"), " --init model"));
    CHECK(!contains(model_card(facts), "somebody"));
  }
}
