// NO gradient check: a story has no gradient.
// NO fixture: no other implementation writes these tales.
// NO accumulation: nothing is summed over calls.
#include "limpid/tales/writer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "limpid/tales/world.hpp"

using namespace limpid;
using namespace limpid::tales;

namespace {

World world_of(std::string_view text) {
  const EmbeddedFile file{"test.txt", text};
  return World::parse({&file, 1});
}

}  // namespace

TEST_CASE("by hand: one choice of weights 1 and 3 costs 2 bits or 0.415") {
  const World world = world_of("rule story\n  Yes.\n  [weight 3] No.\n");
  Rng rng(1);
  int yes = 0;
  for (int i = 0; i < 400; ++i) {
    const Story story = write(world, Split::train, rng);
    const bool is_yes = story.text == "Yes.";
    yes += is_yes;
    CHECK(std::abs(story.bits - (is_yes ? 2.0 : std::log2(4.0 / 3.0))) <= 1e-12);
  }
  CHECK(yes > 60);
  CHECK(yes < 140);
}

TEST_CASE("property: the same seed writes the same stories") {
  const World& world = World::embedded();
  Rng a(5), b(5);
  for (int i = 0; i < 20; ++i) {
    const Story first = write(world, Split::train, a);
    const Story second = write(world, Split::train, b);
    CHECK(first.text == second.text);
    CHECK(first.bits == second.bits);
  }
}

TEST_CASE("misuse: a rule without an alternative for these facts is named") {
  const World world = world_of(
      "list traits\n  shy, brave\nfact trait from traits\n"
      "rule story\n  {trait} {end}\nrule end\n  when trait is shy\n    fled\n");
  Rng rng(1);
  std::string message;
  for (int i = 0; i < 50 && message.empty(); ++i) {
    try {
      write(world, Split::train, rng);
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
  }
  CHECK(message == "test.txt:6: rule 'end' has no alternative for this story: brave ");
}

TEST_CASE("edges: 'a' becomes 'an' before a vowel, whatever follows it") {
  const World world = world_of(
      "list animals\n  ox\nfact kind from animals\n"
      "rule story\n  {A} {kind} and {a} {Kind} saw {a} cat and {a} owl.\n");
  Rng rng(1);
  CHECK(write(world, Split::train, rng).text == "An ox and an Ox saw a cat and an owl.");
}
