#include "limpid/tokenizer/sentence.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/tales/corpus.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tokenizer/character_class.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: splitting has no gradient
// NO fixture: what a sentence is, is our own rule, worked out by hand
// NO accumulation: nothing accumulates
// NO misuse: every text has an answer

using namespace limpid;
using Sentences = std::vector<std::string_view>;

namespace {

// How a text with / where sentences should end is split: with / where they do.
std::string marked(std::string_view expected) {
  std::string text, result;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] != '/') text += expected[i];
  }
  for (const std::string_view sentence : split_sentences(text)) {
    const auto at = static_cast<std::size_t>(sentence.data() - text.data());
    if (at > 0 && !result.empty()) result += '/';
    while (result.size() - static_cast<std::size_t>(std::count(result.begin(), result.end(), '/')) <
           at) {
      result += ' ';
    }
    result += sentence;
  }
  return result;
}

// The share of the second half's items that the first half does not have.
double share_of_new(const std::vector<std::string_view>& items) {
  const std::size_t half = items.size() / 2;
  const std::set<std::string_view> known(items.begin(),
                                         items.begin() + static_cast<std::ptrdiff_t>(half));
  std::size_t unseen = 0;
  for (std::size_t i = half; i < items.size(); ++i) unseen += known.contains(items[i]) ? 0 : 1;
  return static_cast<double>(unseen) / static_cast<double>(items.size() - half);
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  CHECK(split_sentences(
            "Dr. A. Weber paid 3.50 for it. \"Too much?\" she asked. No... Not at all!") ==
        Sentences{"Dr. A. Weber paid 3.50 for it.", "\"Too much?\" she asked.", "No...",
                  "Not at all!"});
}

TEST_CASE("by hand: what a full stop does not end") {
  for (const char* text : {
           "It costs 3.14 or .5 at limpid.example today./ Good.",
           "Mr. and Mrs. Oren met Prof. Hazel./ St. Ives is far.",
           "See Fig. 3 and No. 5, pp. 7 to 9./ She said no./ Then she left.",
           "J. R. Vale and A.B. Moor came./ So am I./ You too.",
           "The U.S. Army, i.e. Tom, e.g. Rome, cf. Page 4.",
           "He left at 5 p.m. and slept./ Nuts, figs, etc. were left.",
           "He left at 5 p.m./ Then he slept./ Nuts, figs, etc./ All gone.",
           "1. Open the box./ 2. Close it./ It was 1984./ Then came 1985.",
           "Wait ... for me./ Well.../ Come!/ So… he came.",
           "What?! he cried./ What?!/ Who?/ Stop!!!",
       }) {
    CHECK(marked(text) == text);
  }
}

TEST_CASE("by hand: quotes and brackets that close belong to the sentence") {
  for (const char* text : {
           "\"Go.\"/ \"Why?\" he asked./ 'No.'/ (Never.)/ She went.",
           "“Go.”/ ‘Why?’ he asked./ «Non.»/ Fin.",
           "„Geh.“/ „Warum?“ fragte er./ Ende.",
       }) {
    CHECK(marked(text) == text);
  }
}

TEST_CASE("by hand: the stops of other scripts need no space") {
  CHECK(split_sentences("你好。今天好！「走吧。」好？") ==
        Sentences{"你好。", "今天好！", "「走吧。」", "好？"});
  CHECK(split_sentences("كيف حالك؟ أنا بخير.") == Sentences{"كيف حالك؟", "أنا بخير."});
  CHECK(split_sentences("یہ ایک ہے۔ وہ دو ہیں۔") == Sentences{"یہ ایک ہے۔", "وہ دو ہیں۔"});
  CHECK(split_sentences("वह गया।वह आया॥ कब?") == Sentences{"वह गया।", "वह आया॥", "कब?"});
  CHECK(split_sentences("ሰላም። ደህና።") == Sentences{"ሰላም።", "ደህና።"});
}

TEST_CASE("by hand: an empty line ends a sentence, a line break does not") {
  CHECK(split_sentences("A title\n \nIt was\nlate. \n\n the end") ==
        Sentences{"A title", "It was\nlate.", "the end"});
}

TEST_CASE("property: between the sentences stands white space and nothing else") {
  std::vector<std::string> texts = test::kScripts;
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    std::string text = test::random_text(rng, 100);
    for (char& c : text) {
      if (rng.below(6) == 0 && static_cast<unsigned char>(c) < 0x80) c = ".!?\"\n)"[rng.below(6)];
    }
    texts.push_back(text);
    texts.push_back(test::random_bytes(rng, 100));
  }
  std::size_t many = 0;
  for (const std::string& text : texts) {
    std::string_view rest = text;
    const auto only_space_until = [&](const char* end) {
      while (rest.data() < end) {
        const CodePoint point = first_code_point(rest);
        CHECK(character_class(point.value) == CharacterClass::space);
        rest.remove_prefix(point.length);
      }
    };
    const Sentences sentences = split_sentences(text);
    for (const std::string_view sentence : sentences) {
      REQUIRE(!sentence.empty());
      only_space_until(sentence.data());
      rest.remove_prefix(sentence.size());
      CHECK(split_sentences(sentence).size() >= 1);
    }
    only_space_until(text.data() + text.size());
    many += sentences.size() > 2 ? 1 : 0;
  }
  CHECK(many > 50);
}

TEST_CASE("property: sentences seldom come again, words do: why there is no sentence tokenizer") {
  const tales::World& world = tales::World::embedded();
  const std::string text = tales::write_corpus(world, tales::Split::train, 1, 400'000);
  Sentences sentences, words;
  for (const tales::Entry& tale : tales::entries(text)) {
    for (const std::string_view sentence : split_sentences(tale.text))
      sentences.push_back(sentence);
  }
  for (std::string_view rest = text; !rest.empty();) {
    words.push_back(rest.substr(0, piece_length(rest, Pattern::words)));
    rest.remove_prefix(words.back().size());
  }
  std::map<std::string_view, int> counts;
  for (const std::string_view sentence : sentences) ++counts[sentence];
  std::size_t once = 0;
  for (const auto& [sentence, count] : counts) once += count == 1 ? 1 : 0;
  MESSAGE(sentences.size() << " sentences, " << once << " of them once; new in the second half: "
                           << 100 * share_of_new(sentences) << "% of sentences, "
                           << 100 * share_of_new(words) << "% of words");
  CHECK(sentences.size() >= 5000);
  CHECK(once * 10 >= sentences.size() * 9);
  CHECK(share_of_new(sentences) >= 0.9);
  CHECK(share_of_new(words) <= 0.1);
}

TEST_CASE("edges: nothing, white space, stops alone, no stop, bytes that are not UTF-8") {
  CHECK(split_sentences("").empty());
  CHECK(split_sentences(" \n\n\t\u3000").empty());
  CHECK(split_sentences("...") == Sentences{"..."});
  CHECK(split_sentences("? !") == Sentences{"?", "!"});
  CHECK(split_sentences("no stop") == Sentences{"no stop"});
  CHECK(split_sentences("Mr.") == Sentences{"Mr."});
  CHECK(split_sentences("a\xFF. B\xE2\x80") == Sentences{"a\xFF.", "B\xE2\x80"});
}
