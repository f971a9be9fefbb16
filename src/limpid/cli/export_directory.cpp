// ./limpid export --format huggingface: a model's directory for other programs, without the state of its run.
#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "limpid/cli/exchange_commands.hpp"
#include "limpid/formats/huggingface.hpp"
#include "limpid/train/model_card.hpp"
#include "limpid/train/run.hpp"

namespace limpid::cli {
namespace {

namespace fs = std::filesystem;

Dtype type_from_name(const std::string& name) {
  if (name == "f32") return Dtype::f32;
  if (name == "bf16") return Dtype::bf16;
  throw std::invalid_argument("--type is '" + name + "', expected f32 or bf16 for huggingface");
}

// What is known of the run that made a model: nothing, unless its directory still has the state.
CardFacts facts_of(const fs::path& model, const LoadedModel& loaded, Dtype type) {
  CardFacts facts{.config = loaded.model->config,
                  .tokenizer = std::string(loaded.tokenizer->kind()),
                  .type = type};
  if (!fs::exists(model / kStateFile)) return facts;
  facts.run = read_record(model / kStateFile);
  facts.metrics = read_metrics(model / kMetricsFile);
  std::erase_if(facts.metrics, [&](const Metrics& m) { return m.step > facts.run->step; });
  return facts;
}

}  // namespace

void export_directory(const fs::path& model, const LoadedModel& loaded,
                      const std::string& type_name, const fs::path& directory) {
  const Dtype type = type_from_name(type_name);
  expect_new_directory(directory);
  write_model_directory(directory, loaded.description(), loaded.model->parameters(),
                        *loaded.tokenizer, type);
  write_model_card(directory, facts_of(model, loaded, type));
  fmt::print("{}: {} model, {} parameters, {}\n", directory.string(),
             family_name(loaded.model->config.family), loaded.model->config.parameter_count(),
             dtype_name(type));
}

}  // namespace limpid::cli
