// ./limpid tokenizer: make tokenizers (train, import), use them (encode, decode), look at them (show,
// compare). Here: the making.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/cli/tokenizer_commands.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/formats/gpt2_vocabulary.hpp"
#include "limpid/formats/text_chunks.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/formats/tiktoken_ranks.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/text_cut.hpp"

namespace limpid::cli {
namespace {

std::map<std::string, Pattern> patterns() {
  std::map<std::string, Pattern> named;
  for (const Pattern pattern :
       {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::words, Pattern::none}) {
    named.emplace(pattern_name(pattern), pattern);
  }
  return named;
}

struct TokenizerTrainArguments {
  std::vector<std::string> files, specials = default_specials();
  std::string kind = "bpe", pattern = "gpt2", out;
  TokenId vocab_size = 0;
};

void expect_text(const std::vector<std::string>& files, std::size_t bytes) {
  if (bytes > 0) return;
  throw std::runtime_error(
      fmt::format("{}: the text is empty, expected text to learn from", fmt::join(files, ", ")));
}

// A chunk of a file in memory at a time: what is learned from are the counts of distinct pieces.
std::unique_ptr<Tokenizer> train_pairs(const TokenizerTrainArguments& arguments) {
  const BytePairOptions options{.vocab_size = arguments.vocab_size,
                                .pattern = patterns().at(arguments.pattern),
                                .specials = arguments.specials};
  options.validate();  // before long work
  PieceCounts pieces(options.pattern, options.specials);
  ProgressLine progress(stderr);
  std::size_t bytes = 0;
  for (const std::string& file : arguments.files) {
    TextChunks chunks(file, [&](std::string_view text) {
      return text_cut(text, text.size(), options.pattern, options.specials);
    });
    while (const auto chunk = chunks.next()) {
      pieces.add(*chunk);
      bytes += chunk->size();
      progress.draw(static_cast<double>(chunks.bytes_read()), static_cast<double>(chunks.size()),
                    "counting pieces of " + file);
    }
  }
  expect_text(arguments.files, bytes);
  return std::make_unique<BytePairTokenizer>(
      train_byte_pair(pieces, options, [&](TokenId done, TokenId all) {
        progress.draw(done, all, fmt::format("{} of {} tokens", done, all));
      }));
}

std::unique_ptr<Tokenizer> train_other(const TokenizerTrainArguments& arguments) {
  std::string text;
  for (const std::string& file : arguments.files) text += read_utf8_file(file);
  expect_text(arguments.files, text.size());
  const std::string spec = has_size(arguments.kind)
                               ? fmt::format("{}:{}", arguments.kind, arguments.vocab_size)
                               : arguments.kind;
  return make_tokenizer(
      spec, text, {.specials = arguments.specials, .pattern = patterns().at(arguments.pattern)});
}

// "bpe, 512 tokens (255 merges), special: <|endoftext|>"
std::string card_of(const Tokenizer& tokenizer) {
  std::string card =
      fmt::format("{}, {} tokens", tokenizer.kind(), grouped(tokenizer.vocab_size()));
  if (const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer)) {
    const std::size_t merges = pairs->merges().size();
    card +=
        fmt::format(" ({} merge{})", grouped(static_cast<double>(merges)), merges == 1 ? "" : "s");
  }
  constexpr std::size_t kShown = 3;
  const auto specials = tokenizer.special_ids();
  for (std::size_t i = 0; i < std::min(specials.size(), kShown); ++i) {
    card += fmt::format("{} {}", i == 0 ? ", special:" : "", tokenizer.token_bytes(specials[i]));
  }
  if (specials.size() > kShown) card += fmt::format(" and {} more", specials.size() - kShown);
  return card;
}

void train_tokenizer(const TokenizerTrainArguments& arguments) {
  if (has_size(arguments.kind) && arguments.vocab_size == 0) {
    throw std::invalid_argument(
        fmt::format("tokenizer train: --kind {} needs --vocab-size", arguments.kind));
  }
  if (!has_size(arguments.kind) && arguments.vocab_size != 0) {
    throw std::invalid_argument(
        fmt::format("tokenizer train: --vocab-size is for --kind bpe, wordpiece and unigram; the "
                    "text decides how many tokens {} has",
                    arguments.kind));
  }
  const auto tokenizer = arguments.kind == "bpe" ? train_pairs(arguments) : train_other(arguments);
  write_tokenizer(arguments.out, *tokenizer);
  fmt::print("{}: {}\n", arguments.out, card_of(*tokenizer));
  if (tokenizer->vocab_size() < arguments.vocab_size) {
    fmt::print("The text holds no more {}: {} tokens were asked for.\n",
               arguments.kind == "unigram" ? "pieces" : "pairs", grouped(arguments.vocab_size));
  }
}

struct ImportArguments {
  std::string vocab, merges, ranks, preset, out;
  std::vector<std::string> specials = default_specials();
};

void import(const ImportArguments& arguments) {
  const bool ranks = !arguments.ranks.empty();
  const bool pair = !arguments.vocab.empty() || !arguments.merges.empty();
  if (ranks == pair || arguments.vocab.empty() != arguments.merges.empty() ||
      ranks == arguments.preset.empty()) {
    throw std::invalid_argument(
        "tokenizer import: expected --vocab and --merges, or --ranks and --preset");
  }
  const BytePairTokenizer tokenizer =
      ranks ? read_tiktoken_ranks(arguments.ranks,
                                  arguments.preset == "r50k_base" ? r50k_base() : cl100k_base())
            : read_gpt2_vocabulary(arguments.vocab, arguments.merges, arguments.specials);
  write_tokenizer(arguments.out, tokenizer);
  fmt::print("{}: {}\n", arguments.out, card_of(tokenizer));
}

}  // namespace

