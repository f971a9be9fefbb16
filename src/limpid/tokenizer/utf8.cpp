#include "limpid/tokenizer/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace limpid {
namespace {

// What a first byte promises: how many bytes in all, and which range the second one must lie in.
// The narrow ranges are what excludes overlong spellings (E0, F0), surrogates (ED) and what lies
// above U+10FFFF (F4); every later byte lies in 80..BF.
struct Promise {
  std::size_t length;  // 0: no character begins like this
  std::uint8_t low = 0x80, high = 0xBF;
};

Promise promise_of(std::uint8_t first) {
  if (first < 0x80) return {1};
  if (first < 0xC2) return {0};  // a continuation byte, or an overlong spelling of ASCII
  if (first < 0xE0) return {2};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const Promise promise = promise_of(byte(0));
  if (promise.length == 0) return {};
  if (promise.length == 1) return {byte(0), 1, true, false};

  char32_t value = byte(0) & (0x7F >> promise.length);
  for (std::size_t i = 1; i < promise.length; ++i) {
    if (i == text.size()) return {kReplacement, i, false, true};
    const std::uint8_t low = i == 1 ? promise.low : 0x80;
    const std::uint8_t high = i == 1 ? promise.high : 0xBF;
    if (byte(i) < low || byte(i) > high) return {kReplacement, i, false, false};
    value = value << 6 | (byte(i) & 0x3F);
  }
  return {value, promise.length, true, false};
}

void append_utf8(std::string& out, char32_t value) {
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | (value >> shift & 0x3F)));
  };
  if (value < 0x80) {
    out.push_back(static_cast<char>(value));
  } else if (value < 0x800) {
    out.push_back(static_cast<char>(0xC0 | value >> 6));
    tail(0);
  } else if (value < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | value >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | value >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Most text is ASCII: eight bytes at a time, as long as none has its top bit set.
    std::uint64_t eight = 0;
    if (at + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + at, 8);
      if ((eight & 0x8080808080808080) == 0) {
        at += 8;
        continue;
      }
    }
    const CodePoint point = first_code_point(text.substr(at));
    if (!point.valid) return at;
    at += point.length;
  }
  return std::nullopt;
}

}  // namespace limpid
