#include "limpid/formats/gguf_key_writer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/gguf_bytes.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: what it writes is compared with bytes put together by hand; ./dev interop asks llama.cpp
// NO accumulation: nothing accumulates
// NO misuse: every key and value can be written; what an integer must fit stands in the header

TEST_CASE("by hand: a key of every kind, byte by byte") {
  GgufBytes file;
  file.text("text", "caf\xC3\xA9");
  file.u32("integer", 4000000000);
  file.f32("number", 0.1F);
  file.key("flag", 7, std::string(1, '\1'));
  file.texts("texts", {"a", "", "bc"});
  file.numbers<std::int32_t>("integers", 5, {7, -8});
  file.numbers<float>("numbers", 6, {1.5F, -2.F});
  std::string expected;
  for (const std::string& key : file.keys) expected += key;

  GgufKeyWriter writer;
  writer.text("text", "caf\xC3\xA9");
  writer.integer("integer", 4000000000);
  writer.number("number", 0.1);
  writer.flag("flag", true);
  writer.texts("texts", {"a", "", "bc"});
  writer.integers("integers", std::vector<std::int32_t>{7, -8});
  writer.numbers("numbers", std::vector<float>{1.5F, -2.F});
  CHECK(writer.bytes() == expected);
  CHECK(writer.count() == 7);
}

TEST_CASE("property: what the writer writes, the reader reads") {
  GgufKeyWriter writer;
  writer.text("a", "x");
  writer.integer("b", 4294967295);
  writer.number("c", 1e-5);
  writer.flag("d", false);
  writer.texts("e", {"one", "two"});
  writer.integers("f", std::vector<std::int32_t>{3, -4});
  writer.numbers("g", std::vector<float>{0.25F});
  CHECK(writer.count() == 7);
  const std::filesystem::path path = "F";
  ByteCursor cursor(path, std::as_bytes(std::span(writer.bytes())));
  const GgufKeys keys(cursor, writer.count());
  CHECK(keys.text("a") == "x");
  CHECK(keys.integer("b") == 4294967295);
  CHECK(keys.number("c") == static_cast<double>(1e-5F));
  CHECK(keys.flag("d") == false);
  CHECK(keys.texts("e") == std::vector<std::string>{"one", "two"});
  CHECK(keys.integers("f") == std::vector<Index>{3, -4});
  CHECK(keys.numbers("g") == std::vector<float>{0.25F});
}

TEST_CASE("edges: no keys, empty text, empty arrays") {
  GgufKeyWriter writer;
  CHECK(writer.bytes().empty());
  CHECK(writer.count() == 0);
  writer.text("t", "");
  writer.texts("a", {});
  CHECK(writer.bytes() == raw_text("t") + raw_u32(8) + raw_text("") + raw_text("a") + raw_u32(9) +
                              raw_u32(8) + raw_u64(0));
}
