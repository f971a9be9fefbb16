// Good files that describe tokenizers, edited and damaged.
#pragma once

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>

#include "limpid/core/rng.hpp"
#include "limpid/formats/tokenizer_json.hpp"

#include "support/scratch_directory.hpp"

namespace limpid::test {

// What reading this file, called F, complains of; or "no error".
inline std::string error_of(std::string_view text) {
  return failure("", [&] { from_tokenizer_json(text, "F"); });
}

inline std::string error_after(nlohmann::json file,
                               const std::function<void(nlohmann::json&)>& edit) {
  edit(file);
  return error_of(file.dump());
}

// Cut short, a file is refused; with one byte altered it is read or refused. Refused means one line
// that names the file.
inline void check_damaged(const std::string& text) {
  for (std::size_t size = 0; size < text.size(); size += 5) {
    REQUIRE(error_of(text.substr(0, size)).starts_with("F: "));
  }
  Rng rng(4);
  for (int i = 0; i < 2000; ++i) {
    std::string altered = text;
    altered[rng.below(altered.size())] = "\"{}[],:0129ab \\\xFF"[rng.below(16)];
    const std::string message = error_of(altered);
    const bool known = message == "no error" || message.starts_with("F: ");
    REQUIRE(known);
  }
}

}  // namespace limpid::test
