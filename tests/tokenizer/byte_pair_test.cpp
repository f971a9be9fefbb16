#include "limpid/tokenizer/byte_pair.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: a tokenizer has no gradient
// NO fixture: GPT-2's vocabulary is not in the project; short and long pieces check each other
// NO accumulation: nothing accumulates

using namespace limpid;
using Ids = std::vector<TokenId>;

namespace {

// A tokenizer from merges written as text.
BytePairTokenizer from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                              Pattern pattern = Pattern::gpt2) {
  Vocabulary vocabulary = Vocabulary::of_bytes();
  std::vector<Merge> ids;
  for (const auto& [left, right] : merges) {
    ids.push_back({vocabulary.find(left).value(), vocabulary.find(right).value()});
    vocabulary.add(left + right);
  }
  return BytePairTokenizer(with_specials(std::move(vocabulary), default_specials()), ids, pattern);
}

// The tokens of a text, with bars between them.
std::string split(const Tokenizer& tokenizer, std::string_view text) {
  std::string shown;
  for (const TokenId id : tokenizer.encode(text)) {
    if (!shown.empty()) shown += '|';
    shown += tokenizer.token_bytes(id);
  }
  return shown;
}

const std::vector<std::pair<std::string, std::string>> kHappiness = {
    {"s", "s"}, {"n", "e"},   {"ne", "ss"},  {"u", "n"},        {"h", "a"},
    {"p", "p"}, {"ha", "pp"}, {"happ", "i"}, {"happi", "ness"},
};

// Encodes by the definition alone: join the leftmost of the lowest rank, one at a time.
Ids encode_slowly(const BytePairTokenizer& tokenizer, std::string_view piece) {
  Ids ids;
  for (const char byte : piece) ids.push_back(*tokenizer.vocabulary().find({&byte, 1}));
  for (bool joined = true; joined;) {
    joined = false;
    for (const Merge& merge : tokenizer.merges()) {
      for (std::size_t i = 0; i + 1 < ids.size() && !joined; ++i) {
        if (ids[i] != merge.left || ids[i + 1] != merge.right) continue;
        const std::string bytes = tokenizer.decode(Ids{ids[i], ids[i + 1]});
        ids[i] = *tokenizer.vocabulary().find(bytes);
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        joined = true;
      }
      if (joined) break;
    }
  }
  return ids;
}

}  // namespace

TEST_CASE("by hand: unhappiness, merge by merge") {
  const std::vector<std::string> steps = {
      "u|n|h|a|p|p|i|n|e|s|s", "u|n|h|a|p|p|i|n|e|ss", "u|n|h|a|p|p|i|ne|ss", "u|n|h|a|p|p|i|ness",
      "un|h|a|p|p|i|ness",     "un|ha|p|p|i|ness",     "un|ha|pp|i|ness",     "un|happ|i|ness",
      "un|happi|ness",         "un|happiness",
  };
  for (std::size_t known = 0; known < steps.size(); ++known) {
    const auto end = kHappiness.begin() + static_cast<std::ptrdiff_t>(known);
    CHECK(split(from_merges({kHappiness.begin(), end}), "unhappiness") == steps[known]);
  }
}

TEST_CASE("by hand: a lower rank goes first, of equal ones the leftmost") {
  const auto tokenizer = from_merges({{"b", "c"}, {"a", "b"}, {"a", "a"}});
  CHECK(split(tokenizer, "abc") == "a|bc");  // b+c has the lower rank
  CHECK(split(tokenizer, "abab") == "ab|ab");
  CHECK(split(tokenizer, "aaaaa") == "aa|aa|a");
}

TEST_CASE("by hand: no token crosses the border of a piece") {
  const auto tokenizer = from_merges({{" ", "w"}, {"o", " "}, {"o", "r"}, {" w", "or"}});
  CHECK(split(tokenizer, "Hello world") == "H|e|l|l|o| wor|l|d");
  const auto open = from_merges({{"o", " "}, {"o", "r"}}, Pattern::none);
  CHECK(split(open, "Hello world") == "H|e|l|l|o |w|or|l|d");
}

