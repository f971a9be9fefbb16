/// README.md of a model: what somebody who finds the directory should know before they use it. Size,
/// data, training, measured loss, what it is for, and what it cannot do (Mitchell et al.'s headings that
/// a toy has something to say about).
///
/// Every figure comes from the model, the run's record or its metrics; what is not known is said to be
/// not known. No clock is in it: equal runs write equal cards.
///
/// SOURCE  Mitchell et al. 2019, "Model Cards for Model Reporting", arXiv:1810.03993
/// USES    core, formats/atomic_file, formats/tensor_layout, formats/text_file, model/config
/// USES    train/checkpoint, train/metrics, train/report_data
/// ERRORS  std::runtime_error: README.md cannot be read or written
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/formats/tensor_layout.hpp"
#include "limpid/model/config.hpp"
#include "limpid/train/checkpoint.hpp"
#include "limpid/train/metrics.hpp"

namespace limpid {

struct CardFacts {
  Config config;
  std::string tokenizer;              ///< its kind: "bpe", "word"
  Dtype type = Dtype::f32;            ///< of the weights in the file
  std::optional<RunRecord> run = {};  ///< none: the model came from elsewhere
  std::vector<Metrics> metrics = {};  ///< of the run, in order of steps
};

LIMPID_API std::string model_card(const CardFacts& facts);

/// Writes README.md, unless one stands there that is somebody's own: without the card's first comment.
LIMPID_API void write_model_card(const std::filesystem::path& directory, const CardFacts& facts);

}  // namespace limpid
