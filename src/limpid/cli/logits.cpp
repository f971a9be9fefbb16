// ./limpid logits: a model's numbers before any choice is made, to compare with another program's.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/model_directory.hpp"

namespace limpid::cli {
namespace {

using Ids = std::vector<std::int32_t>;

// A line of stdin: [12, 7, 30].
Ids ids_of_line(const std::string& line, Index number, const Config& config) {
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  const auto wrong = [&] {
    throw std::runtime_error(
        fmt::format("stdin: line {} is '{}', expected 1 to {} token ids below {}, as [1, 2, 3]",
                    number, line.substr(0, 60), config.context, config.vocab));
  };
  if (!json.is_array() || json.empty() || static_cast<Index>(json.size()) > config.context) wrong();
  Ids ids;
  for (const auto& id : json) {
    if (!id.is_number_unsigned() ||
        id.get<std::uint64_t>() >= static_cast<std::uint64_t>(config.vocab)) {
      wrong();
    }
    ids.push_back(id.get<std::int32_t>());
  }
  return ids;
}

void print_logits(const std::string& path) {
  const LoadedModel loaded = load_model(path);
  Decoder<float>& model = *loaded.model;
  std::string line;
  for (Index number = 1; std::getline(std::cin, line); ++number) {
    const Ids ids = ids_of_line(line, number, model.config);
    const Context context{.batch = 1, .time = static_cast<Index>(ids.size())};
    const Matrix<float> logits = model.forward(ids, context, nullptr);
    // A float is printed with as many digits as tell it from every other one.
    fmt::print("{{\"ids\":[{}],\"logits\":[", fmt::join(ids, ","));
    for (Index row = 0; row < logits.rows(); ++row) {
      const float* numbers = logits.row(row).data();
      fmt::print("{}[{}]", row > 0 ? "," : "", fmt::join(numbers, numbers + logits.cols(), ","));
    }
    fmt::print("]}}\n");
  }
}

}  // namespace

void add_logits(CLI::App& app) {
  auto model = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, "logits", "Print a model's logits, to compare with another program's",
                  "echo '[1, 2, 3]' | limpid logits --model runs/demo");
  command->description(command->get_description() +
                       "\nReads lines of token ids as JSON, prints {\"ids\", \"logits\"} for each");
  command->add_option("--model", *model, "Directory of a model")->required();
  command->callback([model] { print_logits(*model); });
}

}  // namespace limpid::cli
