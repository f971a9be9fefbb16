// %% [markdown]
// # Byte-pair encoding
//
// The notebook of the lesson [byte pair](../lessons/03-byte_pair/README.md). It runs the code in
// [byte_pair_plain.cpp](../src/limpid/tokenizer/byte_pair_plain.cpp),
// [byte_pair_trainer.cpp](../src/limpid/tokenizer/byte_pair_trainer.cpp) and
// [byte_pair.cpp](../src/limpid/tokenizer/byte_pair.cpp); change a text and run it again with
// `./dev notebook byte_pair`.

// %%
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/tales/corpus.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/byte_pair_plain.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/utf8.hpp"

#include "support/notebook.hpp"
#include "support/plot.hpp"

using namespace limpid;

// A text as people can see it: a space is a dot in the middle, a line break an arrow, and what is
// no character by itself is written as bytes.
std::string visible(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const CodePoint first = first_code_point(text);
    if (text[0] == ' ') {
      shown += "·";
    } else if (text[0] == '\n') {
      shown += "↵";
    } else if (first.valid) {
      shown += text.substr(0, first.length);
    } else {
      for (const char byte : text.substr(0, first.length)) {
        char number[8];
        std::snprintf(number, sizeof number, "<%02X>", static_cast<unsigned>(byte) & 0xFF);
        shown += number;
      }
    }
    text.remove_prefix(first.length);
  }
  return shown;
}

std::vector<std::string_view> pieces_of(std::string_view text, Pattern pattern) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    pieces.push_back(text.substr(0, piece_length(text, pattern)));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// The tokens of a text, with this between them.
std::string tokens_of(const Tokenizer& tokenizer, std::string_view text,
                      const std::string& between = "|") {
  std::string shown;
  for (const TokenId id : tokenizer.encode(text)) {
    shown += (shown.empty() ? "" : between) + visible(tokenizer.token_bytes(id));
  }
  return shown;
}

// A tokenizer that knows only the first merges of those learned.
BytePairTokenizer first_merges(const LearnedMerges& learned, std::size_t count,
                               Pattern pattern = Pattern::gpt2) {
  Vocabulary vocabulary = Vocabulary::of_bytes();
  const std::vector<Merge> merges(learned.merges.begin(),
                                  learned.merges.begin() + static_cast<std::ptrdiff_t>(count));
  for (const Merge& m : merges) {
    vocabulary.add(std::string(learned.vocabulary[m.left]).append(learned.vocabulary[m.right]));
  }
  return BytePairTokenizer(with_specials(std::move(vocabulary), default_specials()), merges,
                           pattern);
}

// How often the left token of a merge has its right one behind it, within pieces.
int times(const Tokenizer& tokenizer, std::string_view text, Merge merge) {
  int count = 0;
  for (const std::string_view piece : pieces_of(text, Pattern::gpt2)) {
    const std::vector<TokenId> ids = tokenizer.encode(piece);
    for (std::size_t i = 1; i < ids.size(); ++i) {
      count += ids[i - 1] == merge.left && ids[i] == merge.right ? 1 : 0;
    }
  }
  return count;
}

// %% [markdown]
// ## By hand
//
// The text "bananas and ananas" has three pieces, since a space goes with the word behind it; a dot
// stands for a space. Each line tells how often the pair occurs, which pair is joined, how many
// tokens are left, and what the text has become.

// %% by_hand
const std::string bananas = "bananas and ananas";

NB_CELL {
  PieceCounts pieces(Pattern::gpt2);
  pieces.add(bananas);
  const LearnedMerges learned = learn_merges_plainly(pieces, 300);
  const auto shown = [&](const Tokenizer& tokenizer) {
    std::string line;
    for (const std::string_view piece : pieces_of(bananas, Pattern::gpt2)) {
      line += "   " + tokens_of(tokenizer, piece, " ");
    }
    return line;
  };
  for (std::size_t known = 0; known <= 5; ++known) {
    const BytePairTokenizer tokenizer = first_merges(learned, known);
    std::string joined = "        ";
    if (known > 0) {
      const Merge last = learned.merges[known - 1];
      joined = std::to_string(times(first_merges(learned, known - 1), bananas, last)) + "  " +
               visible(learned.vocabulary[last.left]) + "+" +
               visible(learned.vocabulary[last.right]);
    }
    std::printf("%-12s %2zu tokens%s\n", joined.c_str(), tokenizer.encode(bananas).size(),
                shown(tokenizer).c_str());
  }
  NB_CHECK(learned.merges == learn_merges(pieces, 300).merges);
};

