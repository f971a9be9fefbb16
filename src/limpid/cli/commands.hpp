// The commands of ./limpid: each file adds its own to the program.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>

#include "limpid/core/parallel.hpp"

namespace limpid::cli {

void add_train(CLI::App& app);
void add_generate(CLI::App& app);
void add_demo(CLI::App& app);
void add_eval(CLI::App& app);
void add_report(CLI::App& app);
void add_tales(CLI::App& app);
void add_inspect(CLI::App& app);
void add_logits(CLI::App& app);
void add_trace(CLI::App& app);
void add_gradcheck(CLI::App& app);
void add_tokenizer(CLI::App& app);

/// Takes numbers above 0, and says so in few words.
inline CLI::Validator above_zero() {
  return {[](std::string& text) {
            double number = 0;
            const bool right = CLI::detail::lexical_cast(text, number) && number > 0;
            return right ? std::string() : "is '" + text + "', expected a number above 0";
          },
          "", "above_zero"};
}

/// JSON on stdout. Bytes that are not UTF-8, which JSON cannot hold, become U+FFFD.
inline void print_json(const nlohmann::ordered_json& json, int indent = 2) {
  fmt::print("{}\n",
             json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

/// A command's --help ends with an example.
inline CLI::App* add_command(CLI::App& app, const char* name, const char* about,
                             const char* example) {
  CLI::App* command = app.add_subcommand(name, about);
  command->footer(std::string("\nExample:\n  ") + example);
  return command;
}

/// --tokenizer, for files of llama2.c's: the other models have theirs with them.
inline void add_tokenizer_file(CLI::App& command, std::string& file) {
  command.add_option("--tokenizer", file,
                     "tokenizer.bin of a llama2.c file; else the one beside it");
}

/// --threads, with a warning when there are fewer cores.
inline void add_threads(CLI::App& command) {
  const auto use = [](int count) {
    if (count > physical_cores()) {
      fmt::print(stderr,
                 "warning: {} threads on {} cores: waiting threads spin, this will be slow\n",
                 count, physical_cores());
    }
    set_threads(count);
  };
  command.add_option_function<int>("--threads", use, "Default: the physical cores")
      ->check(above_zero());
}

}  // namespace limpid::cli
