#include "limpid/formats/gguf_keys.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "formats/gguf_bytes.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: gguf_model_test reads files that Python wrote
// NO accumulation: nothing accumulates

namespace {

const std::filesystem::path kPath = "F";

// The keys of `bytes`, which must live as long as they do.
GgufKeys read(const std::string& bytes, std::uint64_t count) {
  ByteCursor cursor(kPath, std::as_bytes(std::span(bytes)));
  return GgufKeys(cursor, count);
}

std::string all(const GgufBytes& file) {
  std::string bytes;
  for (const std::string& key : file.keys) bytes += key;
  return bytes;
}

}  // namespace

TEST_CASE("by hand: a key of every type") {
  GgufBytes file;
  file.key("u8", 0, raw(std::uint8_t{200}));
  file.key("i8", 1, raw(std::int8_t{-3}));
  file.key("u16", 2, raw(std::uint16_t{60000}));
  file.key("i16", 3, raw(std::int16_t{-300}));
  file.key("u32", 4, raw(std::uint32_t{4000000000}));
  file.key("i32", 5, raw(std::int32_t{-70000}));
  file.key("f32", 6, raw(0.5F));
  file.key("bool", 7, std::string(1, '\1'));
  file.key("text", 8, raw_text("caf\xC3\xA9"));
  file.key("u64", 10, raw(std::uint64_t{1} << 40));
  file.key("i64", 11, raw(-(std::int64_t{1} << 40)));
  file.key("f64", 12, raw(0.1));
  file.texts("texts", {"a", "", "bc"});
  file.numbers<float>("floats", 6, {1.5F, -2.F});
  file.numbers<std::int16_t>("shorts", 3, {7, -8});
  const std::string bytes = all(file);
  REQUIRE_NOTHROW(read(bytes, file.keys.size()));
  const GgufKeys keys = read(bytes, file.keys.size());
  CHECK(keys.size() == 15);
  CHECK(keys.integer("u8") == 200);
  CHECK(keys.integer("i8") == -3);
  CHECK(keys.integer("u16") == 60000);
  CHECK(keys.integer("i16") == -300);
  CHECK(keys.integer("u32") == 4000000000);
  CHECK(keys.integer("i32") == -70000);
  CHECK(keys.number("f32") == 0.5);
  CHECK(keys.number("i8") == -3.0);
  CHECK(keys.flag("bool") == true);
  CHECK(keys.text("text") == "caf\xC3\xA9");
  CHECK(keys.integer("u64") == Index{1} << 40);
  CHECK(keys.integer("i64") == -(Index{1} << 40));
  CHECK(keys.number("f64") == 0.1);
  CHECK(keys.texts("texts") == std::vector<std::string>{"a", "", "bc"});
  CHECK(keys.numbers("floats") == std::vector<float>{1.5F, -2.F});
  CHECK(keys.integers("shorts") == std::vector<Index>{7, -8});
  CHECK(!keys.integer("none"));
  CHECK(!keys.texts("none"));
}

TEST_CASE("property: keys cut anywhere are one line of error") {
  GgufBytes file;
  file.u32("count", 7);
  file.texts("texts", {"a", "bc"});
  file.numbers<float>("floats", 6, {1.5F, -2.F});
  const std::string bytes = all(file);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string part = bytes.substr(0, size);
    const std::string message = failure("", [&] { read(part, file.keys.size()); });
    CAPTURE(size);
    CHECK(message.starts_with("F: ends at byte "));
  }
}

TEST_CASE("edges: no keys, empty arrays, arrays of arrays are passed over") {
  CHECK(read("", 0).size() == 0);
  GgufBytes file;
  file.texts("texts", {});
  file.numbers<float>("floats", 6, {});
  file.key("nested", 9,
           raw_u32(9) + raw_u64(2) + raw_u32(4) + raw_u64(1) + raw_u32(5) + raw_u32(8) +
               raw_u64(1) + raw_text("x"));
  file.u32("last", 1);
  const std::string bytes = all(file);
  const GgufKeys keys = read(bytes, 4);
  CHECK(keys.texts("texts")->empty());
  CHECK(keys.numbers("floats")->empty());
  CHECK(keys.integer("last") == 1);
  CHECK(failure("", [&] { keys.integers("nested"); }) ==
        "F: key \"nested\" is an array of something else, expected whole numbers");
}

