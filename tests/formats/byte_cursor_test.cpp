#include "limpid/formats/byte_cursor.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: the bytes are written out
// NO accumulation: nothing accumulates

namespace {

const std::filesystem::path kPath = "F";

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("by hand: numbers are little-endian, texts follow them") {
  const std::string bytes(
      "\x02\x01\x00\x00\x00\x00\x80\x3F"
      "abc",
      11);
  ByteCursor cursor(kPath, bytes_of(bytes));
  CHECK(cursor.take_number<std::uint32_t>("a count") == 258);
  CHECK(cursor.take_number<float>("a number") == 1.F);
  CHECK(cursor.position() == 8);
  CHECK(cursor.take_text(3, "a name") == "abc");
  CHECK(cursor.left() == 0);
}

TEST_CASE("by hand: numbers are written as they are read") {
  std::string bytes;
  append_number(bytes, std::uint16_t{258});
  append_number(bytes, std::int8_t{-2});
  append_number(bytes, 1.F);
  append_number(bytes, std::uint64_t{3});
  CHECK(bytes == std::string("\x02\x01\xFE\x00\x00\x80\x3F\x03\x00\x00\x00\x00\x00\x00\x00", 15));
}

TEST_CASE("property: a refused part moves nothing") {
  const std::string bytes = "abcdef";
  ByteCursor cursor(kPath, bytes_of(bytes));
  cursor.take(4, "four");
  CHECK_THROWS(cursor.take_number<std::uint32_t>("a count"));
  CHECK(cursor.position() == 4);
  CHECK(cursor.take_text(2, "two") == "ef");
}

TEST_CASE("edges: nothing of nothing") {
  ByteCursor cursor(kPath, {});
  CHECK(cursor.take(0, "nothing").empty());
  CHECK(cursor.take_text(0, "nothing").empty());
}

TEST_CASE("misuse: more than is left, by one and by far") {
  const std::string bytes = "abcdef";
  ByteCursor cursor(kPath, bytes_of(bytes));
  cursor.take(4, "four");
  CHECK(failure("", [&] { cursor.take(3, "a name"); }) ==
        "F: ends at byte 6, expected 3 bytes from byte 4: a name");
  CHECK(failure("", [&] { cursor.take(std::numeric_limits<std::uint64_t>::max(), "a name"); }) ==
        "F: ends at byte 6, expected 18446744073709551615 bytes from byte 4: a name");
}
