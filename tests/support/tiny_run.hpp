// A whole training run that takes a fraction of a second, for tests of what a run leaves behind.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "limpid/train/run.hpp"

namespace limpid::test {

// `settings`: "key=value", after the small ones. Without files: tales, byte by byte.
inline std::filesystem::path tiny_run(const std::filesystem::path& directory,
                                      std::vector<std::string> files,
                                      const std::vector<std::string>& settings = {}) {
  RunRequest request;
  request.options = preset(files.empty() ? "demo" : "nano");
  request.options.tokenizer = "byte";
  for (const char* setting :
       {"layers=2", "heads=2", "kv_heads=2", "width=8", "hidden=16", "context=16", "batch=2",
        "steps=4", "warmup=1", "eval_every=2", "eval_tokens=64", "save_every=2"}) {
    request.options.set(setting);
  }
  for (const std::string& setting : settings) request.options.set(setting);
  request.files = std::move(files);
  request.directory = directory;
  RunObserver nobody;
  run_training(request, nobody, std::atomic<bool>{false});
  return directory;
}

}  // namespace limpid::test
