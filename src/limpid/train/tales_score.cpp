#include "limpid/train/tales_score.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "limpid/generate/generator.hpp"
#include "limpid/model/ngram.hpp"
#include "limpid/nn/context.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/tales/checker.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tokenizer/batch_encoder.hpp"
#include "limpid/train/batches.hpp"
#include "limpid/train/copied_run.hpp"
#include "limpid/train/run_data.hpp"

namespace limpid {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr double kZ = 1.959964;  // 95% of a normal distribution lies within this many deviations

struct Sample {
  std::string text;
  bool ended;
};

std::vector<Ids> encode_stories(const Tokenizer& tokenizer,
                                const std::vector<tales::Story>& stories) {
  std::vector<std::string_view> texts;
  for (const tales::Story& story : stories) texts.push_back(story.text);
  return BatchEncoder(tokenizer).encode(texts);
}

// Mean of bits per byte over stories, weighted by their bytes, and half its 95% interval.
void set_bits(StoryScore& score, const std::vector<tales::Story>& stories,
              const std::vector<double>& bits) {
  double all_bits = 0, all_bytes = 0, squares = 0;
  for (std::size_t i = 0; i < stories.size(); ++i) {
    all_bits += bits[i];
    all_bytes += static_cast<double>(stories[i].text.size());
  }
  const double mean = all_bits / all_bytes;
  for (std::size_t i = 0; i < stories.size(); ++i) {
    const double residual = bits[i] - mean * static_cast<double>(stories[i].text.size());
    squares += residual * residual;
  }
  score.bits_per_byte = mean;
  score.bits_per_byte_error = kZ * std::sqrt(squares) / all_bytes;
}

void judge(StoryScore& score, const std::vector<Sample>& samples, const CopiedRun& copied,
           std::vector<std::string>* reasons) {
  std::set<std::string> different;
  std::map<std::string, Index> counts;
  for (const Sample& sample : samples) {
    const tales::Verdict verdict =
        tales::check(tales::World::embedded(), sample.text, sample.ended);
    score.sentences.hits += static_cast<Index>(verdict.accepted);
    score.sentences.cases += static_cast<Index>(verdict.sentences);
    score.stories.hits += verdict.consistent ? 1 : 0;
    ++score.stories.cases;
    different.insert(sample.text);
    score.copied +=
        static_cast<double>(copied.longest(sample.text)) / static_cast<double>(samples.size());
    for (const std::string& reason : verdict.reasons) ++counts[reason];
  }
  score.distinct = static_cast<Index>(different.size());
  score.sampled = static_cast<Index>(samples.size());
  if (reasons == nullptr) return;
  for (const auto& [reason, count] : counts) reasons->push_back(reason);
  std::stable_sort(reasons->begin(), reasons->end(),
                   [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
}

// A model over tokens, as far as recall and bits need it: the story's bits, and whether token i of it
// (the end token comes last) is the one that the model finds likeliest.
struct Reading {
  double bits = 0;
  std::vector<bool> right;
};

Share recall(const std::vector<tales::Story>& stories, const std::vector<Ids>& ids,
             const Tokenizer& tokenizer, const std::vector<Reading>& readings) {
  Share share;
  for (std::size_t i = 0; i < stories.size(); ++i) {
    for (const bool hit : recall_hits(stories[i], tokenizer, ids[i], [&](std::size_t token) {
           return readings[i].right[token];
         })) {
      share.hits += hit ? 1 : 0;
      ++share.cases;
    }
  }
  return share;
}

std::vector<Reading> read_all(const Decoder<float>& model, const std::vector<Ids>& stories,
                              std::int32_t end) {
  std::vector<Reading> readings;
  for (const Batch& batch : evaluation_documents(stories, end, model.config.context, 32)) {
    const Matrix<float> logits =
        model.forward(batch.inputs, {.batch = batch.batch, .time = batch.time}, nullptr);
    const std::vector<double> nats = cross_entropy_per_token(logits, batch.targets);
    for (Index row = 0; row < batch.batch; ++row) {
      Reading reading;
      for (Index i = row * batch.time; i < (row + 1) * batch.time; ++i) {
        const std::int32_t target = batch.targets[static_cast<std::size_t>(i)];
        if (target == kIgnore) break;
        Index best = 0;
        logits.row(i).maxCoeff(&best);
        reading.bits += nats[static_cast<std::size_t>(i)] / std::log(2.0);
        reading.right.push_back(best == target);
      }
      readings.push_back(std::move(reading));
    }
  }
  return readings;
}

std::vector<Reading> read_all(const NGram& model, const std::vector<Ids>& stories, Index vocab,
                              std::int32_t end, bool with_recall) {
  std::vector<Reading> readings;
  for (const Ids& story : stories) {
    Reading reading;
    reading.bits = model.bits(story);
    Ids context{end};
    for (std::size_t i = 0; with_recall && i < story.size(); ++i) {
      std::int32_t best = 0;
      double highest = -1e300;
      for (std::int32_t id = 0; id < vocab; ++id) {
        const double p = model.log2_probability(context, id);
        if (p > highest) highest = p, best = id;
      }
      reading.right.push_back(best == story[i]);
      context.push_back(story[i]);
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

std::vector<double> bits_of(const std::vector<Reading>& readings) {
  std::vector<double> bits;
  for (const Reading& reading : readings) bits.push_back(reading.bits);
  return bits;
}

Sample to_sample(const Tokenizer& tokenizer, Ids ids, std::int32_t end) {
  const bool ended = !ids.empty() && ids.back() == end;
  if (ended) ids.pop_back();
  return {tokenizer.decode(ids), ended};
}

std::vector<Sample> write_stories(const Decoder<float>& model, const Tokenizer& tokenizer,
                                  std::int32_t end, Index count, Index seed) {
  GenerateOptions options;
  options.max_tokens = model.config.context;
  options.end = end;
  std::vector<Sample> samples;
  constexpr Index kSideBySide = 50;
  for (Index first = 0; first < count; first += kSideBySide) {
    const auto batch = static_cast<std::size_t>(std::min(kSideBySide, count - first));
    std::vector<Rng> rngs;
    for (std::size_t i = 0; i < batch; ++i) {
      rngs.emplace_back(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(first) + i);
    }
    const std::vector<Ids> prompts(batch, Ids{end});
    for (Ids& ids : generate(model, prompts, options, rngs)) {
      samples.push_back(to_sample(tokenizer, std::move(ids), end));
    }
  }
  return samples;
}

std::vector<Sample> write_stories(const NGram& model, const Tokenizer& tokenizer, std::int32_t end,
                                  Index count, Index seed, Index longest) {
  std::vector<Sample> samples;
  for (Index i = 0; i < count; ++i) {
    Rng rng(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(i));
    Ids context{end};
    while (static_cast<Index>(context.size()) <= longest) {
      context.push_back(model.sample(context, rng));
      if (context.back() == end) break;
    }
    samples.push_back(to_sample(tokenizer, Ids(context.begin() + 1, context.end()), end));
  }
  return samples;
}

}  // namespace

double Share::value() const {
  return cases == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(cases);
}
double Share::low() const {
  const double n = std::max<double>(1, static_cast<double>(cases)), z2 = kZ * kZ, p = value();
  return std::max(
      0.0, (p + z2 / (2 * n) - kZ * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n));
}
double Share::high() const {
  const double n = std::max<double>(1, static_cast<double>(cases)), z2 = kZ * kZ, p = value();
  return std::min(
      1.0, (p + z2 / (2 * n) + kZ * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n));
}

double TalesScore::gap_closed(const StoryScore& score) const {
  const double gap = *five_gram.bits_per_byte - floor;
  return (*five_gram.bits_per_byte - *score.bits_per_byte) / gap;
}

std::vector<bool> recall_hits(const tales::Story& story, const Tokenizer& tokenizer,
                              std::span<const std::int32_t> ids,
                              const std::function<bool(std::size_t)>& right) {
  std::vector<bool> hits;
  for (const tales::Recall& point : story.recalls) {
    bool hit = true;
    std::size_t begin = 0;
    for (std::size_t token = 0; token < ids.size() && begin < point.end; ++token) {
      const std::size_t end = begin + tokenizer.token_text(ids[token]).size();
      if (end > point.begin) hit = hit && right(token);
      begin = end;
    }
    hits.push_back(hit);
  }
  return hits;
}

TalesScore score_tales(const Decoder<float>& model, const Tokenizer& tokenizer,
                       std::span<const std::string> training, const TalesScoreOptions& options,
                       const std::function<void(const char*)>& progress) {
  const auto doing = [&](const char* what) {
    if (progress) progress(what);
  };
  const std::int32_t end = tokenizer.end_of_text().value();
  const std::vector<tales::Story> valid = validation_tales(tales::Split::valid, options.validation);
  const std::vector<tales::Story> novel = validation_tales(tales::Split::novel, options.validation);
  const std::vector<Ids> valid_ids = encode_stories(tokenizer, valid);
  const std::vector<Ids> novel_ids = encode_stories(tokenizer, novel);

  TalesScore score;
  doing("indexing the training text");
  const CopiedRun copied(training);
  {
    std::vector<double> bits;
    std::vector<Sample> samples;
    for (const tales::Story& story : valid) bits.push_back(story.bits);
    set_bits(score.real, valid, bits);
    score.floor = *score.real.bits_per_byte;
    for (Index i = 0; i < std::min<Index>(options.stories, static_cast<Index>(valid.size())); ++i) {
      samples.push_back({valid[static_cast<std::size_t>(i)].text, true});
    }
    judge(score.real, samples, copied, nullptr);
  }

  doing("reading and writing with the model");
  const std::vector<Reading> read_valid = read_all(model, valid_ids, end);
  set_bits(score.model, valid, bits_of(read_valid));
  score.model.recall_valid = recall(valid, valid_ids, tokenizer, read_valid);
  score.model.recall_novel = recall(novel, novel_ids, tokenizer, read_all(model, novel_ids, end));
  judge(score.model, write_stories(model, tokenizer, end, options.stories, options.seed), copied,
        &score.reasons);

  const std::vector<Ids> training_ids = BatchEncoder(tokenizer).encode(
      std::vector<std::string_view>(training.begin(), training.end()));
  const std::pair<Index, StoryScore*> ngrams[] = {
      {1, &score.unigram}, {2, &score.bigram}, {5, &score.five_gram}};
  for (const auto& [order, result] : ngrams) {
    doing(order == 1 ? "unigram" : order == 2 ? "bigram" : "5-gram");
    NGram ngram(order, tokenizer.vocab_size(), end);
    ngram.train(training_ids);
    // Finding the likeliest token asks for every token's probability: a part of the stories will do.
    const std::size_t part = std::min<std::size_t>(100, valid.size());
    const std::vector<tales::Story> few_valid(valid.begin(),
                                              valid.begin() + static_cast<long>(part));
    const std::vector<tales::Story> few_novel(novel.begin(),
                                              novel.begin() + static_cast<long>(part));
    const std::vector<Ids> few_valid_ids(valid_ids.begin(),
                                         valid_ids.begin() + static_cast<long>(part));
    const std::vector<Ids> few_novel_ids(novel_ids.begin(),
                                         novel_ids.begin() + static_cast<long>(part));
    const Index vocab = tokenizer.vocab_size();
    set_bits(*result, valid, bits_of(read_all(ngram, valid_ids, vocab, end, false)));
    result->recall_valid = recall(few_valid, few_valid_ids, tokenizer,
                                  read_all(ngram, few_valid_ids, vocab, end, true));
    result->recall_novel = recall(few_novel, few_novel_ids, tokenizer,
                                  read_all(ngram, few_novel_ids, vocab, end, true));
    judge(*result,
          write_stories(ngram, tokenizer, end, options.stories, options.seed, model.config.context),
          copied, nullptr);
  }
  return score;
}

}  // namespace limpid
