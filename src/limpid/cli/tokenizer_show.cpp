// ./limpid tokenizer show: what a tokenizer has learned, and what it makes of a text.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/cli/tokenizer_commands.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/unigram.hpp"
#include "limpid/tokenizer/unigram_lattice.hpp"
#include "limpid/tokenizer/word_piece.hpp"

namespace limpid::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct ShowArguments {
  std::string tokenizer, text, specials = "as-text";
  std::size_t first = 20;
  bool text_given = false, json = false;
};

// Where a list that goes on was cut.
void print_rest(std::size_t shown, std::size_t all) {
  if (shown < all) fmt::print("  ... and {} more; --first 0 shows all\n", all - shown);
}

std::size_t rows(std::size_t first, std::size_t all) {
  return first == 0 ? all : std::min(first, all);
}

// The token that a merge makes.
TokenId made_by(const Tokenizer& tokenizer, const Merge& merge) {
  const std::string bytes =
      std::string(tokenizer.token_bytes(merge.left)).append(tokenizer.token_bytes(merge.right));
  return tokenizer.vocabulary().find(bytes).value();
}

OrderedJson to_json(const Tokenizer& tokenizer) {
  OrderedJson specials = OrderedJson::array();
  for (const TokenId id : tokenizer.special_ids()) {
    specials.push_back({{"id", id}, {"token", tokenizer.token_bytes(id)}});
  }
  OrderedJson json{
      {"kind", tokenizer.kind()}, {"tokens", tokenizer.vocab_size()}, {"special", specials}};
  if (const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer)) {
    json["pattern"] = pattern_name(pairs->pattern());
    OrderedJson& merges = json["merges"] = OrderedJson::array();
    for (const Merge& merge : pairs->merges()) {
      merges.push_back({{"left", tokenizer.token_bytes(merge.left)},
                        {"right", tokenizer.token_bytes(merge.right)},
                        {"id", made_by(tokenizer, merge)}});
    }
  }
  if (const auto* unigram = dynamic_cast<const UnigramTokenizer*>(&tokenizer)) {
    json["pattern"] = pattern_name(unigram->pattern());
    OrderedJson& pieces = json["pieces"] = OrderedJson::array();
    for (TokenId id = 0; id < unigram->vocab_size(); ++id) {
      if (unigram->log_probability(id) == kImpossible) continue;
      pieces.push_back({{"piece", unigram->token_bytes(id)},
                        {"log_probability", unigram->log_probability(id)},
                        {"id", id}});
    }
  }
  if (const auto* pieces = dynamic_cast<const WordPieceTokenizer*>(&tokenizer)) {
    json["lower_case"] = pieces->lower_case();
  }
  return json;
}

void print_merges(const BytePairTokenizer& pairs, std::size_t first) {
  const std::size_t shown = rows(first, pairs.merges().size());
  fmt::print("Learned in this order, within the pieces that the pattern {} cuts:\n\n",
             pattern_name(pairs.pattern()));
  fmt::print("{}\n", bold(fmt::format("{:>7}{:>8}  {:>16}   {:<16}   {}", "merge", "id", "left",
                                      "right", "token"),
                          use_colour(stdout)));
  for (std::size_t i = 0; i < shown; ++i) {
    const Merge& merge = pairs.merges()[i];
    const TokenId id = made_by(pairs, merge);
    fmt::print("{:>7}{:>8}  {:>16} + {:<16} = {}\n", i, id, quoted(pairs.token_bytes(merge.left)),
               quoted(pairs.token_bytes(merge.right)), quoted(pairs.token_bytes(id)));
  }
  print_rest(shown, pairs.merges().size());
}

void print_vocabulary(const Tokenizer& tokenizer, std::size_t first) {
  const auto* unigram = dynamic_cast<const UnigramTokenizer*>(&tokenizer);
  const auto all = static_cast<std::size_t>(tokenizer.vocab_size());
  const std::size_t shown = rows(first, all);
  fmt::print("It merges nothing; its tokens{}:\n\n",
             unigram == nullptr ? "" : ", and how probable each is");
  const int width = unigram == nullptr ? 0 : 17;
  fmt::print("{}\n", bold(fmt::format("{:>7}{:>{}}  token", "id",
                                      unigram == nullptr ? "" : "log probability", width),
                          use_colour(stdout)));
  for (std::size_t i = 0; i < shown; ++i) {
    const auto id = static_cast<TokenId>(i);
    std::string number;
    if (unigram != nullptr && unigram->log_probability(id) != kImpossible) {
      number = fmt::format("{:.3f}", unigram->log_probability(id));
    }
    fmt::print("{:>7}{:>{}}  {}\n", id, number, width, quoted(tokenizer.token_bytes(id)));
  }
  print_rest(shown, all);
}

