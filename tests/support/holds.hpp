// Whether a text holds a part; when it does not, the failure shows the text.
#pragma once

#include <doctest/doctest.h>

#include <string>

namespace limpid::test {

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace limpid::test

#define CHECK_HOLDS(text, part)            \
  do {                                     \
    const std::string all = (text);        \
    CAPTURE(all);                          \
    CHECK(limpid::test::holds(all, part)); \
  } while (false)
