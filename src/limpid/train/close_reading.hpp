/// One text as a model reads it: before each token, what it expected and where its heads looked; after
/// it, how surprised it was.
///
///   surprise of token t = -log2 p(t | all before it)        in bits; their sum is what the text costs
///
/// The model reads a start mark first, so that the first token is a prediction too. To predict token t it
/// stands on the token before and looks back from there: these are the looks that belong to t.
///
/// A text longer than the model's context is read in windows that overlap by half, as a generator does.
///
/// USES    core, model/decoder, nn/context, nn/cross_entropy, tokenizer/tokenizer
/// USES    tokenizer/utf8, tokenizer/utf8_stream
/// REQUIRES options.looks > 0
/// COST    one pass over the text, with its attention maps in memory
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// A token that could have come, as it can be shown: bytes that are no text alone as <E2 82>.
struct ShownGuess {
  std::string text;
  double probability = 0;
};

/// A share of attention that fell on a token; the start mark is token -1.
struct ShownLook {
  Index token = -1;
  double weight = 0;
};

struct ShownToken {
  std::string text;      ///< what it adds to the text; empty while a character is incomplete
  bool special = false;  ///< a mark, no text
  Index bytes = 0;       ///< of the text, 0 for a mark
  double probability = 0, bits = 0;
  std::vector<ShownGuess> guesses;            ///< the likeliest first
  std::vector<std::vector<ShownLook>> looks;  ///< for each view the largest shares
};

/// The views of attention, in order: the mean of all heads; for each layer the mean of its heads, and
/// then, if they are shown, its heads.
struct ReadingOptions {
  Index guesses = 5;
  Index looks = 4;    ///< of each view
  bool heads = true;  ///< false: only means
};

LIMPID_API std::vector<ShownToken> read_closely(const Decoder<float>& model,
                                                const Tokenizer& tokenizer, std::int32_t start,
                                                std::span<const std::int32_t> ids,
                                                const ReadingOptions& options);

/// The bytes of a token alone, as they can be shown.
LIMPID_API std::string shown_alone(std::string_view bytes);

}  // namespace limpid
