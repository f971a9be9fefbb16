#include "limpid/tokenizer/piece_counts.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "support/threads.hpp"
#include "tokenizer/texts.hpp"

// NO gradient check: counts have no gradient
// NO fixture: std::map is the other implementation
// NO accumulation: counts accumulate by design, which the properties test
// NO misuse: every byte string has pieces

using namespace limpid;

namespace {

std::map<std::string, std::int64_t> as_map(const PieceCounts& counts) {
  std::map<std::string, std::int64_t> map;
  for (TokenId i = 0; i < counts.size(); ++i) map.emplace(counts.piece(i), counts.count(i));
  return map;
}

}  // namespace

TEST_CASE("by hand: the header's example") {
  PieceCounts counts(Pattern::gpt2);
  counts.add("the cat, the hat");
  const std::map<std::string, std::int64_t> expected = {
      {"the", 1}, {" cat", 1}, {",", 1}, {" the", 1}, {" hat", 1}};
  CHECK(as_map(counts) == expected);
  counts.add("the cat");
  CHECK(as_map(counts)["the"] == 2);
}

TEST_CASE("property: agrees with std::map, chunk by chunk") {
  Rng rng(1);
  PieceCounts counts(Pattern::gpt2);
  std::map<std::string, std::int64_t> expected;
  for (int chunk = 0; chunk < 10; ++chunk) {
    const std::string text = test::zipf_text(rng, 500, 200) + test::random_text(rng, 200);
    counts.add(text);
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t length = piece_length(rest, Pattern::gpt2);
      ++expected[std::string(rest.substr(0, length))];
      rest.remove_prefix(length);
    }
  }
  CHECK(as_map(counts) == expected);
}

TEST_CASE("property: counted by three threads, a text has the same pieces in the same order") {
  Rng rng(3);
  std::string text;
  while (text.size() < 300'000) text += test::zipf_text(rng, 4000, 3000) + "<|endoftext|>";
  PieceCounts one(Pattern::gpt2), three(Pattern::gpt2);
  {
    const test::ThreadScope guard(1);
    one.add(text);
  }
  {
    const test::ThreadScope guard(3);
    three.add(text);
  }
  REQUIRE(three.size() == one.size());
  for (TokenId i = 0; i < one.size(); ++i) {
    REQUIRE(three.piece(i) == one.piece(i));
    REQUIRE(three.count(i) == one.count(i));
  }
}

TEST_CASE("edges: special tokens are no pieces, and none reaches across one") {
  PieceCounts counts(Pattern::gpt2);
  counts.add("");
  counts.add("<|endoftext|>");
  CHECK(counts.size() == 0);
  counts.add("ab<|endoftext|>ab");
  CHECK(as_map(counts) == std::map<std::string, std::int64_t>{{"ab", 2}});
  counts.add_piece("x", 5);
  CHECK(as_map(counts)["x"] == 5);
}
