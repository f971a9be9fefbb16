/// The text of a run: what is trained on, what is held back to measure on, and how it becomes tokens.
///
/// Tales are written on the spot, from the run's seed: as many as the run will see, so that it sees none
/// twice. The validation stories are the same for every run. For a text file the first 90% are for
/// training, the rest is held back.
///
/// USES    core, formats/text_file, formats/tokenizer_json, tales/story, tales/world, tales/writer,
///         tokenizer/batch_encoder, tokenizer/factory, tokenizer/hash, tokenizer/tokenizer, tokenizer/utf8,
///         tokenizer/utf8_stream, train/batches, train/run_options, train/trainer
/// ERRORS  std::runtime_error or std::invalid_argument: a file that cannot be read, invalid UTF-8 with
///         its place, a text too short for the context
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/tokenizer/tokenizer.hpp"
#include "limpid/train/batches.hpp"
#include "limpid/train/run_options.hpp"

namespace limpid {

struct RunData {
  std::vector<std::string> files;  ///< empty: tales
  std::shared_ptr<const Tokenizer> tokenizer;
  std::vector<Batch> validation;
  std::optional<double> floor;    ///< bits per byte of the validation text, where known
  std::string sample;             ///< a few lines of the text, to show
  std::uint64_t fingerprint = 0;  ///< of the text: a resumed run must have the same
  bool learns_end = true;         ///< the end-of-text token stands in what the model learns from
  bool is_tales() const { return files.empty(); }
};

/// The stories that a run with these options trains on: one for each row of each of its batches.
LIMPID_API std::vector<std::string> run_tales(const RunOptions& options);

/// The texts of a run, each with a start of its own.
struct RunTexts {
  std::vector<std::string> training, validation;
  std::optional<double> floor;    ///< bits per byte of the validation texts, where known
  std::uint64_t fingerprint = 0;  ///< of all texts
};

/// Reads the files, or writes the tales that a run with these options sees.
LIMPID_API RunTexts run_texts(const RunOptions& options, const std::vector<std::string>& files);

/// The validation stories of tales, always the same.
LIMPID_API std::vector<tales::Story> validation_tales(tales::Split split, Index count);

/// Reads or writes the text, makes or reads the tokenizer (and fills in options.model.vocab), and cuts
/// the batches. With `tokenizer` given, options.tokenizer is not looked at.
LIMPID_API std::pair<RunData, Batches> make_run_data(RunOptions& options,
                                                     const std::vector<std::string>& files,
                                                     std::shared_ptr<const Tokenizer> tokenizer);

}  // namespace limpid
