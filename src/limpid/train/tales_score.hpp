/// What a model has learned of the tales, in numbers that have a known best: the table of
/// `./limpid eval --model DIR --tales`.
///
///   bits per byte      on held-out stories, each from its own start; no model can go below the floor
///   gap closed         (5-gram - model) / (5-gram - floor)
///   recall             share of words fixed by a fact at least 15 words back that the model would say
///                      itself: every token of the word is the likeliest one
///   sentences, stories of stories sampled from nothing at temperature 1, none thrown away: the sentences
///                      that the world's grammar accepts, and the stories that are complete and consistent
///   copied             the longest run of words that stands in the training text, mean over stories
///
/// Writers of several kinds are measured alike: n-gram models, the model, and the world itself.
/// Shares carry 95% intervals (Wilson's), bits per byte the normal one over stories.
///
/// SOURCE  Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"
/// USES    core, generate/generator, model/decoder, model/ngram, nn/context, nn/cross_entropy,
///         tales/checker, tales/story, tales/world, tokenizer/batch_encoder, tokenizer/tokenizer,
///         train/batches, train/copied_run, train/run_data
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

/// A share of cases, with the interval that holds the true share in 19 of 20 such experiments.
struct LIMPID_API Share {
  Index hits = 0, cases = 0;
  double value() const;
  double low() const;
  double high() const;
};

struct StoryScore {
  std::optional<double> bits_per_byte, bits_per_byte_error;  ///< error: half the 95% interval
  std::optional<Share> recall_valid, recall_novel;
  Share sentences, stories;
  Index distinct = 0, sampled = 0;
  double copied = 0;  ///< words
};

struct TalesScore {
  double floor = 0;  ///< bits per byte of the validation stories
  StoryScore unigram, bigram, five_gram, model, real;
  std::vector<std::string> reasons;  ///< why the model's stories failed, the commonest first

  double gap_closed(const StoryScore& score) const;
};

struct TalesScoreOptions {
  Index stories = 200;     ///< sampled from each writer
  Index validation = 500;  ///< stories measured on, of valid and of novel
  Index seed = 1;
};

/// `training`: the stories that the model was trained on.
LIMPID_API TalesScore score_tales(const Decoder<float>& model, const Tokenizer& tokenizer,
                                  std::span<const std::string> training,
                                  const TalesScoreOptions& options,
                                  const std::function<void(const char* doing)>& progress = {});

/// Byte ranges of recall points that the model gets right in this story (in the order of the story).
LIMPID_API std::vector<bool> recall_hits(const tales::Story& story, const Tokenizer& tokenizer,
                                         std::span<const std::int32_t> ids,
                                         const std::function<bool(std::size_t token)>& right);

}  // namespace limpid
