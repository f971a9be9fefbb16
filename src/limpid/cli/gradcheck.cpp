// ./limpid gradcheck: every hand-written backward pass beside the slopes it claims to compute.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/gradcheck_cases.hpp"
#include "limpid/cli/terminal.hpp"

namespace limpid::cli {
namespace {

constexpr double kLimit = 1e-7;

struct GradcheckArguments {
  std::string concept_name;
  bool json = false;
};

struct Row {
  std::string_view concept_name;
  GradientError result;
  // A NaN is not right, and neither is a slope that nothing depends on: it proves nothing.
  bool right() const { return result.error <= kLimit && result.largest > 0; }
};

std::vector<Row> check(const std::string& concept_name) {
  std::vector<Row> rows;
  std::string known;
  for (const GradientCase& one : gradient_cases()) {
    known += (known.empty() ? "" : ", ") + std::string(one.concept_name);
    if (!concept_name.empty() && concept_name != one.concept_name) continue;
    for (GradientError& error : one.run()) rows.push_back({one.concept_name, std::move(error)});
  }
  if (rows.empty()) {
    throw std::invalid_argument(
        fmt::format("gradcheck: no concept is called '{}'; there are: {}", concept_name, known));
  }
  return rows;
}

void print_rows(const std::vector<Row>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    json.push_back({{"concept", row.concept_name},
                    {"tensor", row.result.name},
                    {"numbers", row.result.size},
                    {"largest", row.result.largest},
                    {"error", row.result.error},
                    {"ok", row.right()}});
  }
  print_json(json);
}

void print_table(const std::vector<Row>& rows) {
  const bool colour = use_colour(stdout);
  fmt::print(
      "Move one number v a little both ways, and see how far the loss moves:\n"
      "  numeric = (loss(v + h) - loss(v - h)) / 2h          h = 1e-5, in double\n"
      "Beside it stands what backward computed. A right gradient is off by about 1e-10,\n"
      "a wrong one by about 1:\n"
      "  error = max|analytic - numeric| / (max|analytic| + max|numeric|)   <= 1e-7\n\n"
      "{:45} {:>7}  {:>9}  {:>7}\n",
      "concept and tensor", "numbers", "largest", "error");
  std::string_view last;
  std::size_t numbers = 0;
  double largest_error = 0;
  for (const Row& row : rows) {
    if (row.concept_name != last) fmt::print("{}\n", bold(row.concept_name, colour));
    last = row.concept_name;
    numbers += row.result.size;
    largest_error = std::max(largest_error, row.result.error);
    fmt::print("  {:43} {:>7}  {:>9.3g}  {:>7.1e}  {}\n", row.result.name, row.result.size,
               row.result.largest, row.result.error,
               row.right() ? "ok" : coloured("WRONG", 31, colour));
  }
  fmt::print("\n{} tensors, {} numbers; the largest error is {:.1e}\n", rows.size(), numbers,
             largest_error);
}

void gradcheck(const GradcheckArguments& arguments) {
  const std::vector<Row> rows = check(arguments.concept_name);
  if (arguments.json) {
    print_rows(rows);
  } else {
    print_table(rows);
  }
  for (const Row& row : rows) {
    if (row.right()) continue;
    throw std::runtime_error(fmt::format(
        "gradcheck: {}, {}: error {:.1e} at slopes up to {:.1e}, expected at most {:g}",
        row.concept_name, row.result.name, row.result.error, row.result.largest, kLimit));
  }
}

}  // namespace

void add_gradcheck(CLI::App& app) {
  auto arguments = std::make_shared<GradcheckArguments>();
  CLI::App* command =
      add_command(app, "gradcheck", "Check the backward passes against numeric slopes",
                  "limpid gradcheck layer_norm");
  command->add_option("CONCEPT", arguments->concept_name, "One concept; without it, all");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments] { gradcheck(*arguments); });
}

}  // namespace limpid::cli
