#include "limpid/train/report_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

#include "limpid/core/grouped.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/formats/huggingface.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/model/ngram.hpp"
#include "limpid/train/checkpoint.hpp"
#include "limpid/train/evaluate.hpp"
#include "limpid/train/run.hpp"
#include "limpid/train/run_data.hpp"

namespace limpid {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::size_t kBaselineTokens = 2'000'000;  // that the n-gram models count
constexpr std::size_t kMeasuredTokens = 500'000;  // of the held-out text that they are measured on
constexpr Index kMoments = 12;
constexpr std::size_t kReal = 2;  // held-out texts on the page

struct Loaded {
  std::unique_ptr<Decoder<float>> model;
  std::unique_ptr<Tokenizer> tokenizer;
};

Loaded load(const std::filesystem::path& directory) {
  const Config config = read_config_json(directory / "config.json").config;
  Rng rng(0);
  Loaded loaded{std::make_unique<Decoder<float>>(config, rng),
                read_tokenizer(directory / "tokenizer.json")};
  if (loaded.tokenizer->vocab_size() > config.vocab) {
    throw std::runtime_error(fmt::format(
        "{}: the tokenizer has {} tokens, expected at most {} (the model's vocabulary)",
        (directory / "tokenizer.json").string(), loaded.tokenizer->vocab_size(), config.vocab));
  }
  read_model_weights(directory, config, loaded.model->parameters());
  return loaded;
}

// A mark between documents, or just another token of one long text.
std::optional<std::int32_t> document_end(const ReportData& data, const Tokenizer& tokenizer) {
  if (!data.files.empty() && data.options.rows == "windows") return std::nullopt;
  return tokenizer.end_of_text();
}

// The texts as the run's documents, until there are `most` tokens.
std::vector<Ids> documents_of(const std::vector<std::string>& texts, const Tokenizer& tokenizer,
                              std::optional<std::int32_t> end, std::size_t most) {
  const std::unique_ptr<EncodeCache> cache = tokenizer.new_cache();
  std::vector<Ids> documents;
  std::size_t tokens = 0;
  for (const std::string& text : texts) {
    // A token is a byte or more, except for a few that the cut may leave over.
    documents.emplace_back();
    const std::string_view part = std::string_view(text).substr(0, most * 8);
    for (const std::int32_t id : tokenizer.encode(part, Specials::recognised, cache.get())) {
      if (tokens++ >= most) break;
      if (end && id == *end) {
        documents.emplace_back();
      } else {
        documents.back().push_back(id);
      }
    }
    if (tokens >= most) break;
  }
  std::erase_if(documents, [](const Ids& document) { return document.empty(); });
  return documents;
}

Baselines measure_baselines(const ReportData& data, const RunTexts& texts,
                            const Tokenizer& tokenizer) {
  const std::optional<std::int32_t> end = document_end(data, tokenizer);
  const std::vector<Ids> training = documents_of(texts.training, tokenizer, end, kBaselineTokens);
  const std::vector<Ids> held_out = documents_of(texts.validation, tokenizer, end, kMeasuredTokens);
  double bytes = 0, tokens = 0;
  for (const Ids& document : held_out) {
    tokens += static_cast<double>(document.size() + (end ? 1 : 0));
    bytes += static_cast<double>(target_bytes(tokenizer, document));
  }
  const auto ngram = [&](Index order) {
    NGram model(order, tokenizer.vocab_size(), end);
    model.train(training);
    double bits = 0;
    for (const Ids& document : held_out) bits += model.bits(document);
    return bits / bytes;
  };
  Baselines baselines;
  if (bytes == 0 || training.empty()) return baselines;
  baselines.uniform = tokens * std::log2(static_cast<double>(tokenizer.vocab_size())) / bytes;
  baselines.bigram = ngram(2);
  baselines.five_gram = ngram(5);
  baselines.floor = texts.floor;
  return baselines;
}

// What all samples begin with, cut before a character that is not whole.
std::string common_beginning(const std::vector<Metrics>& metrics) {
  if (metrics.size() < 2) return {};
  std::string_view common = metrics.front().sample;
  for (const Metrics& m : metrics) {
    const auto [end, other] =
        std::mismatch(common.begin(), common.end(), m.sample.begin(), m.sample.end());
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  const std::string_view first = metrics.front().sample;
  while (!common.empty() && common.size() < first.size() &&
         (static_cast<unsigned char>(first[common.size()]) & 0xC0) == 0x80) {
    common.remove_suffix(1);
  }
  return std::string(common);
}

// What the model writes from nothing, then what it was not trained on.
void add_texts(ReportData& data, const Loaded& loaded, const RunTexts* texts) {
  const Tokenizer& tokenizer = *loaded.tokenizer;
  const std::optional<std::int32_t> end = document_end(data, tokenizer);
  std::vector<Ids> held_out;
  if (texts != nullptr) {
    held_out = documents_of(texts->validation, tokenizer, end, 4 * kLongestText);
    held_out.resize(std::min(held_out.size(), kReal));
  }
  ShownTexts shown = show_texts(*loaded.model, tokenizer, end, held_out);
  data.heads_shown = shown.heads;
  data.texts = std::move(shown.texts);
  if (!data.files.empty()) return;
  std::vector<tales::Story> real = validation_tales(tales::Split::valid, kReal);
  std::reverse(real.begin(), real.end());
  for (ShownText& text : data.texts) {
    if (text.real) {
      text.recalls = token_ranges(real.back().recalls, text.tokens);
      real.pop_back();
    } else {
      judge_tale(text);
    }
  }
}

std::string result_sentence(const ReportData& data) {
  const Baselines& b = data.baselines;
  const std::string when =
      data.step < data.options.steps
          ? fmt::format("Stopped after {} of {} steps", grouped(static_cast<double>(data.step)),
                        grouped(static_cast<double>(data.options.steps)))
          : fmt::format("After {} steps", grouped(static_cast<double>(data.step)));
  if (data.metrics.empty()) return when + ", nothing has been measured yet.";
  const double bits = data.metrics.back().bits_per_byte;
  std::string text =
      fmt::format("{}, this model needs {:.3f} bits to guess each letter of {} it has never read",
                  when, bits, data.files.empty() ? "stories" : "a text");
  if (b.five_gram) {
    text += fmt::format(", where counting phrases of five tokens needs {:.3f}", *b.five_gram);
  }
  if (b.floor) text += fmt::format(" and the best possible guesser {:.3f}", *b.floor);
  return text + ".";
}

}  // namespace

std::vector<Index> spread(Index n, Index count) {
  std::vector<Index> places;
  if (n <= count) count = n;
  for (Index i = 0; i < count; ++i) {
    places.push_back(count == 1 ? 0 : (i * (n - 1) + (count - 1) / 2) / (count - 1));
  }
  return places;
}

std::string repeat_command(const RunOptions& options, const std::vector<std::string>& files,
                           const std::string& init) {
  std::string command = "./limpid train";
  const auto quoted = [](std::string text) {
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "._-/:=+,") == std::string::npos) {
      return text;
    }
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) {
      text.replace(at, 1, "'\\''");
    }
    return "'" + text + "'";
  };
  for (const std::string& file : files) command += " " + quoted(file);
  command += fmt::format(" --out runs/again --preset {} --steps {} --seed {}", options.preset,
                         options.steps, options.seed);
  if (!init.empty()) command += " --init " + quoted(init);
  // What the command itself sets, as `./limpid train` does; everything else that is not the preset's.
  RunOptions base = preset(options.preset);
  base.set("steps", std::to_string(options.steps));
  base.set("seed", std::to_string(options.seed));
  if (!files.empty()) base.rows = "windows";
  if (!init.empty()) {
    const double dropout = base.model.dropout;
    base.model = options.model;
    base.model.dropout = dropout;
    base.tokenizer = options.tokenizer;
  }
  const auto usual = base.entries(), actual = options.entries();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const auto& [key, value] = actual[i];
    if (key == "vocab" || key == "preset" || value == usual[i].second) continue;
    command += key == "tokenizer" ? " --tokenizer " + quoted(value)
                                  : " --set " + quoted(key + "=" + value);
  }
  return command;
}

