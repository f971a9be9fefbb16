// ./limpid tokenizer compare: how well several tokenizers shorten a text.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/cli/tokenizer_commands.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/formats/text_file.hpp"

namespace limpid::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct CompareArguments {
  std::vector<std::string> tokenizers;
  std::string file;
  bool json = false;
};

// A name in few columns: of a long path its end.
std::string short_name(const std::string& path, std::size_t width) {
  return path.size() <= width ? path : "..." + path.substr(path.size() - width + 3);
}

void compare(const CompareArguments& arguments) {
  const std::string text = read_text_file(arguments.file);
  if (text.empty()) {
    throw std::runtime_error(
        fmt::format("{}: the text is empty, expected text to encode", arguments.file));
  }
  OrderedJson results = OrderedJson::array();
  if (!arguments.json) {
    fmt::print("{}: {}\n\n{}\n", arguments.file, count(text.size(), "byte"),
               bold(fmt::format("{:<28}{:>10}{:>12}{:>10}{:>13}{:>9}", "tokenizer", "kind",
                                "vocabulary", "tokens", "bytes/token", "unknown"),
                    use_colour(stdout)));
  }
  for (const std::string& path : arguments.tokenizers) {
    const auto tokenizer = open_tokenizer(path);
    const std::vector<TokenId> ids = tokenizer->encode(text, Specials::recognised);
    const auto unknown =
        tokenizer->unknown() ? std::count(ids.begin(), ids.end(), *tokenizer->unknown()) : 0;
    if (arguments.json) {
      results.push_back({{"tokenizer", path},
                         {"kind", tokenizer->kind()},
                         {"vocabulary", tokenizer->vocab_size()},
                         {"bytes", text.size()},
                         {"tokens", ids.size()},
                         {"bytes_per_token", ratio(text.size(), ids.size())},
                         {"unknown", unknown}});
      continue;
    }
    fmt::print("{:<28}{:>10}{:>12}{:>10}{:>13.3f}{:>9}\n", short_name(path, 27), tokenizer->kind(),
               grouped(tokenizer->vocab_size()), grouped(static_cast<double>(ids.size())),
               ratio(text.size(), ids.size()), grouped(static_cast<double>(unknown)));
  }
  if (arguments.json) print_json(results, 1);
}

}  // namespace

void add_tokenizer_compare(CLI::App& tokenizer) {
  const auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command =
      add_command(tokenizer, "compare", "How well several tokenizers shorten a text",
                  "limpid tokenizer compare --tokenizer tok.json --tokenizer gpt2.json tales.txt");
  command
      ->add_option("--tokenizer", arguments->tokenizers,
                   "A tokenizer.json or a model's directory; again for each further one")
      ->allow_extra_args(false)
      ->required();
  command->add_option("file", arguments->file, "The text")->required();
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments] { compare(*arguments); });
}

}  // namespace limpid::cli
