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

}  // namespace limpid
