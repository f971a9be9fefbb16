#include "limpid/formats/number_blocks.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/formats/half_precision.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the formats are so small that the expected bytes are worked out by hand
// NO accumulation: nothing accumulates

namespace {

std::vector<std::byte> packed(BlockType type, const std::vector<float>& numbers) {
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(packed_bytes(type, static_cast<Index>(numbers.size()))));
  pack(type, numbers, bytes);
  return bytes;
}

std::vector<float> unpacked(BlockType type, const std::vector<std::byte>& bytes,
                            std::size_t count) {
  std::vector<float> numbers(count);
  unpack(type, bytes, numbers);
  return numbers;
}

std::vector<float> round_trip(BlockType type, const std::vector<float>& numbers) {
  return unpacked(type, packed(type, numbers), numbers.size());
}

float scale(const std::vector<std::byte>& bytes) {
  std::uint16_t half = 0;
  std::memcpy(&half, bytes.data(), 2);
  return float_from_half(half);
}

std::vector<float> random_numbers(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = static_cast<float>(rng.normal());
  return numbers;
}

int as_int(std::byte byte) {
  return static_cast<int>(byte);
}

}  // namespace

TEST_CASE("by hand: Q8_0 has steps of a 127th of the largest, halves go away from zero") {
  std::vector<float> numbers(32, 0.F);
  numbers[0] = 127.F;  // d = 1
  numbers[1] = -1.F;
  numbers[2] = 2.5F;
  numbers[3] = -2.5F;
  numbers[31] = 0.49F;
  const std::vector<std::byte> bytes = packed(BlockType::q8_0, numbers);
  REQUIRE(bytes.size() == 34);
  CHECK(scale(bytes) == 1.F);
  CHECK(as_int(bytes[2]) == 127);
  CHECK(as_int(bytes[3]) == 255);
  CHECK(as_int(bytes[4]) == 3);
  CHECK(as_int(bytes[5]) == 253);
  CHECK(as_int(bytes[33]) == 0);
}

TEST_CASE("by hand: numbers are divided by the step, not by the half that is stored for it") {
  // d = 1 + 2^-12 is stored as 1. 100.51 / d is 100.485..., and 100.51 / 1 would be rounded to 101.
  std::vector<float> numbers(32, 0.F);
  numbers[0] = 127 * (1 + 1.F / 4096);
  numbers[1] = 100.51F;
  const std::vector<std::byte> bytes = packed(BlockType::q8_0, numbers);
  CHECK(scale(bytes) == 1.F);
  CHECK(as_int(bytes[2]) == 127);
  CHECK(as_int(bytes[3]) == 100);
}

TEST_CASE("by hand: Q4_0 has its largest number at step -8, and i and i + 16 in one byte") {
  std::vector<float> numbers(32, 0.F);
  numbers[5] = -8.F;   // the largest: d = 1, nibble 0
  numbers[0] = 3.F;    // nibble 11
  numbers[16] = -2.F;  // nibble 6
  numbers[21] = 7.F;   // nibble 15, beside number 5
  numbers[30] = 8.F;   // as large, but later: a step too far, so 7
  numbers[2] = 2.4F;   // trunc(10.9): 2
  numbers[3] = -2.6F;  // trunc(5.9): -3
  const std::vector<std::byte> bytes = packed(BlockType::q4_0, numbers);
  REQUIRE(bytes.size() == 18);
  CHECK(scale(bytes) == 1.F);
  CHECK(as_int(bytes[2]) == (11 | 6 << 4));
  CHECK(as_int(bytes[2 + 5]) == (0 | 15 << 4));
  CHECK(as_int(bytes[2 + 2]) == (10 | 8 << 4));
  CHECK(as_int(bytes[2 + 3]) == (5 | 8 << 4));
  CHECK(as_int(bytes[2 + 14]) == (8 | 15 << 4));  // number 30
  const std::vector<float> back = unpacked(BlockType::q4_0, bytes, 32);
  CHECK(back[5] == -8.F);
  CHECK(back[0] == 3.F);
  CHECK(back[16] == -2.F);
  CHECK(back[30] == 7.F);
}