ReportData make_report_data(const std::filesystem::path& directory) {
  const RunRecord record = read_record(directory / kStateFile);
  const Loaded loaded = load(directory);
  ReportData data;
  data.options = record.options;
  data.files = record.files;
  data.step = record.step;
  data.metrics = read_metrics(directory / kMetricsFile);
  std::erase_if(data.metrics, [&](const Metrics& m) { return m.step > record.step; });
  data.prompt = common_beginning(data.metrics);
  data.moments = spread(static_cast<Index>(data.metrics.size()), kMoments);

  std::optional<RunTexts> texts;
  try {
    texts = run_texts(record.options, record.files);
    if (texts->fingerprint != record.data_fingerprint) {
      texts.reset();
      data.notes.push_back(
          "The training text has changed since the run: what needs it is left out.");
    }
  } catch (const std::runtime_error& error) {
    data.notes.push_back(fmt::format("The training text cannot be read: {}", error.what()));
  }
  if (texts) data.baselines = measure_baselines(data, *texts, *loaded.tokenizer);
  add_texts(data, loaded, texts ? &*texts : nullptr);
  for (const Parameter<float>& parameter : loaded.model->parameters()) {
    data.parameters.push_back(
        {parameter.name, parameter.shape, static_cast<Index>(parameter.value.size())});
  }
  data.command = repeat_command(data.options, data.files, record.origin ? record.origin->init : "");
  data.result = result_sentence(data);
  return data;
}

}  // namespace limpid
