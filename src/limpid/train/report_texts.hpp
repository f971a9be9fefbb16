/// The texts of a report: what the model writes from nothing, and what it was not trained on, both read
/// closely (train/close_reading). Tales also know which words only memory can tell, and whether they hold
/// together.
///
/// USES    core, generate/generator, tales/checker, tales/parser, tales/story, tales/world
/// USES    train/close_reading
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/train/close_reading.hpp"

namespace limpid {

inline constexpr Index kLongestText = 256;  ///< tokens of a shown text

/// A word that only memory can tell, as tokens [first, end), and the place of its last telling.
struct ShownRecall {
  Index first = 0, end = 0, source_first = 0, source_end = 0;
  std::string fact;
};

struct ShownText {
  bool real = false;  ///< held out from training; else written by the model
  std::string text;   ///< without its end
  bool ended = false;
  std::vector<ShownToken> tokens;
  std::vector<ShownRecall> recalls;
  std::string verdict;  ///< of the tales' checker, in words; empty where there is none
};

struct ShownTexts {
  bool heads = true;  ///< whether single heads are shown: a large model has too many for a page
  std::vector<ShownText> texts;  ///< three of the model's own, then the others
};

/// `end`: the token between documents, if the text has any. The model's own are those that
/// `./limpid generate --prompt "" --seed 1 --count 3` writes.
LIMPID_API ShownTexts show_texts(const Decoder<float>& model, const Tokenizer& tokenizer,
                                 std::optional<std::int32_t> end,
                                 std::span<const std::vector<std::int32_t>> held_out);

/// Byte ranges of a text as ranges of its tokens.
LIMPID_API std::vector<ShownRecall> token_ranges(std::span<const tales::Recall> recalls,
                                                 std::span<const ShownToken> tokens);

/// Fills in the verdict on a tale that the model wrote, and its recall points as far as it is one.
LIMPID_API void judge_tale(ShownText& tale);

}  // namespace limpid
