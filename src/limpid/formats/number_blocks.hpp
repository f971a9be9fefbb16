/// How ggml's files store numbers: in blocks, each with what its numbers share.
///
///   type   numbers  bytes   layout
///   F32          1      4   float
///   F16          1      2   half
///   BF16         1      2   the upper half of a float; only read
///   Q8_0        32     34   half d; 32 signed bytes q            x = d q
///   Q4_0        32     18   half d; 16 bytes of two nibbles q    x = d (q - 8)
///
/// In Q4_0 the low nibble of byte i is number i and the high nibble number i + 16. So both cost a
/// fraction more than 8 or 4 bits a number, and a number is off by at most half a step d (Q8_0), or,
/// opposite to the largest, a whole one (Q4_0).
///
/// Rounding is ggml's, so that the same numbers give the same bytes as its own tools:
///   Q8_0   d = max |x| / 127                                q = round(x / d), halves away from zero
///   Q4_0   d = (the x with the largest |x|) / -8            q = min(15, trunc(x / d + 8.5))
/// The numbers of a block are divided by d as it was before it became a half.
///
/// SOURCE  the format of ggml-org/ggml: its documentation of GGUF and the names of its types
/// USES    core, formats/half_precision
/// ERRORS  std::invalid_argument for numbers that a type cannot hold: infinite, NaN, or too large for
///         a half
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "limpid/core/export.hpp"
#include "limpid/core/matrix.hpp"

namespace limpid {

/// With the numbers that the files use.
enum class BlockType : std::uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 8, bf16 = 30 };

struct BlockShape {
  std::string_view name;  ///< "Q8_0"
  Index numbers, bytes;   ///< of one block
};

LIMPID_API const BlockShape& block_shape(BlockType type);
LIMPID_API std::optional<BlockType> block_type_from_number(std::uint32_t number);

/// Bytes of so many numbers. REQUIRES a multiple of the block's numbers
LIMPID_API Index packed_bytes(BlockType type, Index numbers);

/// REQUIRES bytes.size() == packed_bytes(type, numbers.size()); packing: not BF16
LIMPID_API void pack(BlockType type, std::span<const float> numbers, std::span<std::byte> bytes);
LIMPID_API void unpack(BlockType type, std::span<const std::byte> bytes, std::span<float> numbers);

}  // namespace limpid
