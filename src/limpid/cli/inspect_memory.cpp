#include "limpid/cli/inspect_memory.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/train/checkpoint.hpp"
#include "limpid/train/run.hpp"
#include "limpid/train/step_memory.hpp"

namespace limpid::cli {
namespace {

RunOptions options_of(const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / kStateFile)) {
    return read_record(directory / kStateFile).options;
  }
  RunOptions options;
  options.model = read_config_json(directory / "config.json").config;
  return options;
}

void line(std::string_view name, double bytes, double all) {
  fmt::print("  {:19}{:>11}{:>8.1f}%\n", name, bytes_text(bytes), 100 * bytes / all);
}

}  // namespace

void print_step_memory(const std::filesystem::path& model, bool json) {
  const RunOptions options = options_of(model);
  const StepMemory memory = measure_step_memory(options);
  if (json) {
    nlohmann::ordered_json page = {{"batch", options.batch}, {"time", options.model.context}};
    for (const StepMemory::Part& part : memory.parts) page["parts"][part.name] = part.bytes;
    page["counted"] = memory.counted();
    page["measured"] = memory.measured;
    page["page_faults_per_step"] = memory.page_faults;
    print_json(page);
    return;
  }
  fmt::print("Memory of a training step: {} rows of {} tokens\n\n", options.batch,
             options.model.context);
  for (const StepMemory::Part& part : memory.parts) {
    line(part.name, part.bytes, memory.counted());
  }
  fmt::print("\n");
  line("counted", memory.counted(), memory.counted());
  line("measured", memory.measured, memory.counted());
  fmt::print("  {:19}{:>11.0f}   a step\n", "page faults", memory.page_faults);
}

}  // namespace limpid::cli
