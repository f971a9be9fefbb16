#include "limpid/train/run.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "limpid/train/checkpoint.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a run has no gradient
// NO fixture: a run is composed of parts that each have one
// NO accumulation: see train/trainer

namespace {

RunRequest request(const ScratchDirectory& scratch, const std::string& name = "run") {
  std::string text;
  Rng rng(2);
  while (text.size() < 3000) text += "abcdefgh .\n"[rng.below(11)];
  put(scratch / "text.txt", text);
  RunRequest all;
  all.options = preset("nano");
  for (const char* setting :
       {"layers=1", "heads=2", "width=16", "hidden=32", "context=16", "batch=4", "steps=10",
        "warmup=2", "eval_every=5", "eval_tokens=64", "save_every=4"}) {
    all.options.set(setting);
  }
  all.files = {(scratch / "text.txt").string()};
  all.directory = scratch / name;
  return all;
}

// Writes down what it was told, and can ask the run to stop after a step.
struct Notes : RunObserver {
  std::string told;
  Index stop_after = -1;
  std::atomic<bool> stop = false;
  std::optional<Metrics> last;

  void started(const Trainer&, const RunData&, Index first) override {
    told += "start" + std::to_string(first) + " ";
  }
  void stepped(const StepReport& step, double) override {
    if (step.step == stop_after) stop = true;
  }
  void evaluated(const Metrics& m) override {
    told += "eval" + std::to_string(m.step) + " ";
    last = m;
  }
  void saved(Index step) override { told += "save" + std::to_string(step) + " "; }
};

}  // namespace

TEST_CASE("by hand: when a run evaluates and saves") {
  const ScratchDirectory scratch;
  Notes notes;
  const RunResult result = run_training(request(scratch), notes, notes.stop);
  CHECK(result.finished);
  CHECK(result.steps == 10);
  CHECK(notes.told == "start0 eval0 save0 save4 eval5 save8 eval10 save10 ");
  CHECK(read_record(scratch / "run" / kStateFile).step == 10);
  CHECK(read_metrics(scratch / "run" / kMetricsFile).size() == 3);
}

TEST_CASE("property: stopped and resumed, a run ends with the same bits and the same lines") {
  const ScratchDirectory scratch;
  Notes whole;
  run_training(request(scratch, "whole"), whole, whole.stop);
  for (const Index step : {1, 5, 6, 8}) {
    CAPTURE(step);
    const std::string name = "stopped" + std::to_string(step);
    Notes first, second;
    first.stop_after = step;
    const RunResult stopped = run_training(request(scratch, name), first, first.stop);
    CHECK_FALSE(stopped.finished);
    CHECK(stopped.steps == step);
    RunRequest more = request(scratch, name);
    more.resume = true;
    CHECK(run_training(more, second, second.stop).finished);
    CHECK(second.told.starts_with("start" + std::to_string(step)));
    for (const char* file : {"state.safetensors", "model.safetensors", "README.md"}) {
      CHECK(get(scratch / name / file) == get(scratch / "whole" / file));
    }
    CHECK(second.last->val_loss == whole.last->val_loss);
    CHECK(second.last->sample == whole.last->sample);
    CHECK(read_metrics(scratch / name / kMetricsFile).size() == 3);
  }
}

TEST_CASE("property: a model that does not change writes the same sample every time") {
  const ScratchDirectory scratch;
  RunRequest still = request(scratch);
  still.options.set("min_learning_rate=0");
  still.options.set("learning_rate=1e-30");  // too little to change any number
  struct Samples : RunObserver {
    std::set<std::string> all;
    int count = 0;
    void evaluated(const Metrics& m) override {
      all.insert(m.sample);
      ++count;
    }
  } samples;
  run_training(still, samples, std::atomic<bool>{false});
  CHECK(samples.count == 3);
  CHECK(samples.all.size() == 1);
}

TEST_CASE("property: the last line measures on everything that was held back") {
  const ScratchDirectory scratch;
  RunRequest few = request(scratch, "few"), all = request(scratch, "all");
  all.options.eval_tokens = 1'000'000;
  Notes a, b;
  run_training(few, a, a.stop);
  run_training(all, b, b.stop);
  CHECK(a.last->val_loss == b.last->val_loss);
}

TEST_CASE("property: a run from a trained model begins with its weights") {
  const ScratchDirectory scratch;
  Notes first, second;
  run_training(request(scratch), first, first.stop);
  RunRequest more = request(scratch, "more");
  more.init = scratch / "run";
  more.options.set("width=32");  // the model's own shape stands
  more.options.set("steps=1");
  struct FirstLoss : Notes {
    double loss = 0;
    void evaluated(const Metrics& m) override {
      if (m.step == 0) loss = m.val_loss;
    }
  } notes;
  run_training(more, notes, notes.stop);
  const std::vector<Metrics> before = read_metrics(scratch / "run" / kMetricsFile);
  CHECK(notes.loss < before.front().val_loss);
  CHECK(std::abs(notes.loss - before.back().val_loss) <= 0.05);
  CHECK(read_record(scratch / "more" / kStateFile).options.model.width == 16);
}

