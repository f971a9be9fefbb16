#include "limpid/formats/byte_alphabet.hpp"

#include <array>
#include <cstdint>

#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

constexpr char32_t kFirstInvented = 0x100;
constexpr std::size_t kAlphabetEnd = kFirstInvented + 68;  // above the last letter that is used

struct Alphabet {
  std::array<char32_t, 256> letter{};    // by byte
  std::array<int, kAlphabetEnd> byte{};  // by letter, -1: not in the alphabet

  Alphabet() {
    byte.fill(-1);
    char32_t invented = kFirstInvented;
    for (int b = 0; b < 256; ++b) {
      const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      const char32_t own = printable ? static_cast<char32_t>(b) : invented++;
      letter[static_cast<std::size_t>(b)] = own;
      byte[own] = b;
    }
  }
};

const Alphabet kAlphabet;

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes)
    append_utf8(text, kAlphabet.letter[static_cast<std::uint8_t>(byte)]);
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (!point.valid || point.value >= kAlphabetEnd || kAlphabet.byte[point.value] < 0) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(kAlphabet.byte[point.value]));
    text.remove_prefix(point.length);
  }
  return bytes;
}

}  // namespace limpid
