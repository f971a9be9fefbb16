/// The n-gram model: guess the next token from the last n - 1 tokens by counting. It is the
/// baseline that a transformer has to beat, so it had better be a good one.
///
/// Counts of long contexts are precise but rare, those of short ones plentiful but vague, so the
/// guesses are mixed, from the shortest context to the longest:
///
///   p(w | h) = max(c(h w) - D, 0) / c(h)  +  backoff(h) p(w | h without its oldest token)
///
/// and below the empty context every token has 1 / V. Each count gives up a discount D (one size for
/// counts of 1, one for 2, one for 3 or more), and backoff(h) is what they gave up together: the
/// probabilities sum to 1. The counts c of the longest contexts are occurrences. Those of shorter
/// contexts are the numbers of different tokens that stood before `h w`, because a short context is
/// asked only when the longer one does not help: "Francisco" is frequent, but only after "San", so
/// it is a poor guess after anything else.
///
/// This smoothing (interpolated modified Kneser-Ney) predicted best throughout the comparison of
/// Chen and Goodman; a weaker baseline would flatter the model.
///
/// Every document begins after a start mark and ends with the end-of-text token, if there is one;
/// that token is the start mark too, as in the model's inputs. The start mark itself has nothing
/// before it, so an n-gram that begins with it keeps its occurrences as its count.
///
/// SOURCE  Chen, Goodman 1999, "An empirical study of smoothing techniques for language modeling",
///         Computer Speech and Language 13, sections 2.7 and 3. Where a text is too small to
///         estimate a discount it is 0.5, 1 or 1.5, as in KenLM's lmplz --discount_fallback
/// USES    core
/// REQUIRES train() before anything else is asked
/// ERRORS  std::invalid_argument: order or vocabulary out of range, ids outside the vocabulary
/// COST    training sorts the text 2 * order times; 8 bytes for each different n-gram of each
///         length, 28 for each context
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/core/rng.hpp"

namespace limpid {

class LIMPID_API NGram {
 public:
  using Ids = std::vector<std::int32_t>;

  /// order n: 1 looks at no context, 2 at one token. `vocab` V: ids are 0 to V - 1.
  NGram(Index order, Index vocab, std::optional<std::int32_t> end_of_text = {});

  /// Counts from scratch. One long text is one document.
  void train(std::span<const Ids> documents);

  /// log2 p(next | context). `context`: what stands before, as far back as you like; a document's
  /// first token has the context {end_of_text}.
  double log2_probability(std::span<const std::int32_t> context, std::int32_t next) const;

  /// -log2 p of a whole document from its start, its end included if there is an end-of-text token.
  double bits(std::span<const std::int32_t> document) const;

  /// Draws the next token; the generator moves by one.
  std::int32_t sample(std::span<const std::int32_t> context, Rng& rng) const;

  Index order() const { return order_; }
  /// Different n-grams kept, of all lengths, and the memory that they take.
  Index size() const;
  Index bytes() const;

 private:
  /// All contexts of one length, and what followed them. A context is known by its place in a
  /// sorted list; what followed context i are the entries first[i] .. first[i + 1], sorted by token.
  struct Level {
    std::vector<std::uint64_t> contexts;  ///< place of the context without its oldest token, and
                                          ///< that token, in one number
    std::vector<std::uint32_t> first;
    std::vector<std::int32_t> next;
    std::vector<std::uint32_t> count;
    std::vector<double> total, backoff;  ///< c(h) and backoff(h)
    double discount[4] = {0, 0, 0, 0};   ///< D for counts of (0,) 1, 2, and 3 or more
  };

  static Level make_level(std::vector<std::uint64_t> contexts, std::vector<std::uint64_t> pairs);
  Ids with_marks(std::span<const std::int32_t> document) const;
  /// Places of the contexts of length 0, 1, ... that end here and were seen in training.
  std::vector<std::size_t> seen_contexts(std::span<const std::int32_t> context) const;

  Index order_, vocab_;
  std::optional<std::int32_t> end_of_text_;
  std::vector<Level> levels_;  ///< by the length of the context: 0 to order - 1
};

}  // namespace limpid
