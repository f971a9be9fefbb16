#include "limpid/cli/eval_tales.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/train/checkpoint.hpp"
#include "limpid/train/run.hpp"
#include "limpid/train/run_data.hpp"

namespace limpid::cli {
namespace {

std::string percent(const std::optional<Share>& share) {
  if (!share) return "-";
  return fmt::format("{:.1f}%", 100 * share->value());
}

std::string interval(const std::optional<Share>& share) {
  if (!share) return "";
  return fmt::format("{:.1f} to {:.1f}%", 100 * share->low(), 100 * share->high());
}

nlohmann::ordered_json to_json(const std::optional<Share>& share) {
  if (!share) return nullptr;
  return {{"value", share->value()},
          {"low", share->low()},
          {"high", share->high()},
          {"hits", share->hits},
          {"cases", share->cases}};
}

nlohmann::ordered_json to_json(const TalesScore& score, const StoryScore& s) {
  return {{"bits_per_byte", *s.bits_per_byte},
          {"bits_per_byte_error", *s.bits_per_byte_error},
          {"gap_closed", score.gap_closed(s)},
          {"recall_valid", to_json(s.recall_valid)},
          {"recall_novel", to_json(s.recall_novel)},
          {"sentences_accepted", to_json(s.sentences)},
          {"stories_consistent", to_json(s.stories)},
          {"distinct", s.distinct},
          {"sampled", s.sampled},
          {"longest_copied_words", s.copied}};
}

template <class Cell>
void row(const char* name, const TalesScore& score, Cell&& cell, const std::string& note) {
  fmt::print("{:<21}{:>8}{:>8}{:>8}{:>8}{:>8}  {}\n", name, cell(score.unigram), cell(score.bigram),
             cell(score.five_gram), cell(score.model), cell(score.real), note);
}

void print_table(const TalesScore& score) {
  const StoryScore& m = score.model;
  fmt::print("{:<21}{:>8}{:>8}{:>8}{:>8}{:>8}  {}\n", "", "unigram", "bigram", "5-gram", "model",
             "real", "model, 95%");
  row(
      "bits per byte", score,
      [](const StoryScore& s) { return fmt::format("{:.3f}", *s.bits_per_byte); },
      fmt::format("+-{:.3f}", *m.bits_per_byte_error));
  row(
      "gap to floor closed", score,
      [&](const StoryScore& s) { return fmt::format("{:.0f}%", 100 * score.gap_closed(s)); },
      fmt::format("{:+.1f}% of floor", 100 * (*m.bits_per_byte / score.floor - 1)));
  row(
      "recall, valid", score, [](const StoryScore& s) { return percent(s.recall_valid); },
      interval(m.recall_valid));
  row(
      "recall, novel", score, [](const StoryScore& s) { return percent(s.recall_novel); },
      interval(m.recall_novel));
  row(
      "sentences accepted", score, [](const StoryScore& s) { return percent(s.sentences); },
      interval(m.sentences));
  row(
      "stories consistent", score, [](const StoryScore& s) { return percent(s.stories); },
      interval(m.stories));
  row(
      "distinct stories", score,
      [](const StoryScore& s) { return fmt::format("{}/{}", s.distinct, s.sampled); }, "");
  row(
      "longest copied run", score,
      [](const StoryScore& s) { return fmt::format("{:.1f}", s.copied); }, "words, mean");
}

}  // namespace

std::vector<std::string> training_tales(const std::filesystem::path& directory) {
  const RunRecord record = read_record(directory / kStateFile);
  if (!record.files.empty()) {
    throw std::runtime_error(
        fmt::format("{}: this run was not trained on tales", (directory / kStateFile).string()));
  }
  return run_tales(record.options);
}

void eval_tales(const std::filesystem::path& directory, bool json) {
  const LoadedModel loaded = load_model(directory);
  const std::vector<std::string> training = training_tales(directory);
  ProgressLine line(stderr);
  int done = 0;
  const TalesScore score = score_tales(*loaded.model, *loaded.tokenizer, training, {},
                                       [&](const char* doing) { line.draw(done++, 5, doing); });
  line.clear();
  if (!json) return print_table(score);
  nlohmann::ordered_json all = {{"floor", score.floor}};
  for (const auto& [name, s] : {std::pair{"unigram", &score.unigram},
                                {"bigram", &score.bigram},
                                {"5-gram", &score.five_gram},
                                {"model", &score.model},
                                {"real", &score.real}}) {
    all[name] = to_json(score, *s);
  }
  all["reasons"] = score.reasons;
  print_json(all);
}

}  // namespace limpid::cli
