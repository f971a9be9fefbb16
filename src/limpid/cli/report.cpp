// ./limpid report: the page of a run, written again.
#include "limpid/train/report.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "limpid/cli/commands.hpp"

namespace limpid::cli {

void add_report(CLI::App& app) {
  auto model = std::make_shared<std::string>();
  CLI::App* command = add_command(app, "report", "Write the page report.html of a run",
                                  "limpid report --model runs/demo");
  command->add_option("--model", *model, "Directory of a run")->required();
  command->callback([model] { fmt::print("{}\n", write_report(*model).string()); });
}

}  // namespace limpid::cli