TEST_CASE("property: minutes are decided once, and a resumed run keeps them") {
  const ScratchDirectory scratch;
  RunRequest timed = request(scratch);
  timed.minutes = 0.002;
  timed.settings = {"width=16"};
  Notes first, second;
  first.stop_after = 1;
  run_training(timed, first, first.stop);
  const RunOptions decided = read_record(scratch / "run" / kStateFile).options;
  CHECK(decided.model.width == 16);
  CHECK(read_record(scratch / "run" / kStateFile).origin->minutes == 0.002);
  timed.resume = true;
  CHECK(run_training(timed, second, second.stop).steps == decided.steps);
  CHECK(read_record(scratch / "run" / kStateFile).options.entries() == decided.entries());

  // Without a size among the settings, the ladder's: for hardly any time its smallest.
  RunRequest small = request(scratch, "small");
  small.minutes = 1e-6;
  Notes third;
  CHECK(run_training(small, third, third.stop).steps == 1);
  CHECK(read_record(scratch / "small" / kStateFile).options.model.width == 64);
}

TEST_CASE("misuse: a run that goes on is asked for another beginning") {
  const ScratchDirectory scratch;
  for (const char* name : {"a", "b", "c"}) {
    Notes notes;
    RunRequest begun = request(scratch, name);
    if (name[0] == 'b') begun.init = scratch / "a";
    if (name[0] == 'c') begun.minutes = 0.002;
    run_training(begun, notes, notes.stop);
  }
  const auto outcome = [&](const char* name, const char* init, double minutes, const char* start) {
    RunRequest more = request(scratch, name);
    more.resume = true;
    if (init != nullptr) more.init = scratch / init;
    if (minutes > 0) more.minutes = minutes;
    more.preset_given = start != nullptr;
    if (start != nullptr) more.options.preset = start;
    Notes other;
    return failure(scratch.path(), [&] { run_training(more, other, other.stop); });
  };
  const std::string state = "/state.safetensors: this run was begun with ";
  CHECK(outcome("a", "b", 0, nullptr) ==
        "a" + state + "no --init, expected no --init " + (scratch / "b").string());
  CHECK(outcome("b", "c", 0, nullptr) == "b" + state + "--init " + (scratch / "a").string() +
                                             ", expected no --init " + (scratch / "c").string());
  CHECK(outcome("a", nullptr, 3, nullptr) == "a" + state + "no --minutes, expected no --minutes 3");
  CHECK(outcome("c", nullptr, 3, nullptr) ==
        "c" + state + "--minutes 0.002, expected no --minutes 3");
  CHECK(outcome("a", nullptr, 0, "demo") ==
        "a" + state + "--preset nano, expected no --preset demo");
  // The same again, or nothing: the usual ways to go on.
  CHECK(outcome("a", nullptr, 0, "nano") == "no error");
  CHECK(outcome("b", "a", 0, nullptr) == "no error");
  CHECK(outcome("b", "c/../a/", 0, nullptr) == "no error");
  CHECK(outcome("b", nullptr, 0, nullptr) == "no error");
  CHECK(outcome("c", nullptr, 0.002, nullptr) == "no error");
}

TEST_CASE("misuse: a warm-up that somebody asks for and that the run has no room for") {
  const ScratchDirectory scratch;
  const auto outcome = [&](const std::string& name, const std::vector<std::string>& settings,
                           bool resume) {
    RunRequest asked = request(scratch, name);
    asked.settings = settings;
    asked.resume = resume;
    for (const std::string& setting : settings) asked.options.set(setting);
    Notes notes;
    return failure(scratch.path(), [&] { run_training(asked, notes, notes.stop); });
  };
  CHECK(outcome("a", {"warmup=10"}, false) ==
        "options: warmup is 10, expected less than steps, 10");
  CHECK_FALSE(std::filesystem::exists(scratch / "a"));
  CHECK(outcome("a", {"warmup=9"}, false) == "no error");
  CHECK(outcome("b", {"steps=2"}, false) == "no error");  // the warm-up of 2 is nobody's wish
  CHECK(outcome("b", {"warmup=2"}, true) == "no error");  // as it is
}

TEST_CASE("misuse: a model that no memory holds, and other runs that cannot begin") {
  const ScratchDirectory scratch;
  Notes notes;
  RunRequest large = request(scratch, "large");
  large.options.set("width=100000");
  large.options.set("layers=1000");
  const std::string message =
      failure(scratch.path(), [&] { run_training(large, notes, notes.stop); });
  CAPTURE(message);
  // 1000 blocks of 4 C^2 and some more numbers of 16 bytes.
  CHECK(message.starts_with("a model of 40,0"));
  CHECK(message.find(" parameters needs 640,") != std::string::npos);
  CHECK(message.find("the memory of this machine") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(scratch / "large"));

  RunRequest nowhere = request(scratch, "nowhere");
  nowhere.files = {(scratch / "none.txt").string()};
  CHECK(failure(scratch.path(), [&] { run_training(nowhere, notes, notes.stop); }) != "no error");
  CHECK_FALSE(std::filesystem::exists(scratch / "nowhere"));
  std::filesystem::create_directory(scratch / "nowhere");  // somebody else's stays
  CHECK(failure(scratch.path(), [&] { run_training(nowhere, notes, notes.stop); }) != "no error");
  CHECK(std::filesystem::exists(scratch / "nowhere"));
}

