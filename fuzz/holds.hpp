// What must hold of a tokenizer, whoever made it and whatever the text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/tokenizer/tokenizer.hpp"
#include "limpid/tokenizer/utf8.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

#include "expect.hpp"

namespace limpid::fuzz {

/// Places follow each other from the first byte to the last.
inline void expect_places(const Tokenizer& tokenizer, std::string_view text, Specials specials) {
  const PlacedTokens placed = tokenizer.encode_with_places(text, specials);
  expect(placed.ids == tokenizer.encode(text, specials), "places change no id");
  expect(placed.places.size() == placed.ids.size(), "one place for each id");
  // White space alone is no word of wordpiece: then nothing covers it.
  const bool all = tokenizer.keeps_text();
  std::size_t at = 0;
  for (const auto [begin, end] : placed.places) {
    expect(all ? begin == at : begin >= at, "a place begins where the one before it ends");
    // The space that sentencepiece adds at the beginning is no part of the text.
    const bool added = tokenizer.kind() == "sentencepiece" && begin == 0;
    expect(end > begin || added, "a place is not empty");
    at = end;
  }
  expect(all ? at == text.size() : at <= text.size(), "the last place ends with the text");
}

/// Shown token by token, a text looks as it does at once, and is UTF-8 at every moment.
inline void expect_stream(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  Utf8Stream stream;
  std::string shown;
  for (const TokenId id : ids) {
    const std::string more = stream.push(tokenizer.token_bytes(id));
    expect(!find_invalid_utf8(more), "what a stream shows is UTF-8");
    expect(stream.pending().size() <= 3, "a stream holds back three bytes at most");
    shown += more;
  }
  shown += stream.flush();
  expect(shown == to_valid_utf8(tokenizer.decode(ids)), "a stream shows what decode gives");
}

/// Everything that a text must survive. REQUIRES no character of it is unknown to a tokenizer
/// without an unknown token.
inline void expect_round_trip(const Tokenizer& tokenizer, std::string_view text) {
  // A cache takes megabytes: not for every text.
  const std::unique_ptr<EncodeCache> cache = text.size() % 8 == 0 ? tokenizer.new_cache() : nullptr;
  for (const Specials specials : {Specials::as_text, Specials::recognised}) {
    const std::vector<TokenId> ids = tokenizer.encode(text, specials);
    if (cache != nullptr) {
      for (int again = 0; again < 2; ++again) {
        expect(tokenizer.encode(text, specials, cache.get()) == ids, "a cache changes no id");
      }
    }
    expect_places(tokenizer, text, specials);
    if (!tokenizer.keeps_text()) continue;
    const auto unknown = tokenizer.unknown();
    if (unknown && std::find(ids.begin(), ids.end(), *unknown) != ids.end()) continue;
    expect(tokenizer.decode(ids) == text, "decode gives the text back");
    expect_stream(tokenizer, ids);
  }
}

}  // namespace limpid::fuzz
