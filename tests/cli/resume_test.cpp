// NO by hand: nothing here is computed on paper
// NO gradient check: a run's files have no gradient
// NO fixture: the run that was not interrupted is what must be met
// NO accumulation: nothing accumulates
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <string>

#include "tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

// What must have the same bits: every tensor file of a run, by name.
std::map<std::string, std::string> tensor_files(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors") {
      files[entry.path().filename().string()] = get(entry.path());
    }
  }
  return files;
}

std::size_t lines(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

bool holds_temporary(const std::filesystem::path& directory) {
  std::error_code ignored;  // files come and go while we look
  for (std::filesystem::directory_iterator entry(directory, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (entry->path().filename().string().find(".tmp-") != std::string::npos) return true;
  }
  return false;
}

struct Place {
  ScratchDirectory scratch;
  std::filesystem::path text = scratch / "text.txt";
  Place() { put(text, small_text()); }

  void train(const std::string& name, const Words& more = {}) {
    const Outcome run = run_limpid(tiny_run(text, scratch / name, more));
    CAPTURE(run.err);
    REQUIRE(run.status == 0);
  }
};

// Dropout, accumulation and a rest that does not divide make the state as rich as it gets.
const Words kRich{"--set", "dropout=0.1", "--set", "accumulate=2", "--set", "save_every=5"};

}  // namespace

TEST_CASE("property: the same seed gives the same bits with 1, 2, 3 and 8 threads") {
  Place place;
  const Words larger{"--set",      "width=64", "--set",   "hidden=256", "--set",
                     "context=64", "--set",    "batch=8", "--set",      "dropout=0.1"};
  std::map<std::string, std::string> expected;
  for (const char* threads : {"1", "2", "3", "8"}) {
    CAPTURE(threads);
    Words more = larger;
    more.insert(more.end(), {"--threads", threads});
    Words words = tiny_run(place.text, place.scratch / threads, more);
    words[7] = "3";  // steps
    REQUIRE(run_limpid(words).status == 0);
    const auto files = tensor_files(place.scratch / threads);
    if (expected.empty()) expected = files;
    CHECK(files.size() == 2);
    CHECK(files == expected);
  }
  // And another seed gives others.
  place.train("seed", {"--seed", "2"});
  CHECK(tensor_files(place.scratch / "seed").at("model.safetensors") !=
        expected.at("model.safetensors"));
}

TEST_CASE("property: killed at any moment and resumed, a run ends with the same bits") {
  Place place;
  place.train("whole", kRich);
  const auto expected = tensor_files(place.scratch / "whole");
  const std::filesystem::path directory = place.scratch / "killed";
  const auto metrics = [&](std::size_t count) {
    return [&, count] { return lines(directory / "metrics.jsonl") >= count; };
  };
  const std::function<bool()> moments[] = {
      [&] { return std::filesystem::exists(directory / ".lock"); },
      [&] { return std::filesystem::exists(directory / "tokenizer.json"); },
      metrics(1),
      [&] { return std::filesystem::exists(directory / "state.safetensors"); },
      [&] { return holds_temporary(directory); },
      metrics(2),
      metrics(3),
  };
  Words more = kRich;
  more.push_back("--resume");
  for (const auto& moment : moments) {
    std::filesystem::remove_all(directory);
    {
      Process run(tiny_run(place.text, directory, more));
      run.wait_until(moment);
      run.kill();
      run.wait();
    }
    place.train("killed", more);
    CHECK(tensor_files(directory) == expected);
    CHECK(lines(directory / "metrics.jsonl") == 4);  // steps 0, 4, 8, 12
    CHECK_FALSE(holds_temporary(directory));
  }
}

TEST_CASE("property: killed again and again, a run still ends with the same bits") {
  Place place;
  place.train("whole", kRich);
  const std::filesystem::path directory = place.scratch / "killed";
  Words more = kRich;
  more.push_back("--resume");
  for (std::size_t count = 1; count <= 4; ++count) {
    Process run(tiny_run(place.text, directory, more));
    run.wait_until([&] { return lines(directory / "metrics.jsonl") >= count; });
    run.kill();
  }
  place.train("killed", more);
  CHECK(tensor_files(directory) == tensor_files(place.scratch / "whole"));
}

TEST_CASE("property: Ctrl-C saves, says how to go on, and the rest has the same bits") {
  Place place;
  place.train("whole");
  const std::filesystem::path directory = place.scratch / "stopped";
  Process run(tiny_run(place.text, directory));
  run.wait_until([&] { return lines(directory / "metrics.jsonl") >= 2; });
  run.kill(SIGINT);
  const Outcome stopped = run.wait();
  if (stopped.status != 0) {  // it may have been at its end already
    CHECK(stopped.err.find("--resume") != std::string::npos);
    CHECK(stopped.err.find("saved") != std::string::npos);
  }
  place.train("stopped", {"--resume"});
  CHECK(tensor_files(directory) == tensor_files(place.scratch / "whole"));
}

TEST_CASE("property: --resume needs no options, and a finished run stays as it is") {
  Place place;
  place.train("run");
  const auto before = tensor_files(place.scratch / "run");
  const std::string metrics = get(place.scratch / "run" / "metrics.jsonl");
  const Outcome again =
      run_limpid({"train", "--out", (place.scratch / "run").string(), "--resume"});
  CHECK(again.status == 0);
  CHECK(tensor_files(place.scratch / "run") == before);
  CHECK(get(place.scratch / "run" / "metrics.jsonl") == metrics);
}

TEST_CASE("edges: --resume on a missing or empty directory starts fresh") {
  Place place;
  place.train("plain");
  place.train("missing", {"--resume"});
  std::filesystem::create_directory(place.scratch / "empty");
  place.train("empty", {"--resume"});
  CHECK(tensor_files(place.scratch / "missing") == tensor_files(place.scratch / "plain"));
  CHECK(tensor_files(place.scratch / "empty") == tensor_files(place.scratch / "plain"));
}

TEST_CASE("misuse: a directory that holds a run is refused, and left as it was") {
  Place place;
  place.train("run");
  const auto before = tensor_files(place.scratch / "run");
  const std::string message = complaint(run_limpid(tiny_run(place.text, place.scratch / "run")));
  CHECK(message.find("holds a run: continue it with --resume") != std::string::npos);
  CHECK(tensor_files(place.scratch / "run") == before);
  // A model without the state of its run is somebody's work too.
  std::filesystem::remove(place.scratch / "run" / "state.safetensors");
  CHECK(complaint(run_limpid(tiny_run(place.text, place.scratch / "run", {"--resume"})))
            .find("without the state") != std::string::npos);
}

TEST_CASE("misuse: two runs in one directory: the second is refused, the first goes on") {
  Place place;
  Words words = tiny_run(place.text, place.scratch / "run");
  words[7] = "100000";  // steps: longer than the second needs to notice
  Process first(words);
  REQUIRE(first.wait_until(
      [&] { return std::filesystem::exists(place.scratch / "run" / "state.safetensors"); }));
  for (const char* flag : {"--resume", "--threads=1"}) {
    const std::string message =
        complaint(run_limpid(tiny_run(place.text, place.scratch / "run", {flag})));
    CAPTURE(message);
    CHECK(message.find("is in use") != std::string::npos);
  }
  first.kill(SIGINT);
  CHECK(first.wait().err.find("--resume") != std::string::npos);
}

TEST_CASE("misuse: --resume with another --preset") {
  Place place;
  place.train("run");
  const auto resumed = [&](const char* preset) {
    return complaint(run_limpid(
        {"train", "--out", (place.scratch / "run").string(), "--resume", "--preset", preset}));
  };
  CHECK(resumed("demo").find("begun with --preset nano, expected no --preset demo") !=
        std::string::npos);
  CHECK(resumed("nano") == "no error");
}

TEST_CASE("misuse: --resume with another text or a changed one") {
  Place place;
  place.train("run");
  put(place.scratch / "other.txt", small_text(5000));
  CHECK(complaint(
            run_limpid(tiny_run(place.scratch / "other.txt", place.scratch / "run", {"--resume"})))
            .find("another text") != std::string::npos);
  put(place.text, small_text(5000));
  CHECK(complaint(run_limpid(tiny_run(place.text, place.scratch / "run", {"--resume"})))
            .find("the text is not the one") != std::string::npos);
}
