// NO gradient check: a verdict has no gradient.
// NO fixture: no other implementation judges these tales.
// NO accumulation: nothing is summed over calls.
// NO misuse: any text is allowed.
#include "limpid/tales/checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "limpid/tales/parser.hpp"
#include "limpid/tales/writer.hpp"

using namespace limpid;
using namespace limpid::tales;

namespace {

const World& world() {
  return World::embedded();
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct Word {
  std::size_t begin, end;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    while (i < text.size() && is_letter(text[i])) ++i;
    if (i > begin) words.push_back({begin, i});
  }
  return words;
}

std::string replaced(const std::string& text, Word word, std::string_view by) {
  std::string result = text;
  return result.replace(word.begin, word.end - word.begin, by);
}

// The list of names that a word stands in, if it is a name.
const List* list_of_name(const std::string& word) {
  for (const List& list : world().lists) {
    if (list.name.ends_with("names") && list.find(word)) return &list;
  }
  return nullptr;
}

// The characters of a story: its capitalised words that names can be, as often as they appear.
std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> found;
  for (const Word word : words_of(text)) {
    const std::string name = text.substr(word.begin, word.end - word.begin);
    if (list_of_name(name) != nullptr && !std::count(found.begin(), found.end(), name)) {
      found.push_back(name);
    }
  }
  return found;
}

using Corruption = std::function<std::optional<std::string>(const std::string&, Rng&)>;

// Change one of the words that `other` has an answer for, drawn evenly.
std::optional<std::string> change_word(
    const std::string& text, Rng& rng,
    const std::function<std::optional<std::string>(const std::string&)>& other) {
  std::vector<std::pair<Word, std::string>> changes;
  for (const Word word : words_of(text)) {
    if (const auto by = other(text.substr(word.begin, word.end - word.begin))) {
      changes.push_back({word, *by});
    }
  }
  if (changes.empty()) return std::nullopt;
  const auto& [word, by] = changes[rng.below(changes.size())];
  return replaced(text, word, by);
}

std::optional<std::string> other_of_list(const char* name, const std::string& word, Rng& rng) {
  for (const List& list : world().lists) {
    if (list.name != name) continue;
    const auto row = list.find(word);
    if (!row) return std::nullopt;
    const auto step = 1 + static_cast<Value>(rng.below(list.rows.size() - 1));
    return list.word((*row + step) % list.row_count());
  }
  return std::nullopt;
}

// Another character of the story, or as often somebody of the same list who has no part in it.
std::optional<std::string> swap_name(const std::string& text, Rng& rng) {
  const auto names = names_in(text);
  return change_word(text, rng, [&](const std::string& word) -> std::optional<std::string> {
    const auto place = std::find(names.begin(), names.end(), word);
    if (place == names.end()) return std::nullopt;
    if (names.size() > 1 && rng.below(2) == 0) {
      const auto i = static_cast<std::size_t>(place - names.begin());
      return names[(i + 1 + rng.below(names.size() - 1)) % names.size()];
    }
    const List& list = *list_of_name(word);
    std::string other = word;
    while (other == word) other = list.word(static_cast<Value>(rng.below(list.rows.size())));
    return other;
  });
}

std::optional<std::string> swap_pronoun(const std::string& text, Rng& rng) {
  static const std::map<std::string, std::string> other{
      {"he", "she"}, {"she", "he"}, {"him", "her"}, {"his", "her"}, {"her", "his"},
      {"He", "She"}, {"She", "He"}, {"His", "Her"}, {"Her", "His"}};
  return change_word(text, rng, [&](const std::string& word) -> std::optional<std::string> {
    const auto found = other.find(word);
    if (found == other.end()) return std::nullopt;
    return found->second;
  });
}

