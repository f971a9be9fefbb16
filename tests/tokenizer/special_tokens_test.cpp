#include "limpid/tokenizer/special_tokens.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

// NO gradient check: text has no gradient
// NO fixture: finding a string in a string is worked out by hand
// NO accumulation: nothing accumulates

using namespace limpid;
using Texts = std::vector<std::string>;

namespace {

Texts between(std::string_view text, const Texts& specials) {
  const auto parts = texts_between(text, specials);
  return {parts.begin(), parts.end()};
}

}  // namespace

TEST_CASE("by hand: the first one; where several begin, the longest") {
  const Texts specials = {"<a>", "<ab", "<a>>", "b"};
  const auto found = find_special("x <a>> b", specials).value();
  CHECK(found.position == 2);
  CHECK(found.index == 2);
  CHECK(find_special("x <a> b", specials)->index == 0);
  CHECK(find_special("<b<ab", specials)->index == 3);
  CHECK_FALSE(find_special("<a", specials));
}

TEST_CASE("by hand: documents between marks") {
  const Texts end = default_specials();
  CHECK(between("one<|endoftext|>two<|endoftext|>", end) == Texts{"one", "two"});
  CHECK(between("<|endoftext|><|endoftext|>x", end) == Texts{"x"});
  CHECK(between("<|endoftext|", end) == Texts{"<|endoftext|"});
}

TEST_CASE("property: special tokens stand behind the others") {
  const Texts specials = {"<a>", "<b>"};
  const TokenSet tokens = with_specials(Vocabulary::of_bytes(), specials);
  CHECK(tokens.special_ids == std::vector<TokenId>{256, 257});
  CHECK(tokens.vocabulary[257] == "<b>");
  CHECK_FALSE(tokens.unknown);
}

TEST_CASE("edges: no text, no special tokens, an empty one") {
  CHECK_FALSE(find_special("", default_specials()));
  CHECK_FALSE(find_special("text", {}));
  CHECK_FALSE(find_special("text", Texts{""}));
  CHECK(find_special("text", Texts{"", "x"})->index == 1);
  CHECK(between("", default_specials()).empty());
}

TEST_CASE("misuse: empty, there already, not UTF-8") {
  const Vocabulary bytes = Vocabulary::of_bytes();
  CHECK_THROWS_WITH_AS(with_specials(bytes, Texts{""}), "special_tokens: a special token is empty",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(with_specials(bytes, Texts{"<a>", "<a>"}),
                       "special_tokens: \"<a>\" is a token already, expected a text of its own",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(with_specials(bytes, Texts{"\n"}),
                       "special_tokens: \"\\n\" is a token already, expected a text of its own",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(with_specials(bytes, Texts{"a\xFF"}),
                       "special_tokens: a special token is not UTF-8", std::invalid_argument);
}
