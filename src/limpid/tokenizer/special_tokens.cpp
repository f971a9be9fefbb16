#include "limpid/tokenizer/special_tokens.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {

std::vector<std::string> default_specials() {
  return {std::string(kEndOfText)};
}

std::optional<SpecialMatch> find_special(std::string_view text,
                                         std::span<const std::string> specials) {
  if (specials.empty()) return std::nullopt;
  // One walk over the text, however many tokens there are: look closer only where one can begin.
  std::array<bool, 256> begins{};
  for (const std::string& special : specials) {
    if (!special.empty()) begins[static_cast<std::uint8_t>(special.front())] = true;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!begins[static_cast<std::uint8_t>(text[at])]) continue;
    std::optional<SpecialMatch> longest;
    for (std::size_t i = 0; i < specials.size(); ++i) {
      const bool longer = specials[i].size() > (longest ? specials[longest->index].size() : 0);
      if (longer && text.substr(at).starts_with(specials[i])) longest = SpecialMatch{at, i};
    }
    if (longest) return longest;
  }
  return std::nullopt;
}

std::vector<std::string_view> texts_between(std::string_view text,
                                            std::span<const std::string> specials) {
  std::vector<std::string_view> texts;
  const auto keep = [&](std::string_view part) {
    if (!part.empty()) texts.push_back(part);
  };
  while (const auto found = find_special(text, specials)) {
    keep(text.substr(0, found->position));
    text.remove_prefix(found->position + specials[found->index].size());
  }
  keep(text);
  return texts;
}

TokenSet with_specials(Vocabulary vocabulary, std::span<const std::string> specials) {
  TokenSet tokens{std::move(vocabulary), {}, std::nullopt};
  for (const std::string& special : specials) {
    if (special.empty()) fail("special_tokens", "a special token is empty");
    if (find_invalid_utf8(special)) fail("special_tokens", "a special token is not UTF-8");
    if (tokens.vocabulary.find(special)) {
      fail("special_tokens",
           fmt::format("{:?} is a token already, expected a text of its own", special));
    }
    tokens.special_ids.push_back(tokens.vocabulary.add(special));
  }
  return tokens;
}

}  // namespace limpid
