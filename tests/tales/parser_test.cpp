// NO gradient check: a story has no gradient.
// NO fixture: no other implementation reads these tales.
// NO accumulation: nothing is summed over calls.
#include "limpid/tales/parser.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "limpid/tales/world.hpp"
#include "limpid/tales/writer.hpp"

using namespace limpid;
using namespace limpid::tales;

namespace {

World world_of(std::string_view text) {
  const EmbeddedFile file{"test.txt", text};
  return World::parse({&file, 1});
}

// Six names in all: two from the list, and lo, mi, lolo... spelled; two animals; a shy one flees.
constexpr std::string_view kTiny = R"(
list names
  Ann, Bert
  spell 2: lo mi
list animals
  owl, cat
list traits
  shy, brave
fact name from names
fact friend from names, not name
fact kind from animals
fact trait from traits
rule story
  {Name} was {a} {trait} {kind}. {end}
rule end
  [weight 3] {Friend} met {name}.
  when trait is shy
    The {kind} fled.
    {Name} fled from {friend}.
  when trait is not shy
    [weight 2] {Name} fought.
)";

}  // namespace

TEST_CASE("property: every one of 100,000 stories has one derivation, with the writer's bits") {
  const World& world = World::embedded();
  Rng rng(1, 1);
  int ambiguous = 0, different = 0, recalls = 0;
  for (int i = 0; i < 100000; ++i) {
    const Split split = i % 4 == 3 ? Split::novel : Split::train;
    const Story story = write(world, split, rng);
    const Parse parsed = parse_all(world, {split, false}, story.text);
    ambiguous += parsed.derivations != 1;
    different += !(std::abs(parsed.story.bits - story.bits) <= 1e-9);
    recalls += parsed.story.recalls.size() != story.recalls.size();
    if (parsed.derivations != 1 && ambiguous < 3) MESSAGE(story.text);
  }
  CHECK(ambiguous == 0);
  CHECK(different == 0);
  CHECK(recalls == 0);
}

TEST_CASE(
    "by hand: in a tiny world probabilities sum to 1 and the mean of the bits is the entropy") {
  const World world = world_of(kTiny);
  // Every text that 20,000 draws meet; far more than there are, so none is missing.
  std::map<std::string, double> bits;
  Rng rng(3);
  double mean = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    const Story story = write(world, Split::train, rng);
    bits[story.text] = story.bits;
    mean += story.bits / draws;
  }
  double sum = 0, entropy = 0;
  for (const auto& [text, value] : bits) {
    sum += std::exp2(-value);
    entropy += std::exp2(-value) * value;
    const auto parsed = parse(world, Split::train, text);
    REQUIRE(parsed.has_value());
    CHECK(std::abs(parsed->bits - value) <= 1e-12);
  }
  // 6 names, 2 traits, 2 animals. A shy one: 5 friends met, fled, 5 friends fled from: 11 endings.
  // A brave one: 5 friends met, fought: 6 endings.
  CHECK(bits.size() == 6 * 2 * (11 + 6));
  CHECK(std::abs(sum - 1) <= 1e-12);
  CHECK(std::abs(mean - entropy) < 0.03);  // 20,000 draws with a deviation near 1 bit
  // "Ann was a shy owl. The owl fled.": a quarter for Ann, a half twice, one of weights 3, 1, 1.
  CHECK(std::abs(bits["Ann was a shy owl. The owl fled."] + std::log2(1.0 / 4 / 4 / 5)) <= 1e-12);
  // A friend may not be Ann: Bert has 1/4 of the remaining 3/4.
  CHECK(std::abs(bits["Ann was a shy owl. Bert met Ann."] +
                 std::log2(1.0 / 4 / 4 * 3 / 5 * (1.0 / 4) / (3.0 / 4))) <= 1e-12);
}

TEST_CASE("edges: what the world cannot tell has no derivation") {
  const World world = world_of(kTiny);
  CHECK(parse(world, Split::train, "Ann was a shy owl. The owl fled.").has_value());
  CHECK(!parse(world, Split::train, "").has_value());
  CHECK(!parse(world, Split::train, "Ann was a shy owl.").has_value());
  CHECK(!parse(world, Split::train, "Ann was a shy owl. The cat fled.").has_value());
  CHECK(!parse(world, Split::train, "Ann was an shy owl. The owl fled.").has_value());
  CHECK(!parse(world, Split::train, "Ann was a brave owl. The owl fled.").has_value());
  CHECK(!parse(world, Split::train, "Ann was a shy owl. Ann met Ann.").has_value());
  CHECK(!parse(world, Split::train, "Ann was a shy owl. The owl fled. ").has_value());
  CHECK(!parse(world, Split::train, "Zoe was a shy owl. The owl fled.").has_value());
  CHECK(parse_all(world, {{}, true}, "Zoe was a shy owl. The owl fled.").derivations == 1);
}

TEST_CASE("by hand: a text that two derivations tell is counted twice") {
  const World world = world_of("rule story\n  {x} b.\n  a {y}.\nrule x\n  a\nrule y\n  b\n");
  CHECK(parse_all(world, {}, "a b.").derivations == 2);
}

TEST_CASE("by hand: where the best try ended, and what it expected there") {
  const World world = world_of(kTiny);
  const Parse parsed = parse_all(world, {}, "Ann was a shy owl. The cat fled.");
  CHECK(parsed.derivations == 0);
  CHECK(parsed.furthest == 23);
  REQUIRE(parsed.expected.size() == 1);
  CHECK(parsed.expected[0].word == "owl");
  REQUIRE(parsed.expected[0].fact.has_value());
  CHECK(world.facts[*parsed.expected[0].fact].name == "kind");
}

TEST_CASE("by hand: a sentence alone may have any facts, but they must agree with each other") {
  const World world = world_of(kTiny);
  CHECK(is_sentence(world, "The cat fled."));
  CHECK(is_sentence(world, "Bert fled from Lomi."));
  CHECK(is_sentence(world, "Bert was a brave cat."));
  CHECK(!is_sentence(world, "Bert fled from Bert."));
  CHECK(!is_sentence(world, "The dog fled."));
  CHECK(!is_sentence(world, "The cat fled"));
}

// NO misuse: any text is allowed
