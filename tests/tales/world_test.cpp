// NO gradient check: words have no gradient.
// NO fixture: no other implementation reads this language.
// NO accumulation: nothing is summed over calls.
#include "limpid/tales/world.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "limpid/tales/writer.hpp"

using namespace limpid;
using namespace limpid::tales;

namespace {

World world_of(std::string_view text) {
  const EmbeddedFile file{"test.txt", text};
  return World::parse({&file, 1});
}

std::string error_of(std::string_view text) {
  try {
    world_of(text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

const List& list_of(const World& world, std::string_view name) {
  for (const List& list : world.lists) {
    if (list.name == name) return list;
  }
  throw std::runtime_error("no such list");
}

// The first word of a list that stands in the text, by its row.
std::size_t first_of(const List& list, const std::string& text) {
  std::size_t first = std::string::npos, found = 0;
  for (std::size_t row = 0; row < list.rows.size(); ++row) {
    const std::string& word = list.rows[row][0];
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const char before = at == 0 ? ' ' : text[at - 1];
      const char after = at + word.size() < text.size() ? text[at + word.size()] : ' ';
      if (std::isalpha(before) || std::isalpha(after) || at >= first) continue;
      first = at;
      found = row;
    }
  }
  REQUIRE(first != std::string::npos);
  return found;
}

using Pair = std::pair<std::size_t, std::string>;

}  // namespace

TEST_CASE("by hand: values, words and weights of a list that spells names") {
  const World world = world_of(
      "list names\n  Ann, Bert\n  spell 1 2: lo mi\nfact name from names\nrule story\n  {name}\n");
  const List& list = world.lists[0];
  CHECK(list.size() == 2 + 2 + 4);
  const char* words[] = {"Ann", "Bert", "Lo", "Mi", "Lolo", "Lomi", "Milo", "Mimi"};
  const double weights[] = {0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625, 0.0625, 0.0625};
  double sum = 0;
  for (Value value = 0; value < list.size(); ++value) {
    CHECK(list.word(value) == words[value]);
    CHECK(list.find(words[value]) == value);
    CHECK(std::abs(list.weight(value) - weights[value]) <= 1e-15);
    sum += list.weight(value);
  }
  CHECK(std::abs(sum - 1) <= 1e-15);
  CHECK(!list.find("lomi").has_value());
  CHECK(!list.find("Lomilo").has_value());
}

TEST_CASE("by hand: where sentences end") {
  const std::string_view text = R"("No!" said Mr. Owl. "Why?" He left.)";
  std::size_t end = sentence_end(text, 0);
  CHECK(text.substr(0, end) == R"("No!" said Mr.)");  // a world has no abbreviations
  end = sentence_end(text, end);
  CHECK(text.substr(0, end) == R"("No!" said Mr. Owl.)");
  CHECK(sentence_end("no end", 0) == std::string_view::npos);
}

TEST_CASE("property: `novel` has pairs that training never has, in every story") {
  const World& world = World::embedded();
  const List& traits = list_of(world, "traits");
  const List& animals = list_of(world, "animals");
  const List& objects = list_of(world, "objects");
  std::set<Pair> trait_plot, kind_object;
  Rng rng(1);
  const auto pairs_of = [&](const std::string& text) {
    const auto& object = objects.rows[first_of(objects, text)];
    return std::pair<Pair, Pair>{{first_of(traits, text), object[1]},
                                 {first_of(animals, text), object[0]}};
  };
  for (int i = 0; i < 40000; ++i) {
    const auto [first, second] = pairs_of(write(world, Split::train, rng).text);
    trait_plot.insert(first);
    kind_object.insert(second);
  }
  // Five of six pairs are allowed, and all of them occur: 13 traits x 11 plots, 18 animals x 33 objects.
  CHECK(trait_plot.size() == 119);
  CHECK(kind_object.size() == 495);
  int without = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto [first, second] = pairs_of(write(world, Split::novel, rng).text);
    without += trait_plot.count(first) > 0 && kind_object.count(second) > 0;
  }
  CHECK(without == 0);
}

TEST_CASE("property: about half of the heroes have names that are spelled from syllables") {
  const List& names = list_of(World::embedded(), "names");
  Rng rng(2);
  const int stories = 4000;
  int spelled = 0;
  for (int i = 0; i < stories; ++i) {
    const std::string text = write(World::embedded(), Split::train, rng).text;
    std::set<Value> heroes;  // of all words in a story, this list knows its hero's name alone
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (!std::isupper(text[at])) continue;
      std::size_t end = at + 1;
      while (end < text.size() && std::isalpha(text[end])) ++end;
      if (const auto value = names.find(text.substr(at, end - at))) heroes.insert(*value);
      at = end;
    }
    CAPTURE(text);
    REQUIRE(heroes.size() == 1);
    spelled += *heroes.begin() >= names.row_count();
  }
  CHECK(spelled >= stories * 45 / 100);
  CHECK(spelled <= stories * 55 / 100);
}

TEST_CASE("edges: comments, Windows line ends, several files in any order") {
  const EmbeddedFile files[] = {{"b.txt", "rule story\r\n  # a remark\r\n  {x}\r\n"},
                                {"a.txt", "# all of it\n\nrule x\n  yes"}};
  Rng rng(1);
  CHECK(write(World::parse(files), Split::train, rng).text == "yes");
}

