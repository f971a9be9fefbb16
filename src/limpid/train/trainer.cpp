#include "limpid/train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "limpid/nn/context.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/nn/mimetic_initialization.hpp"
#include "limpid/train/clip.hpp"

namespace limpid {

Rng stream(Index seed, Stream use) {
  return Rng(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(use));
}

namespace {

Decoder<float> fresh_model(const RunOptions& options) {
  Rng rng = stream(options.seed, Stream::weights);
  Decoder<float> model(options.model, rng);
  if (options.initialization == "mimetic") {
    for (Block<float>& block : model.blocks) mimetic_initialization(block.attention, rng);
  }
  return model;
}

Parameters<float> part_of(const Parameters<float>& all, const RunOptions& options, bool for_muon) {
  Parameters<float> part;
  for (const Parameter<float>& parameter : all) {
    if (belongs_to_muon(options, parameter) == for_muon) part.push_back(parameter);
  }
  return part;
}

}  // namespace

bool belongs_to_muon(const RunOptions& options, const Parameter<float>& parameter) {
  return options.optimizer == "muon" && parameter.shape.size() == 2 &&
         parameter.name.starts_with("blocks.");
}

Trainer::Trainer(const RunOptions& run_options, Batches data)
    : options(run_options),
      model(fresh_model(options)),
      parameters(model.parameters()),
      adamw_parameters(part_of(parameters, options, false)),
      muon_parameters(part_of(parameters, options, true)),
      adamw(adamw_parameters, options.adamw),
      muon(muon_parameters, {.weight_decay = options.adamw.weight_decay}),
      batches(std::move(data)),
      dropout(stream(options.seed, Stream::dropout)) {}

StepReport Trainer::step() {
  std::vector<Batch> parts;
  Index targets = 0;
  for (Index i = 0; i < options.accumulate; ++i) {
    parts.push_back(batches.next());
    targets += parts.back().tokens;
  }

  StepReport report;
  report.step = steps_done_ + 1;
  report.learning_rate = options.learning_rate(steps_done_);
  zero_gradients(parameters);
  for (const Batch& batch : parts) {
    Context context{.batch = batch.batch, .time = batch.time};
    context.dropout = options.model.dropout > 0 ? &dropout : nullptr;
    Matrix<float> logits = model.forward(batch.inputs, context, &cache_);
    const CrossEntropyResult<float> result =
        cross_entropy(std::move(logits), batch.targets, {.divisor = static_cast<double>(targets)});
    model.backward(result.dlogits, context, cache_);
    report.loss += result.loss;
    report.tokens += context.rows();
    report.flops +=
        static_cast<double>(context.rows()) * options.model.training_flops_per_token(batch.time);
  }
  require_finite(report.loss);
  const GradientNorm gradient = clip_gradients(parameters, options.clip);
  if (!gradient.finite()) {
    throw TrainingDiverged(fmt::format("step {}: the gradient of {} is not a finite number",
                                       report.step, gradient.bad_tensor));
  }
  report.gradient_norm = gradient.norm;
  const double adamw_rate = options.optimizer == "muon" ? options.adamw_rate : 1;
  adamw.step(adamw_parameters, adamw_rate * report.learning_rate);
  muon.step(muon_parameters, report.learning_rate);
  ++steps_done_;
  return report;
}

void Trainer::require_finite(double loss) const {
  if (std::isfinite(loss)) return;
  std::string where =
      "the first parameter that is not finite is " + first_bad_parameter(parameters);
  if (first_bad_parameter(parameters).empty()) {
    const auto [name, size] = largest_parameter(parameters);
    where = fmt::format("a forward pass overflowed: numbers up to {:.3g} stand in {}", size, name);
  }
  throw TrainingDiverged(fmt::format("step {}: the loss is {}; {} (a lower learning_rate may help)",
                                     steps_done_ + 1, std::abs(loss), where));
}

std::string first_bad_parameter(const Parameters<float>& parameters) {
  for (const Parameter<float>& parameter : parameters) {
    if (!std::all_of(parameter.value.begin(), parameter.value.end(),
                     [](float number) { return std::isfinite(number); })) {
      return parameter.name;
    }
  }
  return "";
}

std::pair<std::string, double> largest_parameter(const Parameters<float>& parameters) {
  std::pair<std::string, double> largest{"", -1};
  for (const Parameter<float>& parameter : parameters) {
    for (const float number : parameter.value) {
      const double size = std::abs(static_cast<double>(number));
      if (size > largest.second) largest = {parameter.name, size};
    }
  }
  return largest;
}

}  // namespace limpid
