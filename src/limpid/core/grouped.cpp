#include "limpid/core/grouped.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace limpid {

std::string grouped(double number) {
  std::string digits = fmt::format("{:.0f}", number);
  for (auto i = static_cast<long>(digits.size()) - 3; i > (digits[0] == '-' ? 1 : 0); i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

}  // namespace limpid
