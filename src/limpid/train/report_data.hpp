/// What a run's report shows, computed from its directory: how far the model came, measured against
/// simpler guessers and, for tales, against the best that anybody could do; and what it reads and writes.
///
///   uniform    every token of the vocabulary is as likely as any other
///   bigram     one token back, counted in the training text (model/ngram)
///   5-gram     four tokens back
///   floor      the probability with which the world itself tells these stories
///
/// All in bits per byte of the same held-out text. The baselines count in at most 2 million tokens of the
/// training text, so that the report takes seconds.
///
/// USES    core, formats/config_json, formats/huggingface, formats/tokenizer_json, model/ngram,
///         train/checkpoint, train/evaluate, train/metrics, train/report_texts, train/run, train/run_data,
///         train/run_options
/// ERRORS  std::runtime_error: no run in the directory, and what the readers throw. A text that is not
///         there any more, or not the same, is no error: what needs it is left out, and a note says so.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/train/metrics.hpp"
#include "limpid/train/report_texts.hpp"
#include "limpid/train/run_options.hpp"

namespace limpid {

struct Baselines {
  std::optional<double> uniform, bigram, five_gram, floor;  ///< bits per byte
};

struct ShownParameter {
  std::string name;
  std::vector<Index> shape;
  Index numbers = 0;
};

struct ReportData {
  std::string result;  ///< one sentence
  RunOptions options;
  std::vector<std::string> files;  ///< empty: tales
  Index step = 0;                  ///< less than options.steps: the run was stopped
  std::vector<Metrics> metrics;
  std::string prompt;          ///< what all samples of the metrics begin with
  std::vector<Index> moments;  ///< metrics whose samples are replayed
  Baselines baselines;
  bool heads_shown = true;       ///< as ReadingOptions::heads
  std::vector<ShownText> texts;  ///< the model's own first
  std::vector<ShownParameter> parameters;
  std::string command;             ///< that repeats the run
  std::vector<std::string> notes;  ///< what is missing, and why
};

LIMPID_API ReportData make_report_data(const std::filesystem::path& directory);

/// `count` places out of n, evenly spread, the first and the last among them.
LIMPID_API std::vector<Index> spread(Index n, Index count);

/// The command line that repeats a run with these options. `init`: the model that it began from, if any,
/// which has a shape and a tokenizer of its own.
LIMPID_API std::string repeat_command(const RunOptions& options,
                                      const std::vector<std::string>& files,
                                      const std::string& init = {});

}  // namespace limpid
