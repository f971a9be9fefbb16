// ./limpid logits: a model's numbers before any choice is made, to compare with another program's.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
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

template <class Real>
void print_row(const Matrix<Real>& logits, Index row) {
  const Real* numbers = logits.row(row).data();
  fmt::print("{}[{}]", row > 0 ? "," : "", fmt::join(numbers, numbers + logits.cols(), ","));
}

// Every number is printed with as many digits as tell it from all others.
template <class Real>
void print_logits(const Decoder<Real>& model) {
  std::string line;
  for (Index number = 1; std::getline(std::cin, line); ++number) {
    const Ids ids = ids_of_line(line, number, model.config);
    const Context context{.batch = 1, .time = static_cast<Index>(ids.size())};
    const Matrix<Real> logits = model.forward(ids, context, nullptr);
    fmt::print("{{\"ids\":[{}],\"logits\":[", fmt::join(ids, ","));
    for (Index row = 0; row < logits.rows(); ++row) print_row(logits, row);
    fmt::print("]}}\n");
  }
}

// The same weights, for a computation that rounds much less than what it is compared with.
Decoder<double> in_double(Decoder<float>& model) {
  Rng rng(0);
  Decoder<double> precise(model.config, rng);
  const Parameters<float> from = model.parameters();
  const Parameters<double> to = precise.parameters();
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::copy(from[i].value.begin(), from[i].value.end(), to[i].value.begin());
  }
  return precise;
}

}  // namespace

void add_logits(CLI::App& app) {
  struct Arguments {
    std::string model;
    bool in_double = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      add_command(app, "logits", "Print a model's logits, to compare with another program's",
                  "echo '[1, 2, 3]' | limpid logits --model runs/demo");
  command->description(command->get_description() +
                       "\nReads lines of token ids as JSON, prints {\"ids\", \"logits\"} for each");
  command->add_option("--model", arguments->model, "Directory or file of a model")->required();
  command->add_flag("--double", arguments->in_double, "Compute in 64 bits, with the same weights");
  command->callback([arguments] {
    const LoadedModel loaded = load_model(arguments->model, {.needs_tokenizer = false});
    if (arguments->in_double) {
      print_logits(in_double(*loaded.model));
    } else {
      print_logits(*loaded.model);
    }
  });
}

}  // namespace limpid::cli
