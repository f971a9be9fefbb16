#include "limpid/core/check.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace limpid {
namespace {

std::string size_text(Index size) {
  return size == kAny ? "*" : fmt::format("{}", size);
}

}  // namespace

void fail(std::string_view module, const std::string& message) {
  throw std::invalid_argument(fmt::format("{}: {}", module, message));
}

void fail_shape(std::string_view module, std::string_view what, Index rows, Index cols,
                Index expected_rows, Index expected_cols) {
  fail(module, fmt::format("{} has shape [{}, {}], expected [{}, {}]", what, rows, cols,
                           size_text(expected_rows), size_text(expected_cols)));
}

void check_range(std::string_view module, std::string_view what, Index value, Index lowest,
                 Index highest) {
  if (value >= lowest && value <= highest) return;
  fail(module, fmt::format("{} is {}, expected {} to {}", what, value, lowest, highest));
}

std::string shortened(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  // Bytes behind a character's first are 10xxxxxx; no character has more than three.
  std::size_t end = longest;
  while (end + 4 > longest && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace limpid
