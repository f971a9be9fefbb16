/// The training loop's body: one step from a batch of text to slightly better weights.
///
///   logits   = model.forward(inputs)
///   loss     = cross_entropy(logits, targets)         how surprised the model was
///   backward                                          which way each weight should move to be less so
///   clip, then a step of the optimizer at the schedule's rate
///
/// A step may add up the gradients of several batches (`accumulate`): each is divided by the number of
/// targets in all of them, so every token weighs the same, whichever batch it came in.
///
/// The trainer's state is the weights, the optimizer's moments, the step, the place in the data and the
/// dropout stream: train/checkpoint saves exactly these, and equal states go on with equal bits.
///
/// USES    core, model/decoder, nn/context, nn/cross_entropy, nn/mimetic_initialization, train/adamw,
///         train/batches, train/clip, train/muon, train/run_options
/// ERRORS  TrainingDiverged when the loss or a gradient is not a finite number
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "limpid/core/export.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/train/adamw.hpp"
#include "limpid/train/batches.hpp"
#include "limpid/train/muon.hpp"
#include "limpid/train/run_options.hpp"

namespace limpid {

/// Streams of the run's seed: each use of random numbers has its own, so that, say, one more sample
/// changes no batch.
enum class Stream : std::uint64_t { weights = 1, data, dropout, sampling, tales };
LIMPID_API Rng stream(Index seed, Stream use);

struct LIMPID_API TrainingDiverged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct StepReport {
  Index step = 0;            ///< number of this step, from 1
  double loss = 0;           ///< nats per target, before the step
  double gradient_norm = 0;  ///< before clipping
  double learning_rate = 0;
  Index tokens = 0;  ///< rows that went through the model, padding included
  double flops = 0;  ///< by Config::training_flops_per_token, padding included
};

class LIMPID_API Trainer {
 public:
  /// REQUIRES options.validate() passes
  Trainer(const RunOptions& run_options, Batches data);

  StepReport step();
  Index steps_done() const { return steps_done_; }
  bool finished() const { return steps_done_ >= options.steps; }

  RunOptions options;
  Decoder<float> model;
  Parameters<float> parameters;  // of model
  // Each of them belongs to one of the two (belongs_to_muon).
  Parameters<float> adamw_parameters, muon_parameters;
  AdamW<float> adamw;
  Muon<float> muon;
  Batches batches;
  Rng dropout;

  void set_steps_done(Index steps) { steps_done_ = steps; }
  /// What the last forward pass saved for its backward.
  Index cache_bytes() const { return cache_.bytes(); }
  /// Throws TrainingDiverged unless this loss is a finite number.
  void require_finite(double loss) const;

 private:
  Decoder<float>::Cache cache_;  // kept from step to step, so that its memory is too
  Index steps_done_ = 0;
};

/// With optimizer=muon the blocks' matrices belong to Muon; all others belong to AdamW.
LIMPID_API bool belongs_to_muon(const RunOptions& options, const Parameter<float>& parameter);

/// The first parameter that holds a NaN or an infinity, or an empty name.
LIMPID_API std::string first_bad_parameter(const Parameters<float>& parameters);
/// The parameter that holds the number furthest from 0, and that number's size.
LIMPID_API std::pair<std::string, double> largest_parameter(const Parameters<float>& parameters);

}  // namespace limpid
