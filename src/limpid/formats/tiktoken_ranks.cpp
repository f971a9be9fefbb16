#include "limpid/formats/tiktoken_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include "limpid/formats/base64.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/formats/token_table.hpp"
#include "limpid/tokenizer/rank_merges.hpp"
#include "limpid/tokenizer/special_tokens.hpp"

namespace limpid {
namespace {

constexpr std::uint64_t kLargestRanks = std::uint64_t{64} << 20;
constexpr std::size_t kLongestToken = 1024;     // deriving a merge takes time with its square
constexpr std::size_t kMostReserved = 1 << 12;  // cl100k_base has 16

struct Rank {
  std::string_view name;  // in base64
  std::string bytes;
  std::uint64_t id;
};

// "IQ== 0"
Rank read_line(std::string_view line, std::size_t number) {
  const std::size_t space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  const std::string_view digits = space == std::string_view::npos ? "" : line.substr(space + 1);
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  std::optional<std::string> bytes = from_base64(name);
  if (error != std::errc() || end != digits.data() + digits.size() || !bytes || bytes->empty()) {
    throw std::runtime_error(
        fmt::format("line {} is {}, expected a token in base64, a space and its number", number,
                    in_quotes(line)));
  }
  if (bytes->size() > kLongestToken) {
    throw std::runtime_error(fmt::format("line {} has a token of {} bytes, expected at most {}",
                                         number, bytes->size(), kLongestToken));
  }
  return {name, std::move(*bytes), id};
}

std::vector<Rank> read_lines(std::string_view text) {
  std::vector<Rank> ranks;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ranks.push_back(read_line(text.substr(0, end), ranks.size() + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ranks;
}

// Numbers end with the last rank or the last special token. None may be so large that it is the
// file that decides how much memory is taken.
std::size_t numbers(const std::vector<Rank>& ranks, const RankEncoding& encoding) {
  const std::size_t known = ranks.size() + encoding.specials.size();
  std::size_t size = 0;
  for (const Rank& rank : ranks) {
    if (rank.id >= known) {
      throw std::runtime_error(
          fmt::format("token {} has id {}, expected 0 to {}: there are {} tokens",
                      in_quotes(rank.name), rank.id, known - 1, known));
    }
    size = std::max(size, static_cast<std::size_t>(rank.id) + 1);
  }
  for (const NumberedSpecial& special : encoding.specials) {
    const std::size_t most = known + kMostReserved;
    if (special.id < 0 || static_cast<std::size_t>(special.id) >= most) {
      throw std::runtime_error(fmt::format("special token {} has id {}, expected 0 to {}",
                                           in_quotes(special.text), special.id, most - 1));
    }
    size = std::max(size, static_cast<std::size_t>(special.id) + 1);
  }
  return size;
}

TokenSet read_tokens(std::string_view text, const RankEncoding& encoding) {
  std::vector<Rank> ranks = read_lines(text);
  if (ranks.empty()) {
    throw std::runtime_error("is empty, expected lines with a token in base64 and its number");
  }
  if (encoding.ranks != 0 && ranks.size() != encoding.ranks) {
    throw std::runtime_error(
        fmt::format("has {} tokens, expected {}", ranks.size(), encoding.ranks));
  }
  TokenTable table(numbers(ranks, encoding));
  TokenSet tokens;
  std::size_t next = 0;  // behind the last rank
  for (const NumberedSpecial& special : encoding.specials) {
    table.place(special.text, static_cast<std::uint64_t>(special.id), special.text);
    tokens.special_ids.push_back(special.id);
  }
  for (Rank& rank : ranks) {
    table.place(rank.name, rank.id, std::move(rank.bytes));
    next = std::max(next, static_cast<std::size_t>(rank.id) + 1);
  }
  for (; next < table.size(); ++next) {
    if (table.taken(next)) continue;
    const std::string reserved = fmt::format("<|reserved_{}|>", next);
    table.place(reserved, next, reserved);
    tokens.special_ids.push_back(static_cast<TokenId>(next));
  }
  tokens.vocabulary = table.vocabulary();
  return tokens;
}

}  // namespace

RankEncoding r50k_base() {
  return {Pattern::gpt2, {{std::string(kEndOfText), 50256}}, 50256};
}

RankEncoding cl100k_base() {
  return {Pattern::cl100k,
          {{std::string(kEndOfText), 100257},
           {"<|fim_prefix|>", 100258},
           {"<|fim_middle|>", 100259},
           {"<|fim_suffix|>", 100260},
           {"<|endofprompt|>", 100276}},
          100256};
}

BytePairTokenizer from_tiktoken_ranks(std::string_view text, const RankEncoding& encoding,
                                      std::string_view where) {
  return in_file(where, [&] {
    TokenSet tokens = read_tokens(text, encoding);
    std::vector<Merge> merges = merges_from_ranks(tokens);
    return BytePairTokenizer(std::move(tokens), std::move(merges), encoding.pattern,
                             WholePieces::looked_up);
  });
}

BytePairTokenizer read_tiktoken_ranks(const std::filesystem::path& path,
                                      const RankEncoding& encoding) {
  return from_tiktoken_ranks(read_text_file(path, kLargestRanks), encoding, path.string());
}

}  // namespace limpid
