#include "limpid/formats/gguf_file.hpp"

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

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

// Two tensors: w [2, 3] of F32 in the first 32 bytes of data, h [4] of F16 after them.
GgufBytes small() {
  GgufBytes file;
  file.u32("answer", 42);
  file.tensor("w", {3, 2}, 0, 0);
  file.tensor("h", {4}, 1, 32);
  for (const float number : {1.F, 2.F, 3.F, 4.F, 5.F, 6.F}) file.data += raw(number);
  file.data.resize(32);
  for (const int half : {0x3C00, 0xC500, 0x0000, 0x7BFF}) {
    file.data += raw(static_cast<std::uint16_t>(half));
  }
  return file;
}

std::string error_of(const std::string& bytes) {
  const ScratchDirectory directory;
  put(directory / "f", bytes);
  return failure(directory.path(), [&] { GgufFile{directory / "f"}; });
}

std::vector<float> row(const GgufFile& file, const std::string& name, Index index) {
  const GgufTensor& tensor = *file.find(name);
  std::vector<float> numbers(static_cast<std::size_t>(tensor.shape.back()));
  file.read_row(tensor, index, numbers);
  return numbers;
}

}  // namespace

TEST_CASE("by hand: two tensors, sizes the other way round, data at a multiple of 32") {
  const ScratchDirectory directory;
  put(directory / "f", small().bytes());
  CHECK(is_gguf(directory / "f"));
  const GgufFile file(directory / "f");
  CHECK(file.keys().integer("answer") == 42);
  REQUIRE(file.tensors().size() == 2);
  CHECK(file.find("w")->shape == std::vector<Index>{2, 3});
  CHECK(file.find("w")->begin % 32 == 0);
  CHECK(row(file, "w", 1) == std::vector<float>{4, 5, 6});
  CHECK(row(file, "h", 0) == std::vector<float>{1, -5, 0, 65504});
  file.release(*file.find("w"));
  CHECK(row(file, "w", 0) == std::vector<float>{1, 2, 3});
  CHECK(file.find("x") == nullptr);
}

TEST_CASE("property: what the writer writes, the reader reads, in every type") {
  const ScratchDirectory directory;
  std::vector<float> numbers(64);
  for (std::size_t i = 0; i < 64; ++i) numbers[i] = static_cast<float>(i % 8) - 4;
  numbers[31] = numbers[63] = -8;  // a step of 1: exact in Q4_0
  const auto give = [&](Index index) {
    return std::span<const float>(numbers).subspan(static_cast<std::size_t>(index) * 32, 32);
  };
  const std::vector<GgufTensorToWrite> tensors{{"a", {2, 32}, BlockType::q4_0, give},
                                               {"b", {2, 32}, BlockType::f32, give},
                                               {"c", {32}, BlockType::f16, give},
                                               {"d", {2, 32}, BlockType::q8_0, give}};
  GgufKeyWriter keys;
  keys.text("general.architecture", "none");
  write_gguf(directory / "f", keys, tensors);
  REQUIRE(error_of(get(directory / "f")) == "no error");
  const GgufFile file(directory / "f");
  CHECK(file.keys().text("general.architecture") == "none");
  CHECK(file.find("c")->shape == std::vector<Index>{32});
  for (const char* name : {"a", "b", "c"}) {
    CAPTURE(name);
    const std::vector<float> got = row(file, name, name[0] == 'c' ? 0 : 1);
    CHECK(got == std::vector<float>(numbers.begin() + (name[0] == 'c' ? 0 : 32),
                                    numbers.begin() + (name[0] == 'c' ? 32 : 64)));
  }
  write_gguf(directory / "g", keys, tensors);
  CHECK(get(directory / "f") == get(directory / "g"));
}

TEST_CASE("property: a file cut at any byte is refused in one line") {
  const std::string bytes = small().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const std::string message = error_of(bytes.substr(0, size));
    CHECK(message.starts_with("f: "));
    CHECK(message != "no error");
  }
}

TEST_CASE("property: a byte changed anywhere is read or refused, never worse") {
  const std::string bytes = small().bytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char value : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string changed = bytes;
      changed[at] = value;
      const std::string message = error_of(changed);
      CHECK((message == "no error" || message.starts_with("f: ")));
    }
  }
}

TEST_CASE("edges: version 2, another alignment, any order of data, bytes behind the last tensor") {
  GgufBytes file = small();
  file.version = 2;
  CHECK(error_of(file.bytes()) == "no error");
  file.u32("general.alignment", 64);
  file.alignment = 64;
  file.tensors.clear();
  file.tensor("h", {4}, 1, 64);
  file.tensor("w", {3, 2}, 0, 0);
  file.data.insert(32, 32, '\0');
  file.data += "more";
  const ScratchDirectory directory;
  put(directory / "f", file.bytes());
  const GgufFile read(directory / "f");
  CHECK(row(read, "h", 0)[1] == -5);
  CHECK(row(read, "w", 1)[2] == 6);
  CHECK(error_of(GgufBytes{}.bytes()) == "no error");  // no keys, no tensors
  put(directory / "short", "GG");
  CHECK(!is_gguf(directory / "short"));
}