// Who gives and who gets, whose it is and who looks on: exchange two names within a sentence.
std::optional<std::string> swap_owner(const std::string& text, Rng& rng) {
  std::vector<std::string> results;
  for (const std::string_view sentence : sentences_of(text)) {
    const auto names = names_in(std::string(sentence));
    if (names.size() < 2) continue;
    std::string exchanged;
    std::size_t end = 0;
    for (const Word word : words_of(sentence)) {
      const std::string_view found = sentence.substr(word.begin, word.end - word.begin);
      exchanged += sentence.substr(end, word.begin - end);
      exchanged += found == names[0] ? names[1] : found == names[1] ? names[0] : std::string(found);
      end = word.end;
    }
    exchanged += sentence.substr(end);
    std::string result = text;
    results.push_back(result.replace(static_cast<std::size_t>(sentence.data() - text.data()),
                                     sentence.size(), exchanged));
  }
  if (results.empty()) return std::nullopt;
  return results[rng.below(results.size())];
}

std::optional<std::string> drop_word(const std::string& text, Rng& rng) {
  const auto words = words_of(text);
  const Word word = words[rng.below(words.size())];
  const bool last = word.end == text.size() || text[word.end] != ' ';
  if (last && word.begin > 0) return replaced(text, {word.begin - 1, word.end}, "");
  return replaced(text, {word.begin, word.end + 1}, "");
}

std::optional<std::string> exchange_sentences(const std::string& text, Rng& rng) {
  auto sentences = sentences_of(text);
  const std::size_t i = rng.below(sentences.size() - 1);
  std::swap(sentences[i], sentences[i + 1]);
  std::string result;
  for (const std::string_view sentence : sentences) {
    if (!result.empty()) result += ' ';
    result += sentence;
  }
  return result;
}

Corruption swap_in_list(const char* list) {
  return [list](const std::string& text, Rng& rng) {
    return change_word(text, rng,
                       [&](const std::string& word) { return other_of_list(list, word, rng); });
  };
}

}  // namespace

TEST_CASE("property: every generated story is accepted, sentence by sentence, in every split") {
  Rng rng(1, 2);
  for (int i = 0; i < 2000; ++i) {
    const Story story = write(world(), i % 2 ? Split::train : Split::novel, rng);
    const Verdict verdict = check(world(), story.text, true);
    CAPTURE(story.text);
    CHECK(verdict.consistent);
    CHECK(verdict.sentences == verdict.accepted);
    CHECK(verdict.sentences >= 6);
    CHECK(verdict.sentences <= 12);
  }
}

TEST_CASE("property: 99 of 100 single corruptions of each kind are rejected") {
  const std::map<std::string, Corruption> kinds{{"name", swap_name},
                                                {"pronoun", swap_pronoun},
                                                {"owner", swap_owner},
                                                {"trait", swap_in_list("traits")},
                                                {"object", swap_in_list("objects")},
                                                {"dropped word", drop_word},
                                                {"exchanged events", exchange_sentences}};
  for (const auto& [kind, corrupt] : kinds) {
    Rng rng(7);
    int tried = 0, rejected = 0, shown = 0;
    while (tried < 1000) {
      const std::string text = write(world(), Split::valid, rng).text;
      const auto corrupted = corrupt(text, rng);
      if (!corrupted || *corrupted == text) continue;
      ++tried;
      const Verdict verdict = check(world(), *corrupted, true);
      rejected += !verdict.consistent;
      if (verdict.consistent && shown++ < 3) MESSAGE(kind << ": " << *corrupted);
      if (!verdict.consistent) REQUIRE(!verdict.reasons.empty());
    }
    MESSAGE(kind << ": " << rejected << " of " << tried << " rejected");
    CHECK(rejected >= tried * 99 / 100);
  }
}

TEST_CASE("by hand: a reader's own name is a name") {
  Rng rng(5);
  std::string text = write(world(), Split::train, rng).text;
  const std::string hero = names_in(text)[0];
  for (std::size_t at; (at = text.find(hero)) != std::string::npos;) {
    text.replace(at, hero.size(), "Wolfgang");
  }
  CHECK(check(world(), text, true).consistent);
  CHECK(!parse(world(), Split::train, text).has_value());
}