// %% [markdown]
// With these five merges, words that were never seen can be spelt. A merge is used wherever its pair
// stands, in the order of the list.

// %% new_words
NB_CELL {
  PieceCounts pieces(Pattern::gpt2);
  pieces.add(bananas);
  const BytePairTokenizer tokenizer = first_merges(learn_merges_plainly(pieces, 300), 5);
  for (const char* word : {"banana", "bandanas", "nan"}) {
    std::printf("%-9s %s\n", word, tokens_of(tokenizer, word, " ").c_str());
  }
};

// %% [markdown]
// ## Bytes and UTF-8
//
// The first 256 tokens are the bytes, so there is nothing that cannot be spelt. A character outside
// of ASCII has two to four bytes.

// %% bytes
NB_CELL {
  for (const std::string text : {"fox", "für", "狐", "🦊"}) {
    std::string bytes;
    for (const char byte : text) {
      char number[8];
      std::snprintf(number, sizeof number, " %02X", static_cast<unsigned>(byte) & 0xFF);
      bytes += number;
    }
    std::printf("%zu bytes  %-12s  %s\n", text.size(), bytes.c_str(), text.c_str());
  }
};

// %% [markdown]
// ## Pieces
//
// A pre-tokenizer cuts the text first; no token crosses its cuts.

// %% pieces
NB_CELL {
  const std::string_view text = "It's 12345,  isn't it";
  for (const Pattern pattern :
       {Pattern::none, Pattern::whitespace, Pattern::gpt2, Pattern::cl100k}) {
    std::string shown;
    for (const std::string_view piece : pieces_of(text, pattern)) {
      shown += (shown.empty() ? "" : "|") + visible(piece);
    }
    std::printf("%-12s %s\n", std::string(pattern_name(pattern)).c_str(), shown.c_str());
  }
};

// %% [markdown]
// ## Merges from tales
//
// A million bytes of tales; others are kept apart, to measure with.

// %% tales
const std::string stories =
    tales::write_corpus(tales::World::embedded(), tales::Split::train, 1, 1'000'000);
