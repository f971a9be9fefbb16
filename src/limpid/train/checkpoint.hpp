/// The one file that is the truth of a run: everything that the next step depends on.
///
///   tensors    parameter/NAME, first_moment/NAME, second_moment/NAME, momentum/NAME (Muon)      float32
///   metadata   limpid_run: JSON with the options, the origin, the step, the optimizer's step, the place in the data,
///              the dropout stream, what the data and the tokenizer were, and a sum of all tensors
///              limpid_run_sum: a sum of that JSON's bytes
///
/// It is a safetensors file, written to a temporary, synced and renamed, so at every moment it is the
/// whole state of some step. No clock and no speed is in it: equal runs write equal bytes. A disk may give
/// back other bytes than it was given, and a number with one bit flipped is still a number: only a sum
/// tells. The sums (64 bits, tokenizer/hash) are for accidents, not for forgers.
///
/// USES    core, formats/safetensors, tokenizer/hash, train/run_options, train/trainer
/// ERRORS  std::runtime_error: cut short, damaged, of another version; std::invalid_argument: of
///         another model
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/train/run_options.hpp"
#include "limpid/train/trainer.hpp"

namespace limpid {

/// What a run began with beside its options, which hold what followed from it.
struct RunOrigin {
  std::string init;    ///< directory of the model that was trained further; empty: none
  double minutes = 0;  ///< that the plan was made for; 0: none
};

/// What a state says of its run, apart from the tensors.
struct RunRecord {
  RunOptions options;
  std::vector<std::string> files;   ///< empty: tales
  std::optional<RunOrigin> origin;  ///< not known of states that were written before it was kept
  std::uint64_t data_fingerprint = 0;
  std::uint64_t tokenizer_fingerprint = 0;
  Index step = 0;
};

LIMPID_API void save_state(const std::filesystem::path& path, const RunRecord& record,
                           Trainer& trainer);
/// Reads the header only.
LIMPID_API RunRecord read_record(const std::filesystem::path& path);
/// REQUIRES a trainer made with the record's options
LIMPID_API void restore_state(const std::filesystem::path& path, Trainer& trainer);

}  // namespace limpid
