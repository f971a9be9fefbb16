// NO gradient check: a story has no gradient.
// NO fixture: no other implementation marks these points.
// NO accumulation: nothing is summed over calls.
// NO misuse: there is nothing to ask for.
#include "limpid/tales/recall.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "limpid/tales/parser.hpp"
#include "limpid/tales/writer.hpp"

using namespace limpid;
using namespace limpid::tales;

TEST_CASE("by hand: a decided word, sixteen words after its source, is a recall point") {
  const EmbeddedFile file{"test.txt",
                          "list colours\n  red, blue\nfact colour from colours\nrule story\n"
                          "  A {colour} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 then {colour}.\n"};
  const World world = World::parse({&file, 1});
  Rng rng(1);
  const Story story = write(world, Split::train, rng);
  REQUIRE(story.recalls.size() == 1);
  const Recall& recall = story.recalls[0];
  const std::string colour = story.text.substr(recall.begin, recall.end - recall.begin);
  CHECK((colour == "red" || colour == "blue"));
  CHECK(story.text.substr(recall.source_begin, recall.source_end - recall.source_begin) == colour);
  CHECK(recall.source_begin == 2);
  CHECK(recall.fact == "colour");
}

TEST_CASE("edges: nearer than fifteen words, or with another way to go on, it is none") {
  const EmbeddedFile near{"test.txt",
                          "list colours\n  red, blue\nfact colour from colours\nrule story\n"
                          "  A {colour} 1 2 3 4 5 6 7 8 9 10 11 12 13 then {colour}.\n"};
  Rng rng(1);
  CHECK(write(World::parse({&near, 1}), Split::train, rng).recalls.empty());
  const EmbeddedFile open{"test.txt",
                          "list colours\n  red, blue\nfact colour from colours\nrule story\n"
                          "  A {colour} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 {end}\nrule end\n"
                          "  then {colour}.\n  then nothing.\n"};
  const World world = World::parse({&open, 1});
  for (int i = 0; i < 20; ++i) CHECK(write(world, Split::train, rng).recalls.empty());
}

// The rules only say where nothing else *seems* possible; the parser knows every way to go on.
TEST_CASE("property: at a recall point no derivation of the text before it goes on otherwise") {
  const World& world = World::embedded();
  Rng rng(9);
  std::size_t points = 0, stories = 300;
  for (std::size_t i = 0; i < stories; ++i) {
    const Split split = i % 2 ? Split::valid : Split::novel;
    const Story story = write(world, split, rng);
    for (const Recall& recall : story.recalls) {
      ++points;
      const std::string_view text = story.text;
      const std::string_view word = text.substr(recall.begin, recall.end - recall.begin);
      CHECK(word == text.substr(recall.source_begin, recall.source_end - recall.source_begin));
      const std::string_view between =
          text.substr(recall.source_end, recall.begin - recall.source_end);
      CHECK(std::count(between.begin(), between.end(), ' ') > 15);
      const Parse before = parse_all(world, {split, false}, text.substr(0, recall.begin));
      REQUIRE(before.furthest == recall.begin);
      for (const Expected& expected : before.expected) {
        CAPTURE(text.substr(0, recall.begin));
        CHECK(expected.word == word);
      }
    }
  }
  CHECK(points > 3 * stories);
}
