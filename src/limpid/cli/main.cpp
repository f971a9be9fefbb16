// ./limpid: one program, one file per command. Every error ends here, as one line on stderr.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "limpid/cli/commands.hpp"
#include "limpid/core/memory.hpp"

int main(int argc, char** argv) {
  limpid::keep_freed_memory();
  CLI::App app("A tiny GPT in plain C++: train it, let it write, look inside.", "limpid");
  app.require_subcommand(1);
  app.get_formatter()->column_width(28);
  limpid::cli::add_demo(app);
  limpid::cli::add_train(app);
  limpid::cli::add_generate(app);
  limpid::cli::add_eval(app);
  limpid::cli::add_report(app);
  limpid::cli::add_inspect(app);
  limpid::cli::add_trace(app);
  limpid::cli::add_gradcheck(app);
  limpid::cli::add_tales(app);
  try {
    const auto is_first = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_first).empty()) {
      throw CLI::ExtrasError({argv[1]});
    }
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "limpid: {} (see {} --help)\n", error.what(),
               app.get_subcommands().empty()
                   ? "limpid"
                   : "limpid " + app.get_subcommands().front()->get_name());
    return 2;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "limpid: not enough memory\n");
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "limpid: {}\n", error.what());
    return 1;
  }
  return 0;
}
