// NO gradient check: a count has no gradient.
// NO fixture: no other implementation measures these tales.
// NO accumulation: nothing is summed over calls.
#include "limpid/tales/measure.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace limpid;
using namespace limpid::tales;

TEST_CASE("by hand: two sentences, one skeleton, one bit for 17 bytes") {
  const EmbeddedFile file{"test.txt",
                          "list colours\n  red, sky\nfact colour from colours\nrule story\n"
                          "  A {colour} b. A sky b.\n"};
  Rng rng(1);
  const Measures measures = measure(World::parse({&file, 1}), Split::train, rng, 170);
  CHECK(measures.stories == 10);
  CHECK(measures.bytes == 170);
  CHECK(measures.sentences == 20);
  CHECK(measures.skeletons == 1);
  CHECK(measures.largest_skeleton == 1);
  CHECK(measures.largest_skeleton_text == "a _ b.");
  CHECK(measures.word_types == 4);
  CHECK(measures.word_types_20 == 2);  // a and b
  CHECK(std::abs(measures.bits_per_byte - 1.0 / 17) <= 1e-12);
  CHECK(measures.words_per_story.mean == 6);
}

TEST_CASE("property: 1 MB of the world is as rich as it must be") {
  Rng rng(1);
  const Measures measures = measure(World::embedded(), Split::train, rng, 1000000);
  CHECK(measures.word_types_20 >= 600);
  CHECK(measures.largest_skeleton <= 0.02);
  CHECK(measures.words_per_story.least >= 60);
  CHECK(measures.words_per_story.most <= 110);
  CHECK(measures.sentences_per_story.least >= 6);
  CHECK(measures.sentences_per_story.most <= 12);
  CHECK(measures.bits_per_byte >= 0.2);
  CHECK(measures.bits_per_byte <= 0.6);
  CHECK(measures.recalls_per_story.mean >= 3);
}

TEST_CASE("edges: one byte is one story") {
  Rng rng(1);
  CHECK(measure(World::embedded(), Split::novel, rng, 1).stories == 1);
}

TEST_CASE("misuse: no bytes") {
  Rng rng(1);
  CHECK_THROWS_WITH_AS(measure(World::embedded(), Split::train, rng, 0),
                       "tales: expected bytes above 0 to measure, got 0", std::invalid_argument);
}