TEST_CASE("by hand: the letters of a special token never make it; the token is never split") {
  const auto tokenizer = from_merges(kHappiness);
  const TokenId end = tokenizer.end_of_text().value();
  CHECK(end == tokenizer.vocab_size() - 1);
  CHECK(tokenizer.encode("un<|endoftext|>ness", Specials::recognised) == Ids{259, end, 258});
  const Ids letters = tokenizer.encode("<|endoftext|>");
  CHECK(letters.size() == 13);
  CHECK(tokenizer.decode(letters) == "<|endoftext|>");
}

// Llama 3's way: the merges would give ab|c, since b+c comes later than a+b.
TEST_CASE("by hand: whole pieces may be looked up before anything is merged") {
  TokenSet tokens = with_specials(Vocabulary::of_bytes(), default_specials());
  for (const char* token : {"ab", "bc", "abc"}) tokens.vocabulary.add(token);
  const std::vector<Merge> merges = {{'a', 'b'}, {'b', 'c'}, {'a', 258}};
  const BytePairTokenizer merged(tokens, merges);
  const BytePairTokenizer looked_up(tokens, merges, Pattern::gpt2, WholePieces::looked_up);
  CHECK(merged.encode("abc") == Ids{257, 'c'});
  CHECK(looked_up.encode("abc") == Ids{259});
  CHECK(looked_up.encode("abca") == Ids{257, 'c', 'a'});  // no token as it stands
  CHECK(looked_up.whole_pieces() == WholePieces::looked_up);
  CHECK(looked_up.fingerprint() != merged.fingerprint());
  // With a cache too, and a special token's letters stay letters.
  const auto cache = looked_up.new_cache();
  CHECK(looked_up.encode("abc", Specials::as_text, cache.get()) == Ids{259});
  CHECK(looked_up.encode("abc", Specials::as_text, cache.get()) == Ids{259});
  const BytePairTokenizer open(tokens, merges, Pattern::none, WholePieces::looked_up);
  CHECK(open.encode("<|endoftext|>").size() == 13);
}

TEST_CASE("property: every byte string comes back") {
  Rng rng(1);
  const auto tokenizer = train_byte_pair(test::zipf_text(rng, 3000, 500), {.vocab_size = 600});
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = test::random_bytes(rng, rng.below(100));
    REQUIRE(tokenizer.decode(tokenizer.encode(bytes)) == bytes);
    const std::string text = test::random_text(rng, rng.below(100));
    REQUIRE(tokenizer.decode(tokenizer.encode(text)) == text);
  }
  for (const std::string& text : test::kScripts) {
    CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
  }
}

TEST_CASE("property: short pieces, long pieces and the definition agree") {
  Rng rng(2);
  // Few letters and no borders: many overlapping merges.
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "aab"[rng.below(3)];
  const auto tokenizer = train_byte_pair(text, {.vocab_size = 300, .pattern = Pattern::none});
  for (int i = 0; i < 200; ++i) {
    std::string piece;
    for (std::uint64_t size = 50 + rng.below(30); size > 0; --size) piece += "aabc"[rng.below(4)];
    REQUIRE(tokenizer.encode(piece) == encode_slowly(tokenizer, piece));
  }
}

TEST_CASE("property: a cache changes nothing, and may be kept") {
  Rng rng(3);
  const std::string text = test::zipf_text(rng, 20000, 2000) + test::random_text(rng, 2000);
  const auto tokenizer = train_byte_pair(text, {.vocab_size = 700});
  const auto cache = tokenizer.new_cache();
  const Ids cold = tokenizer.encode(text, Specials::as_text, cache.get());
  CHECK(tokenizer.encode(text, Specials::as_text, cache.get()) == cold);
  Ids pieces;  // one by one, without any cache
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view piece = rest.substr(0, piece_length(rest, Pattern::gpt2));
    for (const TokenId id : tokenizer.encode(piece)) pieces.push_back(id);
    rest.remove_prefix(piece.size());
  }
  CHECK(pieces == cold);
}