TEST_CASE("property: a resumed run says which lines of its metrics are damaged, and goes on") {
  const ScratchDirectory scratch;
  Notes first;
  run_training(request(scratch), first, first.stop);
  const std::filesystem::path metrics = scratch / "run" / kMetricsFile;
  const std::string whole = get(metrics);
  put(metrics, whole.substr(0, whole.find('\n') + 1) + "#" + whole.substr(whole.find('\n') + 1));
  struct Warned : Notes {
    std::string warning;
    void warned(const std::string& what) override { warning += what; }
  } second;
  RunRequest more = request(scratch);
  more.resume = true;
  CHECK(run_training(more, second, second.stop).finished);
  CHECK(second.warning == metrics.string() + ": line 2 cannot be read, and is left out");
  CHECK(read_metrics(metrics).size() == 2);
}

TEST_CASE("property: a resumed run mends the files that follow from its state") {
  const ScratchDirectory scratch;
  Notes first, second;
  first.stop_after = 5;
  run_training(request(scratch), first, first.stop);
  const char* files[] = {"tokenizer.json", "config.json", "model.safetensors"};
  std::vector<std::string> before;
  for (const char* file : files) before.push_back(get(scratch / "run" / file));
  put(scratch / "run" / "tokenizer.json", before[0] + "\n ");  // the same tokenizer in other bytes
  put(scratch / "run" / "config.json", "{}");
  put(scratch / "run" / "model.safetensors", before[2].substr(0, 100));
  RunRequest more = request(scratch);
  more.resume = true;
  run_training(more, second, std::atomic<bool>{true});  // stops before its first step
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(files[i]);
    CHECK(get(scratch / "run" / files[i]) == before[i]);
  }
}

TEST_CASE("edges: stopped before the first step, and a prompt from a short text") {
  const ScratchDirectory scratch;
  Notes notes;
  notes.stop = true;
  const RunResult result = run_training(request(scratch), notes, notes.stop);
  CHECK_FALSE(result.finished);
  CHECK(result.steps == 0);
  CHECK(read_record(scratch / "run" / kStateFile).step == 0);
}

TEST_CASE("misuse: directories that hold another run, a model, or a file") {
  const ScratchDirectory scratch;
  Notes notes;
  run_training(request(scratch), notes, notes.stop);
  const auto problem = [&](const RunRequest& bad) {
    Notes other;
    return failure(scratch.path(), [&] { run_training(bad, other, other.stop); });
  };
  CHECK(problem(request(scratch)).find("continue it with --resume") != std::string::npos);
  RunRequest changed = request(scratch);
  changed.resume = true;
  changed.settings = {"layers=1", "learning_rate=2"};
  CHECK(problem(changed) ==
        "run/state.safetensors: learning_rate is 0.001, and stays so: expected no learning_rate=2");
  changed.settings = {"layers=1", "steps=10"};  // as it is
  changed.files = {(scratch / "other.txt").string()};
  CHECK(problem(changed) == "run/state.safetensors: this run was begun with another text");
  changed.files = request(scratch).files;
  RunRequest further = request(scratch, "further");
  further.init = scratch / "run";
  further.settings = {"width=32"};
  CHECK(problem(further) == "run: width is 16, and stays so: expected no width=32");
  put(scratch / "text.txt", "a" + get(scratch / "text.txt"));
  CHECK(problem(changed).find("the text is not the one that this run began with") !=
        std::string::npos);
  std::filesystem::remove(scratch / "run" / kStateFile);
  CHECK(problem(request(scratch)).find("without the state of its run") != std::string::npos);
  RunRequest file = request(scratch);
  file.directory = scratch / "text.txt";
  CHECK(problem(file).starts_with("text.txt"));
  RunRequest impossible = request(scratch, "new");
  impossible.options.set("heads=3");
  CHECK(problem(impossible).find("heads") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(scratch / "new" / "tokenizer.json"));
}

TEST_CASE("misuse: a diverged loss keeps the last state that computes one") {
  const ScratchDirectory scratch;
  RunRequest wild = request(scratch);
  wild.options.set("learning_rate=1e30");
  wild.options.set("save_every=1");
  Notes notes;
  CHECK_THROWS_AS(run_training(wild, notes, notes.stop), TrainingDiverged);
  CHECK(notes.told.starts_with("start0 eval0 save0"));
  CHECK(std::isfinite(notes.last->val_loss));
  const RunRecord kept = read_record(scratch / "run" / kStateFile);
  CHECK("save" + std::to_string(kept.step) + " " == notes.told.substr(notes.told.rfind("save")));
}
