// ./limpid tokenizer encode, decode: from text to ids and back, byte for byte.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/cli/tokenizer_commands.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

namespace limpid::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

const std::map<std::string, Specials> kSpecials{{"as-text", Specials::as_text},
                                                {"recognised", Specials::recognised},
                                                {"forbidden", Specials::forbidden}};

// All of stdin, as it is.
std::string read_stdin() {
  if (is_terminal(stdin)) std::fputs("Reading from the terminal; Ctrl-D ends it.\n", stderr);
  std::string text;
  std::array<char, 1 << 16> buffer;
  for (std::size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), stdin)) > 0;) {
    text.append(buffer.data(), got);
  }
  if (std::ferror(stdin) != 0) throw std::runtime_error("stdin: cannot be read");
  return text;
}

void write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) {
    throw std::runtime_error("the output could not be written");
  }
}

// --jsonl: the answer to each line of stdin is a line of JSON on stdout.
void answer_lines(const std::function<OrderedJson(std::string_view)>& answer) {
  const std::string input = read_stdin();
  std::string_view rest = input;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    try {
      print_json(answer(line), -1);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("stdin: line {}: {}", number, error.what()));
    }
  }
}

struct EncodeArguments {
  std::string tokenizer, text, specials = "as-text";
  bool text_given = false, ids = false, json = false, jsonl = false;
};

void encode_lines(const Tokenizer& tokenizer, Specials specials) {
  const auto cache = tokenizer.new_cache();
  answer_lines([&](std::string_view line) -> OrderedJson {
    const OrderedJson text =
        OrderedJson::parse(line, nullptr, false);  // false: an error is a value, no string
    if (!text.is_string()) {
      throw std::invalid_argument(fmt::format(
          "tokenizer encode: got {:?}, expected a text as a JSON string", line.substr(0, 40)));
    }
    return tokenizer.encode(text.get_ref<const std::string&>(), specials, cache.get());
  });
}

void encode(const EncodeArguments& arguments) {
  const auto tokenizer = open_tokenizer(arguments.tokenizer);
  if (arguments.jsonl) return encode_lines(*tokenizer, specials_named(arguments.specials));
  const std::string text = arguments.text_given ? arguments.text : read_stdin();
  const Specials specials = specials_named(arguments.specials);
  if (arguments.json) return print_json(split_json(*tokenizer, text, specials), -1);
  if (is_terminal(stdout) && !arguments.ids) return print_split(*tokenizer, text, specials, 0);
  std::string line;
  for (const TokenId id : tokenizer->encode(text, specials)) {
    if (!line.empty()) line += ' ';
    line += fmt::format_int(id).c_str();
  }
  write(line + "\n");
}

struct DecodeArguments {
  std::string tokenizer;
  std::vector<std::string> ids;
  bool json = false, jsonl = false;
};

// Numbers with blanks, commas or JSON's brackets between them.
void append_ids(std::string_view text, TokenId vocab_size, std::vector<TokenId>& ids) {
  constexpr std::string_view kBetween = " \t\r\n,[]";
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    if (text.empty()) return;
    const std::string_view word = text.substr(0, text.find_first_of(kBetween));
    TokenId id = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (error != std::errc() || end != word.data() + word.size() || id < 0 || id >= vocab_size) {
      throw std::invalid_argument(
          fmt::format("tokenizer decode: id {} is {:?}, expected a number from 0 to {}", ids.size(),
                      word.substr(0, 40), vocab_size - 1));
    }
    ids.push_back(id);
    text.remove_prefix(word.size());
  }
}

void decode_lines(const Tokenizer& tokenizer) {
  answer_lines([&](std::string_view line) -> OrderedJson {
    std::vector<TokenId> ids;
    append_ids(line, tokenizer.vocab_size(), ids);
    return tokenizer.decode(ids);
  });
}

