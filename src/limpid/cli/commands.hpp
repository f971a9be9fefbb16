// The commands of ./limpid: each file adds its own to the program.
#pragma once

#include <CLI/CLI.hpp>

namespace limpid::cli {

void add_train(CLI::App& app);
void add_generate(CLI::App& app);
void add_demo(CLI::App& app);
void add_eval(CLI::App& app);
void add_report(CLI::App& app);
void add_tales(CLI::App& app);
void add_inspect(CLI::App& app);
void add_trace(CLI::App& app);
void add_gradcheck(CLI::App& app);

/// A command's --help ends with an example.
inline CLI::App* add_command(CLI::App& app, const char* name, const char* about,
                             const char* example) {
  CLI::App* command = app.add_subcommand(name, about);
  command->footer(std::string("\nExample:\n  ") + example);
  return command;
}

}  // namespace limpid::cli
