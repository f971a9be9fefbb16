#include "limpid/formats/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace limpid {
namespace {

constexpr std::string_view kBase64Letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::string_view group = text.substr(at, 4);
    const bool last = at + 4 == text.size();
    const std::size_t missing = !last || group[3] != '=' ? 0 : group[2] != '=' ? 1 : 2;
    // Gather the letters' bits from the left; missing letters are zeros.
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t six = i < 4 - missing ? kBase64Letters.find(group[i]) : 0;
      if (six == std::string_view::npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(six);
    }
    // Bits below the last byte must be zeros, or two texts would spell the same.
    if ((bits & ((std::uint32_t{1} << (8 * missing)) - 1)) != 0) return std::nullopt;
    for (std::size_t i = 0; i < 3 - missing; ++i) {
      bytes.push_back(static_cast<char>(bits >> (16 - 8 * i) & 0xFF));
    }
  }
  return bytes;
}

}  // namespace limpid
