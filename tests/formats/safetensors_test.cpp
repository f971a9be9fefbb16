#include "limpid/formats/safetensors.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

const std::vector<float> kNumbers{1, -2, 0.5F, 3, 4, 5};

std::vector<TensorToWrite> two_tensors() {
  static const std::vector<double> doubles{1e300, -0.0};
  return {tensor_to_write<double>("moments", {2}, doubles),
          tensor_to_write<float>("weight", {2, 3}, kNumbers)};
}

std::string small_file() {
  const ScratchDirectory directory;
  write_safetensors(directory / "f", {{"step", "7"}}, two_tensors());
  return get(directory / "f");
}

}  // namespace

TEST_CASE("by hand: the bytes of a small file") {
  // One tensor [2] at bytes 0 to 8; its header has 54 characters and is padded to 56.
  const ScratchDirectory directory;
  const std::vector<float> two{1.F, -2.F};
  const std::vector<TensorToWrite> tensors{tensor_to_write<float>("w", {2}, two)};
  write_safetensors(directory / "f", {}, tensors);
  const std::string header = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  REQUIRE(header.size() == 54);
  const std::string expected = std::string("\x38\0\0\0\0\0\0\0", 8) + header + "  " +
                               std::string("\0\0\x80\x3F\0\0\0\xC0", 8);
  CHECK(get(directory / "f") == expected);
}

