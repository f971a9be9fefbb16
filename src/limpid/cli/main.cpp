// ./limpid: one program, one file per command. Every error ends here, as one line on stderr.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/exchange_commands.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/core/memory.hpp"

namespace {

// Not fmt::print: it would throw when stderr itself cannot be written.
int complain(int status, const std::string& message) {
  std::fputs(("limpid: " + message + "\n").c_str(), stderr);
  return status;
}

// Threads that wait for the next loop spin, which is quick; but on a busy machine a spinning thread takes
// the time of the very thread it waits for, so they may spin for some microseconds only. OpenMP reads this
// before main begins: the program starts itself anew. Where that fails, all goes on as it was.
void let_waiting_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "5000", 1);
  execv("/proc/self/exe", argv);
}

// --help fits a terminal of 80 columns: names to the left, what they mean to the right.
class NarrowHelp : public CLI::Formatter {
 public:
  NarrowHelp() { column_width(kNames); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return narrow(option->get_description());
  }
  std::string make_subcommand(const CLI::App* command) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, command->get_display_name(true),
                             narrow(command->get_description()), kNames);
    return out.str();
  }

 private:
  static constexpr int kNames = 28, kColumns = 79;
  static std::string narrow(const std::string& text) {
    return limpid::cli::wrapped(text, kColumns - kNames, "");
  }
};

}  // namespace

int main(int argc, char** argv) {
  let_waiting_threads_sleep(argv);
  limpid::keep_freed_memory();
  CLI::App app("A tiny GPT in plain C++: train it, let it write, look inside.", "limpid");
  app.require_subcommand(1);
  app.formatter(std::make_shared<NarrowHelp>());
  limpid::cli::add_demo(app);
  limpid::cli::add_train(app);
  limpid::cli::add_generate(app);
  limpid::cli::add_import(app);
  limpid::cli::add_export(app);
  limpid::cli::add_eval(app);
  limpid::cli::add_report(app);
  limpid::cli::add_inspect(app);
  limpid::cli::add_logits(app);
  limpid::cli::add_trace(app);
  limpid::cli::add_gradcheck(app);
  limpid::cli::add_tokenizer(app);
  limpid::cli::add_tales(app);
  try {
    const auto is_first = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_first).empty()) {
      throw CLI::ExtrasError({argv[1]});
    }
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);  // prints it
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    return complain(2, fmt::format("{} (see limpid{} --help)", error.what(),
                                   chosen.empty() ? "" : " " + chosen.front()->get_name()));
  } catch (const std::bad_alloc&) {
    return complain(1, "not enough memory");
  } catch (const std::exception& error) {
    return complain(1, error.what());
  }
  if (!std::cout.flush() || std::fflush(stdout) != 0)
    return complain(1, "the output could not be written");
  return 0;
}