TEST_CASE("misuse: another kind of value than was asked for, or none") {
  GgufBytes file;
  file.u32("count", 7);
  file.text("word", "seven");
  file.f32("part", 0.5F);
  file.key("flag", 7, std::string(1, '\2'));
  file.key("huge", 10, raw(std::numeric_limits<std::uint64_t>::max()));
  file.texts("words", {"a"});
  const std::string bytes = all(file);
  const GgufKeys keys = read(bytes, file.keys.size());
  const auto error = [](auto action) { return failure("", action); };
  CHECK(error([&] { keys.integer("word"); }) ==
        "F: key \"word\" is a text, expected a whole number below 2^63");
  CHECK(error([&] { keys.integer("part"); }) ==
        "F: key \"part\" is a number, expected a whole number below 2^63");
  CHECK(error([&] { keys.integer("huge"); }) ==
        "F: key \"huge\" is a number, expected a whole number below 2^63");
  CHECK(error([&] { keys.integer("words"); }) ==
        "F: key \"words\" is an array, expected a single value");
  CHECK(error([&] { keys.number("word"); }) == "F: key \"word\" is a text, expected a number");
  CHECK(error([&] { keys.number("flag"); }) ==
        "F: key \"flag\" is true or false, expected a number");
  CHECK(error([&] { keys.text("count"); }) == "F: key \"count\" is a number, expected a text");
  CHECK(error([&] { keys.texts("count"); }) == "F: key \"count\" is a number, expected an array");
  CHECK(error([&] { keys.numbers("words"); }) ==
        "F: key \"words\" is an array of something else, expected numbers");
  CHECK(error([&] { keys.flag("flag"); }) ==
        "F: key \"flag\" is true or false, expected true or false (1 or 0)");
  CHECK(error([&] { keys.flag("count"); }) ==
        "F: key \"count\" is a number, expected true or false (1 or 0)");
  CHECK(error([&] { keys.required("none", keys.text("none")); }) == "F: key \"none\" is missing");
}

TEST_CASE("misuse: lengths and counts that lie, types that are none, a key twice") {
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  const auto error = [](const std::string& bytes, std::uint64_t count) {
    return failure("", [&] { read(bytes, count); });
  };
  const std::string name = raw_text("k");
  CHECK(error(raw_u64(huge) + "k", 1).starts_with("F: ends at byte 9, expected "));
  CHECK(error(name + raw_u32(13) + raw_u32(0), 1) == "F: key \"k\" has type 13, expected 0 to 12");
  CHECK(error(name + raw_u32(9) + raw_u32(77) + raw_u64(1), 1) ==
        "F: key \"k\" has type 77, expected 0 to 12");
  // A product that would wrap round to a small number.
  const std::string wrapping = name + raw_u32(9) + raw_u32(4) + raw_u64(std::uint64_t{1} << 62);
  CHECK(error(wrapping + raw_u32(0), 1).starts_with("F: ends at byte "));
  CHECK(error(name + raw_u32(9) + raw_u32(8) + raw_u64(huge) + raw_text("a"), 1)
            .starts_with("F: ends at byte "));
  CHECK(error(name + raw_u32(8) + raw_u64(huge), 1).starts_with("F: ends at byte "));
  const std::string key = name + raw_u32(0) + "\x05";
  CHECK(error(key + key, 2) == "F: key \"k\" occurs twice");
  CHECK(error(key, huge).starts_with("F: ends at byte "));
  std::string nested = name + raw_u32(9);
  for (int depth = 0; depth < 100; ++depth) nested += raw_u32(9) + raw_u64(1);
  CHECK(error(nested, 1) == "F: key \"k\" has arrays in arrays, expected at most 4 deep");
}