TEST_CASE("misuse: the first bytes") {
  GgufBytes file = small();
  file.magic = "GGML";
  CHECK(error_of(file.bytes()) == "f: does not begin with GGUF");
  file = small();
  file.version = 1;
  CHECK(error_of(file.bytes()) == "f: has version 1, expected 2 or 3");
  file.version = 3U << 24;
  CHECK(error_of(file.bytes()) == "f: is big-endian, expected little-endian");
  file = small();
  file.tensor_count = kHuge;
  CHECK(error_of(file.bytes()).starts_with("f: "));
  file = small();
  file.key_count = kHuge;
  CHECK(error_of(file.bytes()).starts_with("f: "));
  file = small();
  file.u32("general.alignment", 48);
  CHECK(error_of(file.bytes()) ==
        "f: key \"general.alignment\" is 48, expected a power of two up to 1048576");
  file = small();
  file.u32("general.alignment", 0);
  CHECK(error_of(file.bytes()) ==
        "f: key \"general.alignment\" is 0, expected a power of two up to 1048576");
}

TEST_CASE("misuse: a tensor that lies about its name, sizes, type or place") {
  const auto error = [](const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                        std::uint64_t offset, const std::string& name = "x") {
    GgufBytes file = small();
    file.tensor(name, sizes, type, offset);
    file.data.resize(128);
    return error_of(file.bytes());
  };
  CHECK(error({4}, 0, 64) == "no error");
  CHECK(error({4}, 0, 64, "w") == "f: tensor \"w\" occurs twice");
  CHECK(error({}, 0, 64) == "f: tensor \"x\": has 0 sizes, expected 1 to 4");
  CHECK(error({1, 1, 1, 1, 1}, 0, 64) == "f: tensor \"x\": has 5 sizes, expected 1 to 4");
  CHECK(error({4, 0}, 0, 64) ==
        "f: tensor \"x\": size 1 is 0, expected 1 or more, and less than 2^60 numbers in all");
  CHECK(error({std::uint64_t{1} << 32, std::uint64_t{1} << 32}, 0, 64) ==
        "f: tensor \"x\": size 1 is 4294967296, expected 1 or more, and less than 2^60 numbers in "
        "all");
  CHECK(error({kHuge}, 0, 64).starts_with("f: tensor \"x\": size 0 is 18446744073709551615"));
  CHECK(error({4}, 12, 64) ==
        "f: tensor \"x\": has type 12, expected 0 (F32), 1 (F16), 2 (Q4_0), 8 (Q8_0) or 30 (BF16)");
  CHECK(error({33}, 8, 64) ==
        "f: tensor \"x\": has rows of 33 numbers, expected a multiple of 32 for Q8_0");
  CHECK(error({16, 2}, 8, 64) ==
        "f: tensor \"x\": has rows of 16 numbers, expected a multiple of 32 for Q8_0");
  CHECK(error({4}, 0, 65) == "f: tensor \"x\": offset is 65, expected a multiple of 32");
  CHECK(error({4}, 0, 128) ==
        "f: tensor \"x\": shape [4] of F32 takes 16 bytes from 128, expected them within the 128 "
        "bytes of data");
  CHECK(error({17}, 0, 64).starts_with("f: tensor \"x\": shape [17] of F32 takes 68 bytes"));
  CHECK(error({4}, 0, kHuge - 31).starts_with("f: tensor \"x\": shape [4] of F32 takes 16 bytes"));
  // The end would be 2^64, which wraps round to 0.
  CHECK(error({8}, 0, kHuge - 31).starts_with("f: tensor \"x\": shape [8] of F32 takes 32 bytes"));
  CHECK(error({4}, 0, 32) == "f: tensors \"h\" and \"x\" overlap at byte 192");
  CHECK(error({std::uint64_t{1} << 59}, 0, 64).starts_with("f: tensor \"x\": shape ["));
}

TEST_CASE("misuse: a tensor that begins within another") {
  GgufBytes file;
  file.tensor("a", {4}, 0, 32);
  file.tensor("b", {9}, 0, 0);  // 36 bytes
  file.data.resize(64);
  CHECK(error_of(file.bytes()).starts_with("f: tensors \"b\" and \"a\" overlap at byte "));
}

TEST_CASE("misuse: numbers that cannot be stored leave the old file untouched") {
  const ScratchDirectory directory;
  put(directory / "f", "old");
  const std::vector<float> numbers{70000.F};
  const std::vector<GgufTensorToWrite> tensors{
      {"w", {1}, BlockType::f16, [&](Index) -> std::span<const float> { return numbers; }}};
  CHECK(failure(directory.path(), [&] { write_gguf(directory / "f", {}, tensors); }) ==
        "f: number_blocks: 70000 cannot be stored as a half, expected at most 65504");
  CHECK(get(directory / "f") == "old");
  CHECK(directory.entries() == 1);
}