TEST_CASE("property: what is written is read back, to the bit") {
  const ScratchDirectory directory;
  const std::vector<float> odd{kInfinity, -0.F, 1e-45F, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<double> doubles{0.1, -1e308};
  const std::vector<std::int64_t> integers{std::numeric_limits<std::int64_t>::min(), 5, -1};
  const std::vector<std::uint8_t> bytes{0, 255, 10};
  const std::vector<TensorToWrite> tensors{
      tensor_to_write<double>("d", {2}, doubles), tensor_to_write<std::int64_t>("i", {3}, integers),
      tensor_to_write<float>("f", {2, 2}, odd), tensor_to_write<std::uint8_t>("b", {3, 1}, bytes)};
  const std::map<std::string, std::string> notes{{"json", R"({"a":[1,"\n"]})"}, {"\xC3\xA9", ""}};
  write_safetensors(directory / "f", notes, tensors);

  const SafetensorsFile file(directory / "f");
  CHECK(file.metadata() == notes);
  REQUIRE(file.tensors().size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(file.tensors()[i].name == tensors[i].name);
    CHECK(file.tensors()[i].dtype == tensors[i].dtype);
    CHECK(file.tensors()[i].shape == tensors[i].shape);
  }
  const auto same = [&](const char* name, const auto& numbers) {
    const std::vector<std::byte> stored = file.read_bytes(name);
    const auto expected = std::as_bytes(std::span(numbers));
    return stored.size() == expected.size() &&
           std::memcmp(stored.data(), expected.data(), stored.size()) == 0;
  };
  CHECK(same("d", doubles));
  CHECK(same("i", integers));
  CHECK(same("f", odd));
  CHECK(same("b", bytes));
  const std::vector<float> again = file.read("f");
  CHECK(std::memcmp(again.data(), odd.data(), 16) == 0);
}

TEST_CASE("property: same tensors, same bytes") {
  CHECK(small_file() == small_file());
}

TEST_CASE("property: more numbers than a piece of the conversion are all converted") {
  const ScratchDirectory directory;
  std::vector<double> doubles(10'001);
  for (std::size_t i = 0; i < doubles.size(); ++i) doubles[i] = static_cast<double>(i) / 8;
  const std::vector<TensorToWrite> tensors{tensor_to_write<double>("d", {10'001}, doubles)};
  write_safetensors(directory / "f", {}, tensors);
  const std::vector<float> floats = SafetensorsFile(directory / "f").read("d");
  REQUIRE(floats.size() == doubles.size());
  CHECK(std::equal(floats.begin(), floats.end(), doubles.begin()));
}

TEST_CASE("fixture: Python's struct wrote it, in seven dtypes and with the keys in disorder") {
  const SafetensorsFile file(std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/safetensors.bin");
  CHECK(file.metadata().at("note") == "caf\xC3\xA9 \"quoted\"\n");
  REQUIRE(file.tensors().size() == 8);
  CHECK(file.tensors().front().name == "f64");
  CHECK(file.read("f64") == std::vector<float>{0.1F, -0.F});
  CHECK(file.read("f32") == std::vector<float>{1.5F, -2.25F, 0.1F, kInfinity, -kInfinity, 1e-45F});
  std::vector<float> half = file.read("f16");
  REQUIRE(half.size() == 8);
  CHECK(std::isnan(half.back()));
  half.pop_back();
  CHECK(half ==
        std::vector<float>{1.F, -2.5F, 65504.F, 0x1p-24F, -0x1p-14F, kInfinity, -kInfinity});
  std::vector<float> brain = file.read("bf16");
  REQUIRE(brain.size() == 7);
  CHECK(std::isnan(brain.back()));
  brain.pop_back();
  CHECK(brain == std::vector<float>{1.F, -2.5F, 0x1p127F, 0x1p-133F, kInfinity, -kInfinity});
  CHECK(file.read("scalar") == std::vector<float>{3.F});
  CHECK(file.info("scalar").shape.empty());
  CHECK(file.read("empty").empty());
  std::vector<std::int64_t> integers(2);
  const std::vector<std::byte> stored = file.read_bytes("i64");
  REQUIRE(stored.size() == 16);
  std::memcpy(integers.data(), stored.data(), 16);
  CHECK(integers == std::vector<std::int64_t>{-1, std::int64_t{1} << 62});
  CHECK(file.read_bytes("u8") ==
        std::vector<std::byte>{std::byte{0}, std::byte{127}, std::byte{255}});
}

TEST_CASE("edges: a file without tensors, a tensor without numbers") {
  const ScratchDirectory directory;
  write_safetensors(directory / "none", {}, {});
  CHECK(get(directory / "none") == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  CHECK(SafetensorsFile(directory / "none").tensors().empty());
  const std::vector<TensorToWrite> tensors{tensor_to_write<float>("w", {3, 0}, {})};
  write_safetensors(directory / "empty", {}, tensors);
  CHECK(SafetensorsFile(directory / "empty").read("w").empty());
}

TEST_CASE("misuse: a file cut at any byte, or longer than it says, is refused") {
  const ScratchDirectory directory;
  const std::string whole = small_file();
  put(directory / "f", whole);
  CHECK_NOTHROW(SafetensorsFile{directory / "f"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    put(directory / "f", whole.substr(0, size));
    const std::string message =
        failure(directory.path(), [&] { SafetensorsFile{directory / "f"}; });
    CHECK(message.starts_with("f: "));
  }
  put(directory / "f", whole + "x");
  CHECK(failure(directory.path(), [&] { SafetensorsFile{directory / "f"}; }) ==
        "f: has 41 bytes of data, expected 40 as the header says");
}

TEST_CASE("misuse: any flipped bit of the header is read or refused in one line, never more") {
  const ScratchDirectory directory;
  const std::string whole = small_file();
  for (std::size_t bit = 0; bit < (whole.size() - 40) * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    put(directory / "f", changed);
    const std::string message = failure(directory.path(), [&] {
      const SafetensorsFile file(directory / "f");
      for (const TensorInfo& tensor : file.tensors()) file.read_bytes(tensor.name);
    });
    if (message != "no error" && !message.starts_with("f: ")) FAIL_CHECK(message);
  }
}

TEST_CASE("misuse: lengths that the file cannot have are refused before memory is taken") {
  const ScratchDirectory directory;
  const auto open = [&](const std::string& bytes) {
    put(directory / "f", bytes);
    return failure(directory.path(), [&] { SafetensorsFile{directory / "f"}; });
  };
  CHECK(open("") == "f: has 0 bytes, expected at least 8: the header's length");
  CHECK(open("1234567") == "f: has 7 bytes, expected at least 8: the header's length");
  CHECK(open(std::string(8, '\xFF')) ==
        "f: header length is 18446744073709551615, expected at most 0");
  CHECK(open(std::string(7, '\0') + "\x7F{}") ==
        "f: header length is 9151314442816847872, expected at most 2");
  CHECK(open(std::string(8, '\0')) == "f: header does not begin with '{' as expected");
  // A sparse file of 200 MB whose header claims all of it: refused by the limit.
  put(directory / "f", std::string("\xF8\xC1\xEB\x0B\0\0\0\0", 8));
  std::filesystem::resize_file(directory / "f", 200'000'000);
  CHECK(failure(directory.path(), [&] { SafetensorsFile{directory / "f"}; }) ==
        "f: header length is 199999992, expected at most 100000000");
}

TEST_CASE("misuse: another name, size or dtype than the file has") {
  const ScratchDirectory directory;
  const std::vector<std::int64_t> integers{1};
  const std::vector<TensorToWrite> tensors{tensor_to_write<std::int64_t>("i", {1}, integers),
                                           tensor_to_write<float>("w", {6}, kNumbers)};
  write_safetensors(directory / "f", {}, tensors);
  const SafetensorsFile file(directory / "f");
  std::vector<float> five(5);
  const auto error = [&](auto action) { return failure(directory.path(), action); };
  CHECK(error([&] { file.read("v"); }) == "f: tensor \"v\" is missing");
  CHECK(error([&] { file.read_into("w", five); }) == "f: tensor \"w\" has 6 numbers, expected 5");
  CHECK(error([&] { file.read("i"); }) ==
        "f: tensor \"i\" has dtype I64, expected F32, F64, F16 or BF16");
  CHECK(file.has("w"));
  CHECK(!file.has("v"));
}

TEST_CASE("misuse: a tensor that comes with another size leaves the old file untouched") {
  const ScratchDirectory directory;
  write_safetensors(directory / "f", {}, two_tensors());
  const std::string before = get(directory / "f");
  const std::vector<TensorToWrite> tensors{tensor_to_write<float>("w", {7}, kNumbers)};
  CHECK_THROWS_WITH_AS(write_safetensors(directory / "f", {}, tensors),
                       "safetensors: tensor \"w\" of shape [7] came with 24 bytes, expected 28",
                       std::invalid_argument);
  CHECK(get(directory / "f") == before);
  CHECK(directory.entries() == 1);
}
