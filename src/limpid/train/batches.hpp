/// Batches: which tokens the model sees at which step.
///
/// A row is a piece of text. The model reads its `inputs` and must say at each place what comes
/// next, so the targets are the same text shifted by one, and they are shifted here and nowhere
/// else. A target of kIgnore does not count. Three ways to make rows:
///
///   windows    a long text cut every `time` tokens, from a random place in each epoch
///                inputs   t0 t1 .. t(T-1)        targets  t1 t2 .. tT
///   documents  a document a row, from its first token to its end (E is the end-of-text token;
///              as an input it says: begin a new text)
///                inputs   E  d0 d1 d2 E  E       targets  d0 d1 d2 E  -  -
///              rows are padded (-) to the longest of the batch and cut after `time` tokens
///   packed     as many documents as `time` tokens hold, one behind the other, the last one cut
///                inputs   E  d0 d1 E  e0 e1      targets  d0 d1 E  e0 e1 e2
///              padding in an epoch's last row only; the model must learn that E cuts off the past
///
/// An epoch visits every row once, in shuffled order; a batch that the epoch cannot fill takes the
/// rest from the next one, so all batches have the same number of rows. The order depends on the
/// seed and the epoch alone: where we are is three integers, and with them the future is restored.
///
/// SHAPES  inputs, targets [batch, time] row-major, as N = batch * time token ids
/// USES    core, nn/cross_entropy
/// ERRORS  std::invalid_argument: a text shorter than one window, no or empty documents, options
///         out of range, a state that does not fit
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/cross_entropy.hpp"

namespace limpid {

/// A target of kIgnore (see nn/cross_entropy) does not count.
struct Batch {
  Index batch = 0, time = 0;                  ///< rows, and tokens of a row
  std::vector<std::int32_t> inputs, targets;  ///< [batch * time]
  Index tokens = 0;                           ///< targets that count
};

struct BatchOptions {
  Index batch = 12;        ///< rows of a batch
  Index time = 64;         ///< tokens of a row, at most: the model's context
  std::uint64_t seed = 1;  ///< of the order
  /// Documents only. 0: rows in plain shuffled order. G > 0: runs of G batches are sorted by length
  /// before they are cut into batches, and then the batches of the epoch are shuffled. Rows of
  /// similar length waste less padding; each document still comes once an epoch.
  Index group = 0;
};

/// Where the order stands. Equal states of equal texts give equal batches from then on.
struct BatchState {
  std::uint64_t seed = 0;
  Index epoch = 0;
  Index row = 0;  ///< rows of this epoch already given
  bool operator==(const BatchState&) const = default;
};

class LIMPID_API Batches {
 public:
  using Ids = std::vector<std::int32_t>;

  static Batches windows(Ids ids, const BatchOptions& options);
  static Batches documents(std::span<const Ids> documents, std::int32_t end_of_text,
                           const BatchOptions& options);
  static Batches packed(std::span<const Ids> documents, std::int32_t end_of_text,
                        const BatchOptions& options);

  Batch next();

  BatchState state() const { return {options_.seed, epoch_, row_}; }
  void restore(const BatchState& state);

  /// Rows of the current epoch. For windows and packed rows their number varies a little.
  Index rows() const { return static_cast<Index>(order_.size()); }

 private:
  enum class Kind { windows, documents, packed };
  /// Inputs: `tokens` ids from `first` on; targets: as many from first + 1 on.
  struct Row {
    Index first, tokens;
  };

  Batches(Kind kind, Ids text, std::vector<Row> documents, const BatchOptions& options);
  static Batches of_documents(Kind kind, std::span<const Ids> documents, std::int32_t end_of_text,
                              const BatchOptions& options);
  void begin_epoch();
  void order_windows(Rng& rng);
  void order_documents(Rng& rng);
  void order_packed(Rng& rng);

  Kind kind_;
  BatchOptions options_;
  Ids text_;                    // windows: the text; else E d0 d1 .. E e0 e1 .. E: an E between two
                                // documents ends the one and begins the other
  std::vector<Row> documents_;  // where each document lies in text_
  Ids packed_text_;             // packed: the same, in this epoch's order
  std::vector<Row> order_;      // this epoch's rows
  Index epoch_ = 0, row_ = 0;
};

/// A text in consecutive windows of `time` tokens that do not overlap, in order, for measuring a
/// loss: every token but the first is a target once. The last window is padded.
LIMPID_API std::vector<Batch> evaluation_windows(std::span<const std::int32_t> ids, Index time,
                                                 Index batch = 64);

/// Documents in order, a document a row as in Batches::documents. Cut after `time` tokens.
LIMPID_API std::vector<Batch> evaluation_documents(std::span<const Batches::Ids> documents,
                                                   std::int32_t end_of_text, Index time,
                                                   Index batch = 64);

}  // namespace limpid
