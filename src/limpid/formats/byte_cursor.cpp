#include "limpid/formats/byte_cursor.hpp"

#include <fmt/format.h>

#include <bit>

#include "limpid/formats/file_handle.hpp"

namespace limpid {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

std::span<const std::byte> ByteCursor::take(std::uint64_t count, std::string_view what) {
  if (count > left()) {
    fail_file(*path_, fmt::format("ends at byte {}, expected {} bytes from byte {}: {}",
                                  bytes_.size(), count, position_, what));
  }
  const auto range =
      bytes_.subspan(static_cast<std::size_t>(position_), static_cast<std::size_t>(count));
  position_ += count;
  return range;
}

std::string_view ByteCursor::take_text(std::uint64_t count, std::string_view what) {
  const std::span<const std::byte> range = take(count, what);
  return {reinterpret_cast<const char*>(range.data()), range.size()};
}

}  // namespace limpid