std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& path) {
  return read_tokenizer(std::filesystem::is_directory(path) ? path / "tokenizer.json" : path);
}

void add_tokenizer_train(CLI::App& tokenizer) {
  const auto arguments = std::make_shared<TokenizerTrainArguments>();
  CLI::App* command =
      add_command(tokenizer, "train", "Learn a tokenizer from texts",
                  "limpid tokenizer train tales.txt --vocab-size 1024 --out tok.json");
  command->add_option("files", arguments->files, "Texts to learn from")->required();
  command
      ->add_option("--vocab-size", arguments->vocab_size,
                   "Tokens (bpe, wordpiece, unigram), with bytes or characters and specials")
      ->check(above_zero());
  command->add_option("--kind", arguments->kind, "bpe, wordpiece, unigram, word, char or byte")
      ->check(CLI::IsMember(
          std::vector<std::string>{"bpe", "wordpiece", "unigram", "word", "char", "byte"}))
      ->capture_default_str();
  command->add_option("--pattern", arguments->pattern, "How bpe and unigram cut text first")
      ->check(CLI::IsMember(patterns()))
      ->capture_default_str();
  command
      ->add_option("--special", arguments->specials, "A special token; again for each further one")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--out", arguments->out, "The tokenizer.json to write")->required();
  command->callback([arguments] { train_tokenizer(*arguments); });
}

void add_tokenizer_import(CLI::App& tokenizer) {
  const auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = add_command(
      tokenizer, "import", "Write GPT-2's or tiktoken's files as a tokenizer.json",
      "limpid tokenizer import --vocab encoder.json --merges vocab.bpe --out gpt2.json\n"
      "  limpid tokenizer import --ranks cl100k_base.tiktoken --preset cl100k_base --out "
      "gpt4.json");
  command->add_option("--vocab", arguments->vocab, "GPT-2's encoder.json");
  command->add_option("--merges", arguments->merges, "GPT-2's vocab.bpe");
  command->add_option("--special", arguments->specials, "A special token of --vocab; repeatable")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--ranks", arguments->ranks, "A rank file of tiktoken");
  command->add_option("--preset", arguments->preset, "What it is: r50k_base or cl100k_base")
      ->check(CLI::IsMember(std::vector<std::string>{"r50k_base", "cl100k_base"}));
  command->add_option("--out", arguments->out, "The tokenizer.json to write")->required();
  command->callback([arguments] { import(*arguments); });
}

void add_tokenizer(CLI::App& app) {
  CLI::App* tokenizer =
      add_command(app, "tokenizer", "Make tokenizers, use them, look inside",
                  "limpid tokenizer show --tokenizer runs/demo \"Once there was\"");
  tokenizer->require_subcommand(1);
  add_tokenizer_train(*tokenizer);
  add_tokenizer_import(*tokenizer);
  add_tokenizer_encode(*tokenizer);
  add_tokenizer_decode(*tokenizer);
  add_tokenizer_show(*tokenizer);
  add_tokenizer_compare(*tokenizer);
}

}  // namespace limpid::cli