void decode(const DecodeArguments& arguments) {
  const auto tokenizer = open_tokenizer(arguments.tokenizer);
  if (arguments.jsonl) return decode_lines(*tokenizer);
  std::vector<TokenId> ids;
  for (const std::string& word : arguments.ids) append_ids(word, tokenizer->vocab_size(), ids);
  if (arguments.ids.empty()) append_ids(read_stdin(), tokenizer->vocab_size(), ids);
  const std::string text = tokenizer->decode(ids);
  if (arguments.json) {
    OrderedJson tokens = OrderedJson::array();
    for (const TokenId id : ids) tokens.push_back(tokenizer->token_bytes(id));
    return print_json({{"ids", ids}, {"tokens", tokens}, {"text", text}}, -1);
  }
  if (!is_terminal(stdout)) return write(text);
  // A terminal gets no broken characters, and its prompt a line of its own.
  write(to_valid_utf8(text) + (text.ends_with('\n') ? "" : "\n"));
}

}  // namespace

void add_tokenizer_option(CLI::App& command, std::string& path) {
  command.add_option("--tokenizer", path, "A tokenizer.json or a model's directory")->required();
}

void add_specials(CLI::App& command, std::string& value) {
  command
      .add_option("--specials", value,
                  "What <|endoftext|> and the like are: as-text, recognised or forbidden")
      ->check(CLI::IsMember(kSpecials))
      ->capture_default_str();
}

Specials specials_named(const std::string& value) {
  return kSpecials.at(value);
}

OrderedJson split_json(const Tokenizer& tokenizer, std::string_view text, Specials specials) {
  const PlacedTokens placed = tokenizer.encode_with_places(text, specials);
  OrderedJson tokens = OrderedJson::array(), offsets = OrderedJson::array();
  for (std::size_t i = 0; i < placed.ids.size(); ++i) {
    tokens.push_back(tokenizer.token_bytes(placed.ids[i]));
    offsets.push_back({placed.places[i].begin, placed.places[i].end});
  }
  return {{"ids", placed.ids}, {"tokens", tokens}, {"offsets", offsets}};
}

void add_tokenizer_encode(CLI::App& tokenizer) {
  const auto arguments = std::make_shared<EncodeArguments>();
  CLI::App* command =
      add_command(tokenizer, "encode", "Text to ids",
                  "limpid tokenizer encode --tokenizer runs/demo \"Once there was\" --ids\n"
                  "  limpid tokenizer encode --tokenizer tok.json --json < tales.txt");
  CLI::Option* text =
      command->add_option("text", arguments->text, "The text; else stdin, byte for byte");
  add_tokenizer_option(*command, arguments->tokenizer);
  add_specials(*command, arguments->specials);
  CLI::Option* ids = command->add_flag("--ids", arguments->ids, "Ids alone, also on a terminal");
  CLI::Option* json =
      command->add_flag("--json", arguments->json, "ids, tokens, offsets (in bytes) as JSON");
  command
      ->add_flag("--jsonl", arguments->jsonl,
                 "Many texts: each line of stdin a JSON string, each line printed its ids")
      ->excludes(text)
      ->excludes(ids)
      ->excludes(json);
  command->callback([arguments, text] {
    arguments->text_given = text->count() > 0;
    encode(*arguments);
  });
}

void add_tokenizer_decode(CLI::App& tokenizer) {
  const auto arguments = std::make_shared<DecodeArguments>();
  CLI::App* command =
      add_command(tokenizer, "decode", "Ids to text",
                  "limpid tokenizer decode --tokenizer gpt2.json 15496 995\n"
                  "  limpid tokenizer decode --tokenizer gpt2.json < ids.txt > text.txt");
  CLI::Option* ids = command->add_option("ids", arguments->ids, "The ids; else from stdin");
  add_tokenizer_option(*command, arguments->tokenizer);
  CLI::Option* json = command->add_flag("--json", arguments->json, "ids, tokens and text as JSON");
  command
      ->add_flag("--jsonl", arguments->jsonl,
                 "Many texts: each line of stdin the ids of one, each line printed a JSON string")
      ->excludes(ids)
      ->excludes(json);
  command->callback([arguments] { decode(*arguments); });
}

}  // namespace limpid::cli