TEST_CASE("edges: an empty text, and a story without its end") {
  const Verdict empty = check(world(), "", true);
  CHECK(!empty.consistent);
  CHECK(empty.sentences == 0);
  Rng rng(6);
  const std::string text = write(world(), Split::train, rng).text;
  CHECK(check(world(), text, true).consistent);
  const Verdict unended = check(world(), text, false);
  CHECK(!unended.consistent);
  CHECK(unended.reasons[0] == "cut off: no end token follows");
  const Verdict half = check(world(), sentences_of(text)[0], true);
  CHECK(half.accepted == 1);
  CHECK(half.reasons[0] == "cut off: the story does not come to its end");
}

TEST_CASE("edges: a foreign text without an end is quoted by its beginning") {
  const auto said = [](const std::string& text) {
    std::string all;
    for (const std::string& reason : check(world(), text, true).reasons) all += reason + "\n";
    return all;
  };
  std::string endless = "int main";
  while (endless.size() < 10000) endless += " é";
  CHECK(said(endless).starts_with("sentence 1: not a sentence of this world: int main é é"));
  CHECK(said(endless).ends_with("é...\n"));
  CHECK(said(endless).size() < 300);
  // A sentence of the world where it does not belong, and names: a reader's own can be any.
  Rng rng(5);
  const std::string text = write(world(), Split::train, rng).text;
  const std::string hero = names_in(text)[0], longer(10000, 'o');
  std::string renamed = text;
  renamed.replace(renamed.rfind(hero), hero.size(), "W" + longer);
  CHECK(!check(world(), renamed, true).consistent);
  CHECK(said(renamed).size() < 1000);
  for (std::size_t at; (at = renamed.find(hero)) != std::string::npos;) {
    renamed.replace(at, hero.size(), "B" + longer);
  }
  CHECK(!check(world(), renamed, true).consistent);
  CHECK(said(renamed).size() < 1000);
}

TEST_CASE("by hand: each break has its reason") {
  const EmbeddedFile file{
      "test.txt",
      "list animals\n  fox, bear\nlist names\n  Tavi, Oren\n"
      "list pronouns: he | his\n  he | his\n  she | her\n"
      "fact kind from animals\nfact name from names\nfact pronoun from pronouns\n"
      "rule story\n  {Name} was {a} {kind}. {Pronoun} lost {pronoun.his} hat. "
      "The {kind} cried. {Name} found it.\n"};
  const World small = World::parse({&file, 1});
  const auto reasons = [&](std::string_view text) {
    std::string all;
    for (const std::string& reason : check(small, text, true).reasons) all += reason + "\n";
    return all;
  };
  CHECK(reasons("Tavi was a fox. He lost his hat. The fox cried. Tavi found it.") == "");
  CHECK(reasons("Tavi was a fox. He lost his hat. The bear cried. Tavi found it.") ==
        "sentence 3: 'bear' where the story has 'fox' (kind)\n");
  CHECK(reasons("Tavi was a fox. He lost her hat. The bear cried. Oren found it.") ==
        "sentence 2: 'her' where the story has 'his' (pronoun)\n"
        "sentence 3: 'bear' where the story has 'fox' (kind)\n"
        "sentence 4: 'Oren' where the story has 'Tavi' (name)\n");
  CHECK(reasons("Tavi was a fox. He lost his. The fox cried. Tavi found it.") ==
        "sentence 2: not a sentence of this world: He lost his.\n");
  CHECK(reasons("Tavi was a fox. The fox cried. He lost his hat. Tavi found it.") ==
        "sentence 2: it does not follow from what was told (another order of events, or another "
        "fact): The fox cried.\n");
  CHECK(reasons("Tavi was a fox. He lost his hat.") ==
        "cut off: the story does not come to its end\n");
}
