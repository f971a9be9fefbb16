#include "limpid/formats/gpt2_vocabulary.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/json_fields.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/formats/token_table.hpp"

namespace limpid {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLargestVocabulary = std::uint64_t{64} << 20;

Json parse_flat(std::string_view text) {
  const auto flat = [](int depth, Json::parse_event_t, Json&) {
    if (depth > 1) reject("is nested, expected an object of tokens and their ids");
    return true;
  };
  Json json = parse_json<Json>(text, flat);
  if (!json.is_object()) reject("is no object, expected one of tokens and their ids");
  return json;
}

TokenSet read_tokens(std::string_view text, const std::vector<std::string>& specials) {
  const Json json = parse_flat(text);
  TokenTable table(json.size());
  for (const auto& [name, id] : json.items()) {
    const bool special = std::find(specials.begin(), specials.end(), name) != specials.end();
    auto bytes = special ? name : from_byte_alphabet(name);
    if (!bytes)
      reject(fmt::format("token {} is not in GPT-2's alphabet of bytes", in_quotes(name)));
    std::optional<std::uint64_t> number;
    if (id.is_number_unsigned()) number = id.get<std::uint64_t>();
    table.place(name, id.dump(-1, ' ', true).substr(0, 60), number, std::move(*bytes));
  }
  TokenSet tokens{table.vocabulary(), {}, std::nullopt};
  for (const std::string& special : specials) {
    const auto id = tokens.vocabulary.find(special);
    if (!id) reject(fmt::format("has no token {}, expected it: it is special", in_quotes(special)));
    tokens.special_ids.push_back(*id);
  }
  return tokens;
}

// "Ġ t". The text behind a last line feed is no line.
std::vector<Merge> read_merges(std::string_view text, const Vocabulary& vocabulary,
                               std::string_view encoder) {
  std::vector<Merge> merges;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (number == 1 && line.starts_with("#version")) continue;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      reject(fmt::format("line {} is {}, expected two tokens with a space between them", number,
                         in_quotes(line)));
    }
    const auto id_of = [&](std::string_view name) {
      const auto bytes = from_byte_alphabet(name);
      const auto id = bytes ? vocabulary.find(*bytes) : std::nullopt;
      if (!id) {
        reject(
            fmt::format("line {} names {}, which is not in {}", number, in_quotes(name), encoder));
      }
      return *id;
    };
    const TokenId left = id_of(line.substr(0, space));
    merges.push_back({left, id_of(line.substr(space + 1))});
  }
  return merges;
}

void expect_all_made(const BytePairTokenizer& tokenizer) {
  std::vector<bool> made(static_cast<std::size_t>(tokenizer.vocab_size()), false);
  for (const Merge& merge : tokenizer.merges()) {
    const std::vector<TokenId> parts = {merge.left, merge.right};
    made[static_cast<std::size_t>(*tokenizer.vocabulary().find(tokenizer.decode(parts)))] = true;
  }
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string_view token = tokenizer.token_bytes(id);
    if (made[static_cast<std::size_t>(id)] || token.size() < 2 || tokenizer.is_special(id))
      continue;
    reject(fmt::format("no merge makes token {} {}, expected one: cut short, or it is special?", id,
                       in_quotes(to_byte_alphabet(token))));
  }
}

}  // namespace

BytePairTokenizer from_gpt2_vocabulary(const NamedText& encoder, const NamedText& merges,
                                       const std::vector<std::string>& specials) {
  TokenSet tokens = in_file(encoder.name, [&] { return read_tokens(encoder.text, specials); });
  return in_file(merges.name, [&] {
    std::vector<Merge> list = read_merges(merges.text, tokens.vocabulary, encoder.name);
    BytePairTokenizer tokenizer(std::move(tokens), std::move(list), Pattern::gpt2);
    expect_all_made(tokenizer);
    return tokenizer;
  });
}

BytePairTokenizer read_gpt2_vocabulary(const std::filesystem::path& encoder,
                                       const std::filesystem::path& merges,
                                       const std::vector<std::string>& specials) {
  const std::string json = read_text_file(encoder, kLargestVocabulary);
  const std::string list = read_text_file(merges, kLargestVocabulary);
  return from_gpt2_vocabulary({encoder.string(), json}, {merges.string(), list}, specials);
}

}  // namespace limpid