void show(const ShowArguments& arguments) {
  const auto tokenizer = open_tokenizer(arguments.tokenizer);
  if (arguments.text_given) {
    const Specials specials = specials_named(arguments.specials);
    if (arguments.json) return print_json(split_json(*tokenizer, arguments.text, specials), -1);
    return print_split(*tokenizer, arguments.text, specials, arguments.first);
  }
  if (arguments.json) return print_json(to_json(*tokenizer), 1);
  const auto* pairs = dynamic_cast<const BytePairTokenizer*>(tokenizer.get());
  fmt::print("{}: {}, {}", arguments.tokenizer, tokenizer->kind(),
             count(static_cast<std::size_t>(tokenizer->vocab_size()), "token"));
  if (pairs != nullptr) fmt::print(", {}", count(pairs->merges().size(), "merge"));
  fmt::print(", {}\n", count(tokenizer->special_ids().size(), "special token"));
  if (pairs != nullptr) return print_merges(*pairs, arguments.first);
  print_vocabulary(*tokenizer, arguments.first);
}

}  // namespace

double ratio(std::size_t bytes, std::size_t tokens) {
  return tokens == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(tokens);
}

std::string count(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", grouped(static_cast<double>(number)), what, number == 1 ? "" : "s");
}

std::string quoted(std::string_view token) {
  return fmt::format("{:?}", token);
}

void print_split(const Tokenizer& tokenizer, std::string_view text, Specials specials,
                 std::size_t first) {
  constexpr std::array kBackgrounds{42, 43, 46, 45, 47};
  const PlacedTokens placed = tokenizer.encode_with_places(text, specials);
  const bool colour = use_colour(stdout);
  const std::size_t shown = rows(first, placed.ids.size());
  std::string line;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto [begin, end] = placed.places[i];
    const std::string token = quoted(text.substr(begin, end - begin));
    const std::string_view inner = std::string_view(token).substr(1, token.size() - 2);
    if (colour) {
      line += fmt::format("\x1b[30;{}m{}\x1b[0m", kBackgrounds[i % kBackgrounds.size()], inner);
    } else {
      line += fmt::format("{}{}", i == 0 ? "" : "|", inner);
    }
  }
  fmt::print("{}{}\n", line, shown < placed.ids.size() ? " ..." : "");
  fmt::print("{} for {}, {:.2f} bytes each\n\n", count(placed.ids.size(), "token"),
             count(text.size(), "byte"), ratio(text.size(), placed.ids.size()));
  fmt::print("{}\n", bold(fmt::format("{:>7}{:>18}  token", "id", "bytes"), colour));
  for (std::size_t i = 0; i < shown; ++i) {
    const auto [begin, end] = placed.places[i];
    fmt::print("{:>7}{:>18}  {}\n", placed.ids[i], fmt::format("{}..{}", begin, end),
               quoted(tokenizer.token_bytes(placed.ids[i])));
  }
  print_rest(shown, placed.ids.size());
}

void add_tokenizer_show(CLI::App& tokenizer) {
  const auto arguments = std::make_shared<ShowArguments>();
  CLI::App* command =
      add_command(tokenizer, "show", "What was merged, in order; or how a text splits",
                  "limpid tokenizer show --tokenizer tok.json\n"
                  "  limpid tokenizer show --tokenizer tok.json \"unhappiness\"");
  CLI::Option* text = command->add_option("text", arguments->text, "A text to split");
  add_tokenizer_option(*command, arguments->tokenizer);
  command->add_option("--first", arguments->first, "Lines of a list; 0: all")
      ->capture_default_str();
  add_specials(*command, arguments->specials);
  command->add_flag("--json", arguments->json, "All of it as JSON");
  command->callback([arguments, text] {
    arguments->text_given = text->count() > 0;
    show(*arguments);
  });
}

}  // namespace limpid::cli
