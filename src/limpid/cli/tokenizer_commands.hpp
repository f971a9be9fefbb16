// What the parts of ./limpid tokenizer share.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid::cli {

void add_tokenizer_train(CLI::App& tokenizer);
void add_tokenizer_import(CLI::App& tokenizer);
void add_tokenizer_encode(CLI::App& tokenizer);
void add_tokenizer_decode(CLI::App& tokenizer);
void add_tokenizer_show(CLI::App& tokenizer);
void add_tokenizer_compare(CLI::App& tokenizer);

/// From a tokenizer.json, or from the directory of a model, which holds one.
std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& path);

/// --tokenizer: the one that a command needs.
void add_tokenizer_option(CLI::App& command, std::string& path);
/// --specials: what a special token's letters mean in a text.
void add_specials(CLI::App& command, std::string& value);
Specials specials_named(const std::string& value);

/// A text and its tokens: {"ids", "tokens", "offsets"}, offsets in bytes.
nlohmann::ordered_json split_json(const Tokenizer& tokenizer, std::string_view text,
                                  Specials specials);
/// The same for people: the text in colours, then the first tokens one a line; 0: all of them.
void print_split(const Tokenizer& tokenizer, std::string_view text, Specials specials,
                 std::size_t first);

/// "2 tokens", "1 token".
std::string count(std::size_t number, std::string_view what);
/// Bytes per token; 0 without any.
double ratio(std::size_t bytes, std::size_t tokens);

/// A token in quotes; what has no shape of its own (a line's end, a part of a character) escaped.
std::string quoted(std::string_view token);

}  // namespace limpid::cli
