#include "limpid/formats/number_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/half_precision.hpp"

namespace limpid {
namespace {

constexpr std::size_t kBlock = 32;
using Block = std::span<const float, kBlock>;

struct ShapeRow {
  BlockType type;
  BlockShape shape;
};
constexpr std::array<ShapeRow, 5> kShapes{{{BlockType::f32, {"F32", 1, 4}},
                                           {BlockType::f16, {"F16", 1, 2}},
                                           {BlockType::q4_0, {"Q4_0", 32, 18}},
                                           {BlockType::q8_0, {"Q8_0", 32, 34}},
                                           {BlockType::bf16, {"BF16", 1, 2}}}};

const ShapeRow* find(std::uint32_t number) {
  const auto row = std::find_if(kShapes.begin(), kShapes.end(), [&](const ShapeRow& each) {
    return static_cast<std::uint32_t>(each.type) == number;
  });
  return row == kShapes.end() ? nullptr : &*row;
}

void put_half(float number, std::byte* to) {
  const std::uint16_t half = half_from_float(number);
  if ((half & 0x7FFFU) >= 0x7C00U) {
    fail("number_blocks",
         fmt::format("{} cannot be stored as a half, expected at most 65504", number));
  }
  std::memcpy(to, &half, sizeof half);
}

std::uint16_t get_16_bits(const std::byte* from) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, from, sizeof bits);
  return bits;
}

// What numbers are multiplied by instead of being divided by d. The smallest subnormal steps have an
// inverse beyond the floats, and what it makes of a number has no integer: their block is all zeros,
// as its step already is as a half.
float inverse_of(float d) {
  const float inverse = 1 / d;
  return std::isfinite(inverse) ? inverse : 0;
}

void pack_q8(Block x, std::byte* to) {
  float largest = 0;
  for (const float number : x) largest = std::max(largest, std::abs(number));
  const float d = largest / 127;
  const float inverse = inverse_of(d);
  put_half(d, to);
  for (std::size_t i = 0; i < kBlock; ++i) {
    to[2 + i] = static_cast<std::byte>(static_cast<std::int8_t>(std::round(x[i] * inverse)));
  }
}

void pack_q4(Block x, std::byte* to) {
  // The first of the largest, with its sign: it becomes exactly -8 steps, the others -8 to 7.
  const float largest = *std::max_element(
      x.begin(), x.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
  const float d = largest / -8;
  const float inverse = inverse_of(d);
  put_half(d, to);
  const auto nibble = [&](std::size_t i) {
    return static_cast<unsigned>(std::min(15, static_cast<int>(x[i] * inverse + 8.5F)));
  };
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    to[2 + i] = static_cast<std::byte>(nibble(i) | nibble(i + kBlock / 2) << 4);
  }
}

void unpack_q8(const std::byte* from, float* x) {
  const float d = float_from_half(get_16_bits(from));
  for (std::size_t i = 0; i < kBlock; ++i) {
    x[i] = d * static_cast<float>(static_cast<std::int8_t>(from[2 + i]));
  }
}

void unpack_q4(const std::byte* from, float* x) {
  const float d = float_from_half(get_16_bits(from));
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    const auto both = static_cast<unsigned>(from[2 + i]);
    x[i] = d * static_cast<float>(static_cast<int>(both & 15U) - 8);
    x[i + kBlock / 2] = d * static_cast<float>(static_cast<int>(both >> 4) - 8);
  }
}

}  // namespace

const BlockShape& block_shape(BlockType type) {
  return find(static_cast<std::uint32_t>(type))->shape;
}

std::optional<BlockType> block_type_from_number(std::uint32_t number) {
  const ShapeRow* row = find(number);
  if (row == nullptr) return std::nullopt;
  return row->type;
}

Index packed_bytes(BlockType type, Index numbers) {
  const BlockShape& shape = block_shape(type);
  assert(numbers % shape.numbers == 0);
  return numbers / shape.numbers * shape.bytes;
}

void pack(BlockType type, std::span<const float> numbers, std::span<std::byte> bytes) {
  assert(static_cast<Index>(bytes.size()) ==
         packed_bytes(type, static_cast<Index>(numbers.size())));
  if (type == BlockType::f32) {
    if (!numbers.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
    return;
  }
  const auto strange =
      std::find_if_not(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
  if (strange != numbers.end()) {
    fail("number_blocks", fmt::format("{} cannot be stored as {}, expected finite numbers",
                                      *strange, block_shape(type).name));
  }
  std::byte* to = bytes.data();
  if (type == BlockType::f16) {
    for (std::size_t i = 0; i < numbers.size(); ++i) put_half(numbers[i], to + 2 * i);
    return;
  }
  assert(type == BlockType::q8_0 || type == BlockType::q4_0);
  for (std::size_t i = 0; i < numbers.size(); i += kBlock, to += block_shape(type).bytes) {
    const Block block = numbers.subspan(i).first<kBlock>();
    type == BlockType::q8_0 ? pack_q8(block, to) : pack_q4(block, to);
  }
}

void unpack(BlockType type, std::span<const std::byte> bytes, std::span<float> numbers) {
  assert(static_cast<Index>(bytes.size()) ==
         packed_bytes(type, static_cast<Index>(numbers.size())));
  const std::byte* from = bytes.data();
  switch (type) {
    case BlockType::f32:
      if (!numbers.empty()) std::memcpy(numbers.data(), from, bytes.size());
      return;
    case BlockType::f16:
      for (float& x : numbers) x = float_from_half(get_16_bits(std::exchange(from, from + 2)));
      return;
    case BlockType::bf16:
      for (float& x : numbers) x = float_from_bfloat16(get_16_bits(std::exchange(from, from + 2)));
      return;
    case BlockType::q8_0:
    case BlockType::q4_0:
      break;
  }
  for (std::size_t i = 0; i < numbers.size(); i += kBlock, from += block_shape(type).bytes) {
    type == BlockType::q8_0 ? unpack_q8(from, &numbers[i]) : unpack_q4(from, &numbers[i]);
  }
}

}  // namespace limpid
