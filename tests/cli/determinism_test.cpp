// The same seed gives the same bits for any number of threads and in every process, through the program
// itself: a run, its halves, and what a model then writes. (GPT-2's family with AdamW: resume_test.cpp.)
// NO by hand: nothing here is computed on paper
// NO gradient check: what is compared is whole files
// NO fixture: bits may differ between machines; on one they are their own measure
// NO accumulation: accumulate=2 is one of the settings
// NO misuse: cli/bad_input has what --threads refuses
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr const char* kThreads[] = {"1", "2", "3", "8"};

// Large enough that every loop has work for several threads; the other family and optimizer, and a
// tokenizer that is learned by several threads too.
Words llama_run(const std::filesystem::path& text, const std::filesystem::path& directory,
                const char* threads, const Words& more = {}) {
  Words words = tiny_run(
      text, directory,
      {"--set", "width=64", "--set", "hidden=172", "--set", "context=64", "--set", "dropout=0.1",
       "--set", "accumulate=2", "--tokenizer", "bpe:300", "--threads", threads});
  words[5] = "speedrun";
  words[7] = "6";  // steps: evaluated at 0, 4 and 6
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Everything that a run leaves, except how long it took.
std::map<std::string, std::string> what_is_left(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const char* name :
       {"state.safetensors", "model.safetensors", "tokenizer.json", "config.json"}) {
    files[name] = get(directory / name);
  }
  std::string& lines = files["metrics.jsonl"];
  std::istringstream metrics(get(directory / "metrics.jsonl"));
  for (std::string line; std::getline(metrics, line);) {
    nlohmann::json json = nlohmann::json::parse(line);
    for (const char* clock : {"tokens_per_second", "gflops", "seconds"}) json.erase(clock);
    lines += json.dump() + "\n";
  }
  return files;
}

const std::filesystem::path& trained() {
  return trained_once(
      [](const auto& text, const auto& directory) { return llama_run(text, directory, "1"); });
}
std::filesystem::path text() {
  return trained().parent_path() / "text.txt";
}

// What a command prints, the same with any number of threads, and again in another process.
std::string printed_alike(const Words& command) {
  std::string expected;
  for (const char* threads : {"1", "1", "2", "3", "8"}) {
    CAPTURE(threads);
    Words words = command;
    words.insert(words.end(), {"--threads", threads});
    const Outcome outcome = run_limpid(words);
    CAPTURE(outcome.err);
    REQUIRE(outcome.status == 0);
    if (expected.empty()) expected = outcome.out;
    CHECK(outcome.out == expected);
  }
  CHECK_FALSE(expected.empty());
  return expected;
}

}  // namespace

TEST_CASE("property: llama, Muon and a learned tokenizer: the same bits with any threads") {
  const ScratchDirectory scratch;
  const auto expected = what_is_left(trained());
  for (const char* threads : kThreads) {
    CAPTURE(threads);
    REQUIRE(run_limpid(llama_run(text(), scratch / threads, threads)).status == 0);
    CHECK(what_is_left(scratch / threads) == expected);
  }
  REQUIRE(run_limpid(llama_run(text(), scratch / "other", "1", {"--seed", "2"})).status == 0);
  CHECK(what_is_left(scratch / "other").at("model.safetensors") !=
        expected.at("model.safetensors"));
}

TEST_CASE(
    "property: begun with some threads and resumed with others, a run ends with the same bits") {
  const ScratchDirectory scratch;
  const auto expected = what_is_left(trained());
  int halves = 0;
  for (const auto& [first, second] :
       {std::pair{"1", "8"}, std::pair{"8", "1"}, std::pair{"2", "3"}, std::pair{"3", "2"}}) {
    CAPTURE(first);
    CAPTURE(second);
    const std::filesystem::path directory = scratch / (std::string(first) + second);
    {
      Process run(llama_run(text(), directory, first, {"--set", "save_every=1"}));
      run.wait_until([&] { return std::filesystem::exists(directory / "model.safetensors"); });
      run.kill();
      halves += run.wait().status == 128 + SIGKILL;
    }
    REQUIRE(run_limpid(llama_run(text(), directory, second, {"--resume", "--set", "save_every=1"}))
                .status == 0);
    // How often it was saved is written in the state: there, compare the rest.
    auto files = what_is_left(directory);
    files.erase("state.safetensors");
    for (const auto& [name, bytes] : files) {
      CAPTURE(name);
      CHECK(bytes == expected.at(name));
    }
  }
  CHECK(halves >= 1);  // a machine may be slow to look, but not four times
}

TEST_CASE("property: generate writes the same bytes with any threads and in every process") {
  const Words words{"generate", "--model", trained().string(), "--prompt", "the old fox",
                    "--count",  "3",       "--max-tokens",     "50",       "--seed"};
  const auto with_seed = [&](const char* seed) {
    Words all = words;
    all.push_back(seed);
    return all;
  };
  const std::string first = printed_alike(with_seed("7"));
  CHECK(printed_alike(with_seed("8")) != first);
  Words likeliest = with_seed("7");
  likeliest.insert(likeliest.end(), {"--temperature", "0"});
  CHECK(printed_alike(likeliest) != first);
}

TEST_CASE("property: eval counts the same bits with any threads and in every process") {
  printed_alike({"eval", "--model", trained().string(), text().string(), "--json"});
}

TEST_CASE("edges: more threads than there is work for") {
  const ScratchDirectory scratch;
  const auto smallest = [&](const char* threads) {
    Words words = tiny_run(text(), scratch / threads,
                           {"--set", "batch=1", "--set", "context=2", "--threads", threads});
    REQUIRE(run_limpid(words).status == 0);
    return what_is_left(scratch / threads);
  };
  CHECK(smallest("64") == smallest("1"));
}
