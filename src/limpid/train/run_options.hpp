/// Everything that a training run was told: the model's shape, the batches, the optimizer, the plan.
///
/// One struct with one table of keys, so that `--set key=value`, the state file and the report speak of
/// the same names. A preset is a complete set of values; keys change single ones.
///
/// USES    core, model/config, train/adamw, train/schedule
/// ERRORS  std::invalid_argument: an unknown key (with the nearest one), a value of another type, a
///         value out of range
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/model/config.hpp"
#include "limpid/train/adamw.hpp"
#include "limpid/train/schedule.hpp"

namespace limpid {

struct LIMPID_API RunOptions {
  std::string preset = "demo";
  Config model;  ///< vocab is filled in from the tokenizer
  std::string initialization =
      "normal";  ///< normal, or mimetic: attention that begins by copying its like
  std::string tokenizer =
      "char";                    ///< word, char, byte, bpe:SIZE, unigram:SIZE, or a tokenizer.json
  std::string rows = "windows";  ///< how text becomes rows: windows, documents or packed

  Index steps = 2000;
  Index batch = 12;            ///< rows of one batch
  Index accumulate = 1;        ///< batches whose gradients make one step
  LearningRate learning_rate;  ///< its `steps` follows `steps`
  std::string optimizer =
      "adamw";            ///< adamw, or muon: Muon for the blocks' matrices, AdamW for the rest
  double adamw_rate = 1;  ///< with muon: AdamW's learning rate, as a multiple of Muon's
  AdamWOptions adamw;
  double clip = 1.0;  ///< maximum of the gradient's norm

  Index eval_every = 250;     ///< steps between evaluations
  Index eval_tokens = 20000;  ///< validation tokens of such an evaluation; the last takes all
  Index save_every = 250;     ///< steps between saved states
  Index seed = 1;

  /// Throws unless a run can start. REQUIRES model.vocab is filled in
  void validate() const;
  /// "key=value", as --set takes it.
  void set(std::string_view assignment);
  void set(std::string_view key, std::string_view value);

  /// key and value of everything, in the table's order; reading them back gives an equal run.
  std::vector<std::pair<std::string, std::string>> entries() const;
  static std::vector<std::string> keys();
};

/// The named starting points: nano (nanoGPT's recipe for a CPU), speedrun (what nano learns in 140 s of PyTorch, in
/// seconds), demo and demo-gpt2 (tales in a minute).
/// ERRORS  std::invalid_argument naming the presets there are
LIMPID_API RunOptions preset(std::string_view name);
LIMPID_API std::vector<std::string> preset_names();

}  // namespace limpid