const std::string unseen = [] {  // without the marks between stories
  std::string text;
  const std::string marked =
      tales::write_corpus(tales::World::embedded(), tales::Split::valid, 2, 100'000);
  for (const std::string_view story : texts_between(marked, default_specials())) text += story;
  return text;
}();
const LearnedMerges learned = [] {
  PieceCounts pieces(Pattern::gpt2);
  pieces.add(stories);
  return learn_merges(pieces, 2048);
}();

NB_CELL {
  std::printf("%s\n", stories.substr(0, stories.find("<|endoftext|>")).c_str());
  // Rank, pair, and how often it stood in the text when it was joined.
  for (std::size_t row = 0; row < 8; ++row) {
    std::string line;
    for (const std::size_t from : {std::size_t{0}, std::size_t{200}, std::size_t{1000}}) {
      const std::size_t rank = from + row;
      const Merge merge = learned.merges[rank];
      const std::string pair =
          visible(learned.vocabulary[merge.left]) + "+" + visible(learned.vocabulary[merge.right]);
      std::size_t letters = 0;  // what it takes on the screen
      for (const char byte : pair) letters += (byte & 0xC0) != 0x80 ? 1 : 0;
      char numbers[32];
      std::snprintf(numbers, sizeof numbers, "%6d",
                    times(first_merges(learned, rank), stories, merge));
      const std::string number = std::to_string(rank);
      line += std::string(5 - number.size(), ' ') + number + "  " + pair +
              std::string(letters < 11 ? 11 - letters : 1, ' ') + numbers + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("%s\n", line.c_str());
  }
};

// %% [markdown]
// One sentence with more and more merges:

// %% more_and_more
NB_CELL {
  const std::string sentence = "Hazel brought the lantern home, unharmed.";
  for (const std::size_t size : {256, 300, 600, 1000, 2000}) {
    const BytePairTokenizer tokenizer = first_merges(learned, size - 256);
    std::printf("%4zu  %2zu  %s\n", size, tokenizer.encode(sentence).size(),
                tokens_of(tokenizer, sentence).c_str());
  }
};

// %% [markdown]
// ## Compression and the size of the vocabulary
//
// Bytes per token: how much text a model sees in one step. The merges are those of the tales; the
// other texts show what they are worth elsewhere. Digits and random bytes hardly get shorter.

// %% compression
const std::string other_english =
    "The committee has published its figures for the last quarter. Exports of machinery grew by a "
    "third, while the price of copper fell for the fifth month in a row. Analysts had expected the "
    "opposite, and several banks have since withdrawn their forecasts. A spokesman declined to "
    "comment on rumours that the board is about to resign.";
const std::string german =
    "Der Ausschuss hat die Zahlen des letzten Vierteljahres veröffentlicht. Die Ausfuhr von "
    "Maschinen wuchs um ein Drittel, während der Preis für Kupfer den fünften Monat in Folge fiel. "
    "Fachleute hatten das Gegenteil erwartet, und mehrere Banken haben ihre Vorhersagen seither "
    "zurückgezogen.";

double bytes_per_token(const Tokenizer& tokenizer, std::string_view text) {
  return static_cast<double>(text.size()) /
         static_cast<double>(tokenizer.encode(text, Specials::recognised).size());
}

NB_CELL {
  Rng rng(5);
  std::string digits, noise;
  for (int i = 0; i < 5000; ++i) digits += static_cast<char>('0' + rng.below(10));
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>(rng.below(256));
  const std::vector<std::pair<std::string, const std::string*>> texts = {
      {"unseen tales", &unseen}, {"English news", &other_english}, {"German", &german},
      {"digits", &digits},       {"random bytes", &noise},
  };
  std::vector<nb::Series> curves;
  for (const auto& [name, text] : texts) curves.push_back({name, {}, {}});
  for (const std::size_t size : {256, 272, 288, 320, 384, 512, 768, 1024, 1536, 2048}) {
    const BytePairTokenizer tokenizer = first_merges(learned, size - 256);
    for (std::size_t t = 0; t < texts.size(); ++t) {
      curves[t].x.push_back(static_cast<double>(size));
      curves[t].y.push_back(bytes_per_token(tokenizer, *texts[t].second));
    }
  }
  std::printf("%-14s", "");
  for (const std::size_t at : {0, 3, 5, 7, 9}) std::printf(" %6.0f", curves[0].x[at]);
  std::printf("\n");
  for (const nb::Series& curve : curves) {
    std::printf("%-14s", curve.name.c_str());
    for (const std::size_t at : {0, 3, 5, 7, 9}) std::printf(" %6.2f", curve.y[at]);
    std::printf("\n");
  }
  nb::show_svg("compression", nb::lines({.title = "Bytes per token, with merges learned from tales",
                                         .x = "tokens in the vocabulary",
                                         .y = "bytes per token"},
                                        curves));
};

// %% [markdown]
// ## How long tokens are
//
// Once each token of the vocabulary, and once each token as often as the unseen tales use it.

// %% lengths
NB_CELL {
  const BytePairTokenizer tokenizer = first_merges(learned, learned.merges.size());
  std::map<std::size_t, double> listed, used;
  for (TokenId id = 0; id < learned.vocabulary.size(); ++id) {
    listed[learned.vocabulary[id].size()] += 1.0 / learned.vocabulary.size();
  }
  const std::vector<TokenId> ids = tokenizer.encode(unseen, Specials::recognised);
  std::set<TokenId> different(ids.begin(), ids.end());
  for (const TokenId id : ids) {
    if (tokenizer.is_special(id)) continue;
    used[tokenizer.token_bytes(id).size()] += 1.0 / static_cast<double>(ids.size());
  }
  std::vector<std::string> groups;
  nb::Series of_vocabulary{"in the vocabulary", {}, {}}, of_text{"in the text", {}, {}};
  for (std::size_t length = 1; length <= listed.rbegin()->first; ++length) {
    groups.push_back(std::to_string(length));
    of_vocabulary.y.push_back(100 * listed[length]);
    of_text.y.push_back(100 * used[length]);
  }
  std::printf("%d tokens in the vocabulary, %zu of them in the text; the longest has %zu bytes\n",
              learned.vocabulary.size(), different.size(), listed.rbegin()->first);
  nb::show_svg("lengths",
               nb::bars({.title = "How long tokens are", .x = "bytes", .y = "of a hundred tokens"},
                        groups, {of_vocabulary, of_text}));
};

// %% [markdown]
// ## A text that does not compress
//
// What is learned is repetition. In 2,000 random bytes next to nothing comes twice, so every merge
// saves one or two tokens here and nothing elsewhere: it has learned the text by heart.

// %% noise
NB_CELL {
  Rng rng(7);
  const auto noise = [&] {
    std::string text;
    for (int i = 0; i < 2000; ++i) text += static_cast<char>(rng.below(256));
    return text;
  };
  const std::string here = noise(), elsewhere = noise();
  const std::string tale = stories.substr(0, 2000), next_tale = stories.substr(2000, 2000);
  std::printf("%-24s %8s %8s %10s\n", "2,000 bytes, 200 merges", "before", "after", "elsewhere");
  for (const auto& [name, text, other] :
       {std::tuple{"tales", &tale, &next_tale}, std::tuple{"random bytes", &here, &elsewhere}}) {
    PieceCounts pieces(Pattern::none);
    pieces.add(*text);
    const BytePairTokenizer tokenizer = first_merges(learn_merges(pieces, 456), 200, Pattern::none);
    std::printf("%-24s %8zu %8zu %10zu\n", name, text->size(), tokenizer.encode(*text).size(),
                tokenizer.encode(*other).size());
  }
};

// %% [markdown]
// ## Special tokens
//
// The mark between two stories is one token where marks are wanted, and thirteen letters where
// somebody typed it.

// %% specials
NB_CELL {
  const BytePairTokenizer tokenizer = first_merges(learned, 0);
  const std::string text = "end.<|endoftext|>Once";
  std::printf("recognised  %zu tokens\n", tokenizer.encode(text, Specials::recognised).size());
  std::printf("as text     %zu tokens\n", tokenizer.encode(text, Specials::as_text).size());
};

// %% [markdown]
// ## As training left it
//
// Training joins one pair after another in all of its text. What becomes of a piece there is what the
// encoder makes of it, which only ever looks for the lowest rank.

// %% as_training_left_it
NB_CELL {
  const BytePairTokenizer tokenizer = first_merges(learned, learned.merges.size());
  PieceCounts pieces(Pattern::gpt2);
  pieces.add(stories);
  int equal = 0;
  for (TokenId i = 0; i < pieces.size(); ++i) {
    std::vector<TokenId> ids;
    for (const char byte : pieces.piece(i)) ids.push_back(static_cast<unsigned char>(byte));
    for (std::size_t rank = 0; rank < learned.merges.size(); ++rank) {
      for (std::size_t at = 0; at + 1 < ids.size(); ++at) {
        if (Merge{ids[at], ids[at + 1]} != learned.merges[rank]) continue;
        ids[at] = static_cast<TokenId>(256 + rank);
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
      }
    }
    equal += ids == tokenizer.encode(pieces.piece(i)) ? 1 : 0;
  }
  std::printf("%d of %d pieces are cut as training left them\n", equal, pieces.size());
  NB_CHECK(equal == pieces.size());
};

// %% [markdown]
// ## Rank against length
//
// The same vocabulary used in another way: take from the left the longest token that fits. Every
// word still comes back, and most words are cut alike. The words of the training text, however, are
// no longer cut as training had cut them.

// %% longest_match
std::string cut_longest(const Vocabulary& vocabulary, std::string_view piece) {
  std::string shown;
  while (!piece.empty()) {
    std::size_t length = piece.size();
    while (!vocabulary.find(piece.substr(0, length))) --length;
    shown += (shown.empty() ? "" : "|") + visible(piece.substr(0, length));
    piece.remove_prefix(length);
  }
  return shown;
}

NB_CELL {
  const BytePairTokenizer tokenizer = first_merges(learned, 400);
  PieceCounts pieces(Pattern::gpt2);
  pieces.add(stories);
  int different = 0, shown = 0;
  for (TokenId i = 0; i < pieces.size(); ++i) {
    const std::string by_rank = tokens_of(tokenizer, pieces.piece(i));
    const std::string by_length = cut_longest(tokenizer.vocabulary(), pieces.piece(i));
    if (by_rank == by_length) continue;
    ++different;
    if (++shown <= 4) std::printf("%-20s %s\n", by_rank.c_str(), by_length.c_str());
  }
  std::printf("%d of %d different pieces are cut otherwise\n", different, pieces.size());
  for (std::size_t rank = 0; rank < 400; ++rank) {
    const Merge& merge = learned.merges[rank];
    const std::string pair = visible(tokenizer.token_bytes(merge.left)) + "+" +
                             visible(tokenizer.token_bytes(merge.right));
    if (pair == "r+i" || pair == "·b+r") std::printf("%s has rank %zu\n", pair.c_str(), rank);
  }
};

// %% [markdown]
// ## Break it: another order of the merges
//
// The same merges with their ranks mixed up. Decoding gives the text back all the same, so a test
// that only goes there and back sees nothing.

// %% another_order
NB_CELL {
  const auto reordered = [&](std::vector<Merge> merges) {
    return BytePairTokenizer(with_specials(learned.vocabulary, default_specials()),
                             std::move(merges));
  };
  std::vector<Merge> backwards(learned.merges.rbegin(), learned.merges.rend());
  std::vector<Merge> by_left = learned.merges;
  std::sort(by_left.begin(), by_left.end(), [](const Merge& a, const Merge& b) {
    return std::pair(learned.vocabulary[a.left], learned.vocabulary[a.right]) <
           std::pair(learned.vocabulary[b.left], learned.vocabulary[b.right]);
  });
  std::printf("%-18s %6s   %s\n", "ranks", "tokens", "comes back");
  for (const auto& [name, merges] : {std::pair{"as learned", learned.merges},
                                     {"by alphabet", by_left},
                                     {"backwards", backwards}}) {
    const BytePairTokenizer tokenizer = reordered(merges);
    const std::vector<TokenId> ids = tokenizer.encode(unseen);
    std::printf("%-18s %6zu   %s\n", name, ids.size(),
                tokenizer.decode(ids) == unseen ? "yes" : "no");
  }
};

// %% [markdown]
// ## Break it: no pieces
//
// Without a pre-tokenizer, merges run over the borders of words. On the training text that shortens
// more, and so it looks better.

// %% no_pieces
NB_CELL {
  const std::string_view part = std::string_view(stories).substr(0, 200'000);
  for (const Pattern pattern : {Pattern::gpt2, Pattern::none}) {
    PieceCounts pieces(pattern);
    pieces.add(part);
    const LearnedMerges merges = learn_merges(pieces, 1024);
    const BytePairTokenizer tokenizer = first_merges(merges, merges.merges.size(), pattern);
    std::printf("%-6s bytes per token: tales %.2f, news %.2f;  ",
                std::string(pattern_name(pattern)).c_str(), bytes_per_token(tokenizer, unseen),
                bytes_per_token(tokenizer, other_english));
    std::vector<std::string> over;  // tokens over the border of a word
    for (TokenId id = 256; id < merges.vocabulary.size(); ++id) {
      const std::string_view token = merges.vocabulary[id];
      if (pieces_of(token, Pattern::gpt2).size() > 1) over.push_back(visible(token));
    }
    std::printf("over a border: %zu of %d\n", over.size(), merges.vocabulary.size() - 256);
    for (std::size_t i = 0; i < over.size(); i += over.size() / 7) {
      std::printf("  %s", over[i].c_str());
    }
    if (!over.empty()) std::printf("\n");
  }
};