TEST_CASE("misuse: every mistake gets one line with its place") {
  const std::map<std::string, std::string> mistakes{
      {"rule story\n  {fox}\n",
       "test.txt:2: expected a rule or a fact in '{fox}', got an unknown name"},
      {"rule story\n  {fox\n", "test.txt:2: expected '}' after '{'"},
      {"rule story\n  fox}\n", "test.txt:2: expected '{' before '}'"},
      {"rule story\nrule x\n  y\n", "test.txt:1: the rule 'story' is empty"},
      {"rule story\n  {x}\nrule x\n  {story}\n",
       "test.txt:4: the rule 'story' leads back to itself"},
      {"rule story\n  y\nrule x\n  y\n", "test.txt:3: the rule 'x' is never used"},
      {"rule x\n  y\n", "tales: expected a rule named 'story' in the world's files"},
      {"rule story\n  [weight two] y\n",
       "test.txt:2: expected a number above 0 as weight, got 'two'"},
      {"rule story\n  [weight 0] y\n", "test.txt:2: expected a number above 0 as weight, got '0'"},
      {"rule story\n  [weight 2 y\n", "test.txt:2: expected ']' after '['"},
      {"rule story\n  [heavy] y\n",
       "test.txt:2: expected 'weight N' or 'fact = value', got 'heavy'"},
      {"rule story\n  y  z\n", "test.txt:2: expected one space, got two"},
      {"rule story\n\ty\n", "test.txt:2: expected spaces, got a tab"},
      {"rule story\n  when trait is shy\n    y\n",
       "test.txt:2: expected the name of a fact, got 'trait'"},
      {"rules story\n  y\n", "test.txt:1: expected 'list', 'fact', 'novel' or 'rule', got 'rules'"},
      {"  y\n", "test.txt:1: expected 'list', 'fact', 'novel' or 'rule', got 'y'"},
      {"fact x from y\n", "test.txt:1: expected the name of a list, got 'y'"},
      {"fact x in y\n", "test.txt:1: expected 'fact name from list', got 'fact x in y'"},
      {"list l\nrule story\n  y\n", "test.txt:2: the list 'l' before this line is empty"},
      {"list l\n  a, a\n", "test.txt:2: 'a' is in the list 'l' already, or can be spelled"},
      {"list l\n  a,, b\n", "test.txt:2: expected plain words in the list 'l', got ''"},
      {"list l\n  Lomi\n  spell 2: lo mi\n", "test.txt:3: 'Lomi' can be spelled from syllables"},
      {"list l\n  a\n  spell 2: lom\n",
       "test.txt:3: expected a syllable of two letters, got 'lom'"},
      {"list l\n  a\n  spell 2:\n",
       "test.txt:3: expected 'spell 2 3: ba be bi' once in a plain list, got 'spell 2:'"},
      {"list l\n  a\n  spell 2 2: lo\n", "test.txt:3: the number of syllables 2 is there twice"},
      {"list l\n  a\nlist l\n  b\n", "test.txt:3: the list 'l' is there twice"},
      {"list l m\n  a\n",
       "test.txt:1: expected 'list name' or 'list name: column | column', got 'list l m'"},
      {"list l: word | side\n  a\n", "test.txt:2: expected 2 columns, got 1"},
      {"list l\n  a\nfact x from l\nrule story\n  {x.side}\n",
       "test.txt:5: expected a column of 'x', got 'x.side'"},
      {"list l\n  a\nfact x from l\nrule story\n  y\n", "test.txt:3: the fact 'x' is never told"},
      {"list l\n  a\nfact x from l\nrule x\n  y\n",
       "test.txt:4: expected a new name, got 'x' again"},
      {"list l\n  a\nfact x from l\nrule story\n  when x is b\n    {x}\n",
       "test.txt:5: expected a word of the list 'l', got 'b'"},
      {"list l\n  a\nfact x from l\nrule story\n  when x was a\n    {x}\n",
       "test.txt:5: expected 'is' after 'x', got 'was'"},
      {"list l\n  a\nfact x from l\nnovel x with x, every 2x\nrule story\n  {x}\n",
       "test.txt:4: expected 'novel fact with fact, every N', got 'x with x, every 2x'"},
      {"list l\n  a\n  spell 2: lo mi\nfact x from l\nnovel x with x, every 2\nrule story\n  {x}\n",
       "test.txt:5: expected facts of lists without syllables in 'novel'"},
      {"list l\n  a\nfact x from l\nnovel x with x, each 2\nrule story\n  {x}\n",
       "test.txt:4: expected 'novel fact with fact, every N', got 'x with x, each 2'"},
      {"list l\n  a\nfact x from l\nrule story\n  when x is a\nrule z\n  y\n",
       "test.txt:4: the rule 'story' is empty"},
  };
  for (const auto& [text, message] : mistakes) {
    CAPTURE(text);
    CHECK(error_of(text) == message);
  }
}

TEST_CASE("misuse: of a long line little is said") {
  const std::string error = error_of("list names\n  " + std::string(2000, 'x') + " Be {Name\n");
  CHECK(error.starts_with("test.txt:2: "));
  CHECK(error.size() < 400);
}

TEST_CASE("misuse: a fact that `novel` guards must be told second") {
  const World world = world_of(
      "list l\n  a, b\nfact x from l\nfact y from l\nnovel x with y, every 2\n"
      "rule story\n  {y} {x}\n");
  Rng rng(1);
  CHECK_THROWS_AS(write(world, Split::train, rng), std::runtime_error);
}
