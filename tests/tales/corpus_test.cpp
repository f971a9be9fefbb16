// NO gradient check: a text has no gradient.
// NO fixture: no other implementation writes these files.
// NO accumulation: nothing is summed over calls.
// NO misuse: any text can be taken apart.
#include "limpid/tales/corpus.hpp"

#include <doctest/doctest.h>

#include "limpid/tales/parser.hpp"

using namespace limpid;
using namespace limpid::tales;

TEST_CASE("by hand: stories of a file") {
  const auto found = entries("One.<|endoftext|>\nTwo.\n<|endoftext|>\nThree");
  REQUIRE(found.size() == 3);
  CHECK(found[0].text == "One.");
  CHECK(found[1].text == "Two.");
  CHECK(found[1].ended);
  CHECK(found[2].text == "Three");
  CHECK(!found[2].ended);
}

TEST_CASE("property: what was written is found again, and its bits add up") {
  const World& world = World::embedded();
  double bits = 0;
  const std::string corpus = write_corpus(world, Split::valid, 4, 20000, &bits);
  CHECK(corpus.size() >= 20000);
  CHECK(corpus.size() < 21000);
  for (const Entry& entry : entries(corpus)) {
    CHECK(entry.ended);
    const auto story = parse(world, Split::valid, entry.text);
    REQUIRE(story.has_value());
    bits -= story->bits;
  }
  CHECK(bits * bits <= 1e-12);
}

TEST_CASE("property: splits have streams of their own") {
  const World& world = World::embedded();
  CHECK(write_corpus(world, Split::train, 4, 2000) != write_corpus(world, Split::valid, 4, 2000));
  CHECK(write_corpus(world, Split::train, 4, 2000) == write_corpus(world, Split::train, 4, 2000));
}

TEST_CASE("edges: nothing, and blank space, hold no story; an empty story is one") {
  CHECK(entries("").empty());
  CHECK(entries(" \n").empty());
  CHECK(entries("<|endoftext|>").size() == 1);
  CHECK(write_corpus(World::embedded(), Split::train, 1, 0).empty());
}
