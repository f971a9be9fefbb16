/// metrics.jsonl: one line of JSON for each evaluation of a run, for people, plots and the report.
///
/// Lines are appended as the run goes. When a run resumes from the state of some step, lines of later
/// steps are cut away: they will be written again.
///
/// USES    core, formats/atomic_file, formats/json_fields, formats/text_file
/// ERRORS  std::runtime_error: a file that cannot be read or written, a line that is not what it should be
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

struct Metrics {
  Index step = 0;
  double train_loss = 0;         ///< nats per token, mean since the last line
  double val_loss = 0;           ///< nats per token
  double bits_per_byte = 0;      ///< of the validation text
  double tokens_per_second = 0;  ///< of training, padding included
  double gflops = 0;             ///< 10^9 operations per second, by the model's formula
  double learning_rate = 0;
  Index tokens = 0;    ///< trained on so far, padding included
  double seconds = 0;  ///< of training so far, all sessions
  std::string sample;  ///< what the model wrote after the run's prompt
};

LIMPID_API std::string to_json_line(const Metrics& metrics);
LIMPID_API void append_metrics(const std::filesystem::path& path, const Metrics& metrics);
/// A last line that a kill cut short is left out. Nothing where no file is: the truth of a run is its state.
LIMPID_API std::vector<Metrics> read_metrics(const std::filesystem::path& path);
/// Keeps the lines of steps up to `step`. A line that cannot be read is left out, and its number is among those
/// that come back: lines for people to read are no reason to stop a run.
LIMPID_API std::vector<Index> cut_metrics(const std::filesystem::path& path, Index step);

}  // namespace limpid
