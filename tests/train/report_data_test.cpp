#include "limpid/train/report_data.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/byte.hpp"
#include "limpid/train/run.hpp"

#include "support/scratch_directory.hpp"
#include "support/tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: nothing is learned here
// NO fixture: no other implementation shows the same
// NO accumulation: there are no gradients

namespace {

std::string some_text() {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "The fox " + std::to_string(i) + " saw the bear.\n";
  return text;
}

}  // namespace

TEST_CASE("by hand: moments are spread evenly, the first and the last among them") {
  CHECK(spread(0, 12).empty());
  CHECK(spread(1, 12) == std::vector<Index>{0});
  CHECK(spread(3, 12) == std::vector<Index>{0, 1, 2});
  CHECK(spread(21, 5) == std::vector<Index>{0, 5, 10, 15, 20});
  CHECK(spread(13, 12).back() == 12);
  CHECK(spread(7, 1) == std::vector<Index>{0});
}

TEST_CASE("by hand: the command says what differs from the preset, quoted where a shell needs it") {
  RunOptions options = preset("demo");
  options.set("steps", "50");
  options.set("seed", "7");
  options.model.vocab = 99;
  CHECK(repeat_command(options, {}) ==
        "./limpid train --out runs/again --preset demo --steps 50 --seed 7");
  options = preset("nano");
  options.rows = "windows";
  options.set("steps", "50");
  options.set("dropout", "0.25");
  options.tokenizer = "byte";
  CHECK(repeat_command(options, {"it's mine.txt"}) ==
        "./limpid train 'it'\\''s mine.txt' --out runs/again --preset nano --steps 50 --seed 1 "
        "--set dropout=0.25 --tokenizer byte");
  // A model that is trained further has a shape and a tokenizer already; its dropout is the run's.
  options.set("width", "96");
  options.tokenizer = "tokenizer.json of the run";
  CHECK(repeat_command(options, {"a.txt"}, "runs/my model") ==
        "./limpid train a.txt --out runs/again --preset nano --steps 50 --seed 1 "
        "--init 'runs/my model' --set dropout=0.25");
}

TEST_CASE("property: the data of a run on a file") {
  const ScratchDirectory scratch;
  put(scratch / "text.txt", some_text());
  const ReportData data =
      make_report_data(tiny_run(scratch / "run", {(scratch / "text.txt").string()}));
  CHECK(data.step == 4);
  CHECK(data.notes.empty());
  REQUIRE(data.metrics.size() == 3);
  CHECK(data.moments == std::vector<Index>{0, 1, 2});
  for (const Metrics& m : data.metrics) CHECK(m.sample.starts_with(data.prompt));
  // One token is one byte: no byte needs more than log2 of the vocabulary, and counting needs less.
  REQUIRE(data.baselines.uniform);
  CHECK(std::abs(*data.baselines.uniform -
                 std::log2(static_cast<double>(data.options.model.vocab))) <= 1e-9);
  CHECK(*data.baselines.bigram < *data.baselines.uniform);
  CHECK(*data.baselines.five_gram < *data.baselines.bigram);
  CHECK(!data.baselines.floor);
  REQUIRE(data.texts.size() == 4);  // what was held back is one text
  CHECK(data.texts[3].real);
  CHECK(std::accumulate(data.parameters.begin(), data.parameters.end(), Index{0},
                        [](Index sum, const ShownParameter& p) { return sum + p.numbers; }) ==
        data.options.model.parameter_count());
  CHECK(data.result.find("After 4 steps") == 0);
}

TEST_CASE("property: the data of a run on tales has floor, recall points and verdicts") {
  const ScratchDirectory scratch;
  const ReportData data = make_report_data(tiny_run(scratch / "run", {}, {"context=40"}));
  REQUIRE(data.baselines.floor);
  CHECK(*data.baselines.floor > 0);
  CHECK(*data.baselines.floor < *data.baselines.five_gram);
  REQUIRE(data.texts.size() == 5);
  for (const ShownText& text : data.texts) {
    CHECK(text.verdict.empty() == text.real);
    for (const ShownRecall& recall : text.recalls) {
      CHECK(recall.source_first < recall.source_end);
      CHECK(recall.source_end <= recall.first);
      CHECK(recall.end <= static_cast<Index>(text.tokens.size()));
    }
  }
}

TEST_CASE("edges: a stopped run, with lines of later steps and one that a kill cut short") {
  const ScratchDirectory scratch;
  put(scratch / "text.txt", some_text());
  const std::filesystem::path run = tiny_run(scratch / "run", {(scratch / "text.txt").string()});
  Metrics later;
  later.step = 6;
  append_metrics(run / kMetricsFile, later);
  put(run / kMetricsFile, get(run / kMetricsFile) + "{\"step\": 8, \"tr");
  CHECK(make_report_data(run).metrics.size() == 3);
  std::filesystem::remove(run / kMetricsFile);
  const ReportData data = make_report_data(run);
  CHECK(data.metrics.empty());
  CHECK(data.result == "After 4 steps, nothing has been measured yet.");
}

TEST_CASE("edges: a text that has gone or changed leaves a note and the rest of the page") {
  const ScratchDirectory scratch;
  put(scratch / "text.txt", some_text());
  const std::filesystem::path run = tiny_run(scratch / "run", {(scratch / "text.txt").string()});
  put(scratch / "text.txt", "X" + some_text());
  const ReportData changed = make_report_data(run);
  REQUIRE(changed.notes.size() == 1);
  CHECK(!changed.baselines.uniform);
  CHECK(changed.texts.size() == 3);
  std::filesystem::remove(scratch / "text.txt");
  CHECK(make_report_data(run).notes.size() == 1);
}

TEST_CASE("misuse: a directory without a run, or with a tokenizer of another model") {
  const ScratchDirectory scratch;
  put(scratch / "text.txt", some_text());
  const std::filesystem::path run =
      tiny_run(scratch / "run", {(scratch / "text.txt").string()}, {"tokenizer=char"});
  write_tokenizer(run / "tokenizer.json", ByteTokenizer());
  const std::string problem = failure(scratch.path(), [&] { make_report_data(run); });
  CHECK(problem.starts_with("run/tokenizer.json: the tokenizer has 257 tokens, expected at most "));
  CHECK(failure(scratch.path(), [&] {
          make_report_data(scratch.path());
        }).starts_with("state.safetensors: "));
}