TEST_CASE("by hand: the number of a type, its name, its bytes") {
  CHECK(block_type_from_number(8) == BlockType::q8_0);
  CHECK(block_type_from_number(2) == BlockType::q4_0);
  CHECK(!block_type_from_number(3));
  CHECK(block_shape(BlockType::q4_0).name == "Q4_0");
  CHECK(packed_bytes(BlockType::q4_0, 64) == 36);
  CHECK(packed_bytes(BlockType::f16, 3) == 6);
}

TEST_CASE("property: F32 comes back as it was; F16 and BF16 as their nearest") {
  const std::vector<float> numbers = random_numbers(100, 1);
  CHECK(round_trip(BlockType::f32, numbers) == numbers);
  const std::vector<float> halves = round_trip(BlockType::f16, numbers);
  int wrong = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    wrong += halves[i] != float_from_half(half_from_float(numbers[i]));
    wrong += !(std::abs(halves[i] - numbers[i]) <= std::abs(numbers[i]) / 2048);
  }
  CHECK(wrong == 0);
  CHECK(unpacked(BlockType::bf16, {std::byte{0xA0}, std::byte{0xC0}}, 1).front() == -5.F);
}

TEST_CASE("property: a quantised number is off by half a step, in Q4_0 by a step at one end") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<float> numbers = random_numbers(32, seed);
    for (const BlockType type : {BlockType::q8_0, BlockType::q4_0}) {
      const float step = std::abs(scale(packed(type, numbers)));
      const std::vector<float> back = round_trip(type, numbers);
      int wrong = 0;
      for (std::size_t i = 0; i < 32; ++i) {
        const float most = type == BlockType::q4_0 && numbers[i] * scale(packed(type, numbers)) > 0
                               ? 1.01F
                               : 0.51F;
        // d is rounded to a half: up to 128 steps of a 2048th each.
        wrong += !(std::abs(back[i] - numbers[i]) <= most * step + 128 * step / 2048);
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("property: packing what was unpacked changes nothing") {
  for (const BlockType type : {BlockType::q8_0, BlockType::q4_0, BlockType::f16}) {
    const std::vector<std::byte> once = packed(type, random_numbers(96, 3));
    CHECK(packed(type, unpacked(type, once, 96)) == once);
  }
}

TEST_CASE("edges: zeros, the tiniest, no numbers at all") {
  const std::vector<float> zeros(32, 0.F);
  CHECK(round_trip(BlockType::q8_0, zeros) == zeros);
  CHECK(round_trip(BlockType::q4_0, zeros) == zeros);
  // d vanishes as a half: everything is zero then, and nothing is NaN.
  const std::vector<float> tiny(32, 1e-12F);
  CHECK(round_trip(BlockType::q8_0, tiny) == zeros);
  CHECK(packed(BlockType::q4_0, {}).empty());
  CHECK(packed(BlockType::f32, {}).empty());
}

TEST_CASE("edges: a step so small that its inverse is infinite makes a block of zeros") {
  // 1e-40 / 127 and 1e-40 / 8 are subnormal, one over them is not a float any more. The zeros in
  // between would be 0 times infinity.
  std::vector<float> numbers(32, 0.F);
  numbers[0] = 1e-40F;
  numbers[9] = -1e-40F;
  const std::vector<float> zeros(32, 0.F);
  for (const BlockType type : {BlockType::q8_0, BlockType::q4_0}) {
    CHECK(packed(type, numbers) == packed(type, zeros));
    CHECK(round_trip(type, numbers) == zeros);
  }
}

TEST_CASE("misuse: numbers that a type cannot hold") {
  const auto error = [](BlockType type, float number) {
    std::vector<float> numbers(32, 1.F);
    numbers[7] = number;
    return failure("", [&] { packed(type, numbers); });
  };
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(error(BlockType::f16, 70000.F) ==
        "number_blocks: 70000 cannot be stored as a half, expected at most 65504");
  CHECK(error(BlockType::q8_0, infinity) ==
        "number_blocks: inf cannot be stored as Q8_0, expected finite numbers");
  CHECK(error(BlockType::q4_0, std::nanf("")) ==
        "number_blocks: nan cannot be stored as Q4_0, expected finite numbers");
  CHECK(error(BlockType::q8_0, 1e8F) ==
        "number_blocks: 787401.56 cannot be stored as a half, expected at most 65504");
  CHECK(error(BlockType::q8_0, 70000.F) == "no error");  // the step is a 127th of it
  CHECK(error(BlockType::f32, infinity) == "no error");
}