TEST_CASE("edges: a cache tells zero bytes from none, and from more of them") {
  const auto tokenizer = from_merges({}, Pattern::none);
  const auto cache = tokenizer.new_cache();
  for (const std::size_t size : {1, 3, 2, 1}) {
    const std::string zeros(size, '\0');
    CHECK(tokenizer.encode(zeros, Specials::as_text, cache.get()) == Ids(size, 0));
    CHECK(tokenizer.encode("a" + zeros, Specials::as_text, cache.get()).size() == size + 1);
  }
}

TEST_CASE("edges: a cache tells long pieces apart by their last bytes") {
  // Of a's, four are a token: pieces of 24 bytes and fewer have few enough tokens to be kept.
  const auto tokenizer = from_merges({{"a", "a"}, {"aa", "aa"}}, Pattern::none);
  const auto cache = tokenizer.new_cache();
  for (std::size_t size = 20; size <= 26; ++size) {
    for (const char last : {'a', 'b', '\x18', 'a'}) {
      const std::string piece = std::string(size - 1, 'a') + last;
      CHECK(tokenizer.encode(piece, Specials::as_text, cache.get()) == tokenizer.encode(piece));
    }
  }
}

TEST_CASE("edges: bytes whose ids are not their numbers, as in GPT-2's own vocabulary") {
  Vocabulary backwards;
  for (int byte = 255; byte >= 0; --byte) backwards.add(std::string(1, static_cast<char>(byte)));
  backwards.add("ab");
  const BytePairTokenizer tokenizer(with_specials(std::move(backwards), default_specials()),
                                    {{255 - 'a', 255 - 'b'}});
  CHECK(tokenizer.encode("abc") == Ids{256, 255 - 'c'});
  CHECK(tokenizer.decode(Ids{256, 255 - 'c'}) == "abc");
}

TEST_CASE("property: fingerprints tell tokenizers apart") {
  const auto tokenizer = from_merges(kHappiness);
  CHECK(tokenizer.fingerprint() == from_merges(kHappiness).fingerprint());
  CHECK(tokenizer.fingerprint() != from_merges(kHappiness, Pattern::none).fingerprint());
  CHECK(tokenizer.fingerprint() != from_merges({{"s", "s"}}).fingerprint());
  CHECK(from_merges({}).fingerprint() != ByteTokenizer().fingerprint());
  // The same tokens, merged in another order.
  CHECK(from_merges({{"a", "b"}, {"b", "c"}, {"ab", "c"}}).fingerprint() !=
        from_merges({{"a", "b"}, {"b", "c"}, {"a", "bc"}}).fingerprint());
}

TEST_CASE("edges: no text; a megabyte of one letter") {
  const auto tokenizer = from_merges({{"a", "a"}, {"aa", "aa"}, {"aaaa", "aaaa"}});
  CHECK(tokenizer.encode("").empty());
  const std::string letters(1 << 20, 'a');
  const Ids ids = tokenizer.encode(letters);
  CHECK(ids == Ids((1 << 20) / 8, 258));
}

TEST_CASE("misuse: bad merges, a byte without a token, another tokenizer's cache") {
  const TokenSet bytes = with_specials(Vocabulary::of_bytes(), default_specials());
  CHECK_THROWS_WITH_AS(BytePairTokenizer(bytes, {{97, 98}}),
                       "byte_pair: merge 0 joins tokens 97 and 98, expected ordinary tokens whose "
                       "bytes together are an ordinary token",
                       std::invalid_argument);
  CHECK_THROWS_AS(BytePairTokenizer(bytes, {{97, 999}}), std::invalid_argument);
  CHECK_THROWS_AS(BytePairTokenizer(bytes, {{-1, 97}}), std::invalid_argument);
  TokenSet more = bytes;
  more.vocabulary.add("ab");
  CHECK_THROWS_WITH_AS(BytePairTokenizer(more, {{97, 98}, {97, 98}}),
                       "byte_pair: merge 1 repeats merge 0", std::invalid_argument);
  CHECK_THROWS_WITH_AS(BytePairTokenizer(TokenSet{}, {}), "byte_pair: byte 0x00 has no token",
                       std::invalid_argument);
  const auto other = from_merges({}).new_cache();
  CHECK_THROWS_WITH_AS(from_merges(kHappiness).encode("a", Specials::as_text, other.get()),
                       "byte_pair: the cache belongs to another tokenizer", std::invalid_argument);
}
