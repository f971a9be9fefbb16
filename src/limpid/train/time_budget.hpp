/// How large a model, and for how many steps, when somebody gives minutes instead of steps.
///
/// A model learns well from a text when it reads some tokens for each of its parameters: with less, the
/// larger part of its weights stays as it was drawn; with more, a larger model would have made better use of
/// the time. Large models find about 20 best. On the tales, of models that took equal time, those of 9 and
/// 28 tokens per parameter ended alike, those of 4 and 1 behind them. So the rule is
///
///   the largest size of the ladder that reads at least 9 tokens per parameter in the time
///
///   layers     2    2    3    4    6    8    8
///   width     64   96  128  192  256  384  512        heads 48 or 64 wide
///
/// and steps = the time / the measured seconds of a step. A tenth of the minutes is kept for evaluations
/// and saves. Learning rate: what the preset says at its own width, and less above it, as 1 / width.
///
/// Measuring depends on the clock, so it happens once, before step 0. What it decides is stored with the
/// run's options: a resumed run does not measure again, and ends with the same bits.
///
/// SOURCE  Hoffmann et al. 2022, arXiv:2203.15556, section 3 (about 20 tokens per parameter); rate and
///         width: Yang et al. 2022, arXiv:2203.03466, table 3
/// USES    core, train/batches, train/run_options, train/trainer
/// ERRORS  std::invalid_argument when the minutes are not a number above 0
#pragma once

#include <functional>
#include <span>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/train/batches.hpp"
#include "limpid/train/run_options.hpp"

namespace limpid {

struct ModelSize {
  Index layers, heads, width;
};
LIMPID_API std::span<const ModelSize> size_ladder();

/// The options with a model of this size. Hidden widths keep the family's proportion to the width.
LIMPID_API RunOptions with_size(RunOptions options, const ModelSize& size);

struct Speed {
  double seconds_per_step = 0;
  double tokens_per_step = 0;
};
/// How fast a run with these options trains.
using MeasureSpeed = std::function<Speed(const RunOptions&)>;

/// The rule. Asks for the speed of one size after another, from the smallest up, and stops where the rule
/// does. With `keep_size` the model stays as the options say and only the steps follow from the time.
/// REQUIRES options.model.vocab is filled in
LIMPID_API RunOptions fit_to_minutes(const RunOptions& options, double minutes, bool keep_size,
                                     const MeasureSpeed& measure);

/// A few real steps against the clock, on a model that is then thrown away. None is begun after `enough` seconds.
LIMPID_API Speed measure_speed(const RunOptions& options, Batches batches, double enough = 1);

/// The rule the other way round: what so many steps take, with their evaluations and saves.
LIMPID_API double expected_seconds(Index steps, const Speed& speed);

}  // namespace limpid
