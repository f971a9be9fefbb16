// A run that takes a fraction of a second: a small text, a model of some thousand numbers.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/rng.hpp"

#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace limpid::test {

using Words = std::vector<std::string>;

// Sentences of a few words, the same on every machine.
inline std::string small_text(std::size_t bytes = 4000) {
  constexpr std::string_view kWords[] = {"the", "old",  "fox",   "sees", "a",    "red",
                                         "hen", "near", "river", "and",  "runs", "home"};
  Rng rng(5);
  std::string text;
  while (text.size() < bytes) {
    text += kWords[rng.below(12)];
    text += rng.below(6) == 0 ? ".\n" : " ";
  }
  return text;
}

// train FILE --out DIR with a tiny model: 12 steps, evaluated and saved every 4. Later settings win.
inline Words tiny_run(const std::filesystem::path& file, const std::filesystem::path& directory,
                      const Words& more = {}) {
  Words words{"train",    file.string(), "--out",   directory.string(),
              "--preset", "nano",        "--steps", "12"};
  for (const char* setting :
       {"layers=1", "heads=2", "width=16", "hidden=32", "context=16", "batch=4", "warmup=2",
        "learning_rate=0.01", "eval_every=4", "eval_tokens=64", "save_every=4"}) {
    words.insert(words.end(), {"--set", setting});
  }
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The directory of a run that is trained once, for all tests of a file, by command(text, directory); text.txt
// stays beside it.
template <class Command>
const std::filesystem::path& trained_once(Command command) {
  static const ScratchDirectory scratch;
  static const std::filesystem::path directory = [&] {
    put(scratch / "text.txt", small_text());
    const Outcome run = run_limpid(command(scratch / "text.txt", scratch / "run"));
    if (run.status != 0) throw std::runtime_error(run.err);
    return scratch / "run";
  }();
  return directory;
}

}  // namespace limpid::test
