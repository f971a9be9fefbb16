/// A whole training run in a directory: data, steps, evaluations, saved states, and the model at the end.
///
///   DIR/state.safetensors    the truth of the run (train/checkpoint)
///   DIR/model.safetensors, config.json, tokenizer.json ...    the model, derived from it
///   DIR/README.md            what the model is, for whoever finds it (train/model_card)
///   DIR/metrics.jsonl        a line for each evaluation
///
/// Saves happen by step count, never by the clock, and everything that decides a bit of the weights is in
/// the state. So a run that is killed at any moment and resumed ends with the same bits as one that was not.
///
/// USES    core, formats/atomic_file, formats/config_json, formats/directory_lock, formats/huggingface,
///         formats/tokenizer_json, generate/generator, tokenizer/utf8_stream, train/checkpoint,
///         train/evaluate, train/metrics, train/model_card, train/run_data, train/run_options, train/time_budget,
///         train/trainer
/// ERRORS  one line each: a directory that holds another run or is in use, a state that does not fit the
///         data, what the parts throw. A diverged loss keeps the last saved state.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/train/metrics.hpp"
#include "limpid/train/run_data.hpp"
#include "limpid/train/run_options.hpp"
#include "limpid/train/trainer.hpp"

namespace limpid {

struct RunRequest {
  RunOptions options;
  std::vector<std::string> files;  ///< empty: tales
  std::filesystem::path directory;
  bool resume = false;                        ///< continue what the directory holds, if anything
  std::optional<std::filesystem::path> init;  ///< start from this trained model's weights
  /// A run that begins here takes about so long: its size and its steps follow (train/time_budget).
  std::optional<double> minutes;
  /// options.preset is what somebody said, no default: a run that goes on must have it.
  bool preset_given = false;
  /// "key=value", already in `options`: what somebody said. It stands, whatever the minutes decide, and is
  /// refused where a run that goes on or `init` has something else.
  std::vector<std::string> settings;
};

/// What somebody who watches a run is told. Each call may take its time; none changes the run.
class LIMPID_API RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// Before the first step, with options complete and the model made.
  virtual void started(const Trainer&, const RunData&, Index /*first_step*/) {}
  virtual void stepped(const StepReport&, double /*seconds*/) {}
  virtual void evaluated(const Metrics&) {}
  virtual void saved(Index /*step*/) {}
  /// One line about what is not as it should be, and stops no run.
  virtual void warned(const std::string& /*what*/) {}
};

struct RunResult {
  bool finished = false;  ///< false: stopped early, and saved
  Index steps = 0;
};

/// Runs until the last step, or until `stop` is true: then the state is saved first.
LIMPID_API RunResult run_training(const RunRequest& request, RunObserver& observer,
                                  const std::atomic<bool>& stop);

/// The prompt that a run samples from at each evaluation: the beginning of the validation text.
LIMPID_API std::string run_prompt(const RunData& data);

inline constexpr const char* kStateFile = "state.safetensors";
inline constexpr const char* kMetricsFile = "metrics.jsonl";

}  // namespace limpid
