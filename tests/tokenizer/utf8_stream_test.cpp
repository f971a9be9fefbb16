#include "limpid/tokenizer/utf8_stream.hpp"

#include <doctest/doctest.h>

#include <string>

#include "limpid/tokenizer/utf8.hpp"

#include "tokenizer/texts.hpp"

// NO gradient check: text has no gradient
// NO fixture: the whole text at once is the other way to the same result
// NO accumulation: nothing accumulates
// NO misuse: every byte string has an answer

using namespace limpid;

TEST_CASE("by hand: the header's example") {
  Utf8Stream stream;
  CHECK(stream.push("caf\xC3") == "caf");
  CHECK(stream.pending() == "\xC3");
  CHECK(stream.push("\xA9!") == "é!");
  CHECK(stream.push("\xFF") == "\uFFFD");
  CHECK(stream.push("\xE2\x82") == "");
  CHECK(stream.flush() == "\uFFFD");
  CHECK(stream.pending() == "");
}

TEST_CASE("by hand: one U+FFFD for each maximal subpart") {
  CHECK(to_valid_utf8("\xE2\x82\x41") == "\uFFFDA");
  CHECK(to_valid_utf8("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(to_valid_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62") == "a\uFFFD\uFFFD\uFFFDb");
}

TEST_CASE("property: however bytes are cut, the same text appears, valid at every moment") {
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = test::random_text(rng, 30) + test::random_bytes(rng, rng.below(10));
    bytes += test::random_text(rng, 5);
    Utf8Stream stream;
    std::string shown;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + rng.below(4);
      shown += stream.push(bytes.substr(at, size));
      at += size;
      REQUIRE_FALSE(find_invalid_utf8(shown));
      REQUIRE(stream.pending().size() <= 3);
    }
    shown += stream.flush();
    REQUIRE(shown == to_valid_utf8(bytes));
  }
}

TEST_CASE("property: valid text passes unchanged, byte by byte") {
  for (const std::string& text : test::kScripts) {
    Utf8Stream stream;
    std::string shown;
    for (const char byte : text) shown += stream.push(std::string_view(&byte, 1));
    CHECK(shown + stream.flush() == text);
  }
}

TEST_CASE("edges: nothing pushed, nothing shown; a flushed stream begins anew") {
  Utf8Stream stream;
  CHECK(stream.push("") == "");
  CHECK(stream.flush() == "");
  CHECK(stream.push("\xC3") == "");
  CHECK(stream.flush() == "\uFFFD");
  CHECK(stream.push("\xA9") == "\uFFFD");  // not the rest of what was flushed
}
