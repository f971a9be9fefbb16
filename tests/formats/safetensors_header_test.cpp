#include "limpid/formats/safetensors_header.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "limpid/core/rng.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: safetensors_test reads a whole file that Python made
// NO accumulation: nothing accumulates

namespace {

constexpr const char* kTwo = R"({"__metadata__":{"format":"pt"},)"
                             R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                             R"("b":{"dtype":"U8","shape":[],"data_offsets":[24,25]}})";

std::string error_of(const std::string& json, std::uint64_t data_bytes) {
  return failure("", [&] { SafetensorsHeader::parse("f", json, data_bytes); });
}

// A header with one tensor of these fields, before data of 24 bytes.
std::string error_of_tensor(const std::string& fields) {
  return error_of(R"({"a":{)" + fields + "}}", 24);
}

std::string error_of_shape(const std::string& shape) {
  return error_of_tensor(R"("dtype":"F32","data_offsets":[0,24],"shape":)" + shape);
}

std::string error_of_offsets(const std::string& offsets) {
  return error_of_tensor(R"("dtype":"F32","shape":[6],"data_offsets":)" + offsets);
}

}  // namespace

TEST_CASE("by hand: two tensors and a note") {
  const SafetensorsHeader header = SafetensorsHeader::parse("f", kTwo, 25);
  REQUIRE(header.tensors.size() == 2);
  CHECK(header.metadata == std::map<std::string, std::string>{{"format", "pt"}});
  const TensorInfo& a = header.tensors[0];
  CHECK(a.name == "a");
  CHECK(a.dtype == Dtype::f32);
  CHECK(a.shape == std::vector<Index>{2, 3});
  CHECK(a.begin == 0);
  CHECK(a.end == 24);
  CHECK(a.count() == 6);
  CHECK(header.tensors[1].shape.empty());
  CHECK(header.tensors[1].count() == 1);
}

TEST_CASE("by hand: what is written is what is read, padded to 8 bytes") {
  SafetensorsHeader header;
  header.metadata["format"] = "pt";
  header.tensors.push_back({.name = "a", .dtype = Dtype::f32, .shape = {2, 3}});
  header.tensors.push_back({.name = "b", .dtype = Dtype::u8, .shape = {}});
  lay_out(header.tensors);
  CHECK(header.tensors.back().end == 25);
  const std::string json = header.to_json();
  CHECK(json.size() % 8 == 0);
  CHECK(json.substr(0, json.find_last_not_of(' ') + 1) == kTwo);
  for (std::size_t length = 1; length <= 8; ++length) {  // one of them needs no padding
    header.tensors[0].name = std::string(length, 'a');
    const std::string any = header.to_json();
    CHECK(any.size() % 8 == 0);
    CHECK(any.size() - any.find_last_not_of(' ') - 1 < 8);
  }
}

TEST_CASE("property: random headers survive writing and reading") {
  Rng rng(1);
  for (int round = 0; round < 50; ++round) {
    SafetensorsHeader header;
    const int count = static_cast<int>(rng.below(6));
    for (int i = 0; i < count; ++i) {
      TensorInfo tensor;
      tensor.name = "t\"\\\n\xC3\xA9" + std::to_string(i);
      tensor.dtype = static_cast<Dtype>(rng.below(15));
      for (std::uint64_t d = rng.below(4); d > 0; --d) {
        tensor.shape.push_back(static_cast<Index>(rng.below(5)));
      }
      header.tensors.push_back(tensor);
      header.metadata["key " + std::to_string(i)] = std::string(rng.below(9), '"');
    }
    lay_out(header.tensors);
    const std::uint64_t bytes = count == 0 ? 0 : header.tensors.back().end;
    const std::string json = header.to_json();
    const SafetensorsHeader again = SafetensorsHeader::parse("f", json, bytes);
    CHECK(again.metadata == header.metadata);
    REQUIRE(again.tensors.size() == header.tensors.size());
    // Empty tensors share their place with a neighbour, so compare by name.
    for (const TensorInfo& tensor : header.tensors) {
      const auto same = [&](const TensorInfo& other) {
        return other.name == tensor.name && other.dtype == tensor.dtype &&
               other.shape == tensor.shape && other.begin == tensor.begin &&
               other.end == tensor.end;
      };
      CHECK(std::any_of(again.tensors.begin(), again.tensors.end(), same));
    }
    CHECK(header.to_json() == json);
  }
}

TEST_CASE("property: a header that is cut anywhere is refused") {
  const std::string json = kTwo;
  for (std::size_t size = 0; size < json.size(); ++size) {
    CAPTURE(size);
    const std::string message = error_of(json.substr(0, size), 25);
    CHECK(message.starts_with("f: header"));
  }
}

TEST_CASE("property: with any byte replaced it is read or refused in one line, never more") {
  const std::string json = kTwo;
  for (std::size_t i = 0; i < json.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = json;
      changed[i] = static_cast<char>(byte);
      const std::string message = error_of(changed, 25);
      if (message != "no error" && !message.starts_with("f: ")) FAIL_CHECK(message);
    }
  }
}

TEST_CASE("edges: no tensors, empty tensors, white space after the end") {
  CHECK(SafetensorsHeader::parse("f", "{}", 0).tensors.empty());
  CHECK(SafetensorsHeader::parse("f", "{}  \n ", 0).tensors.empty());
  CHECK(SafetensorsHeader::parse("f", R"({"__metadata__":{}})", 0).metadata.empty());
  // A zero makes the tensor empty, whatever the other sizes multiply to.
  const std::string huge = std::to_string(std::numeric_limits<Index>::max());
  CHECK(error_of(R"({"a":{"dtype":"F64","shape":[)" + huge + "," + huge +
                     R"(,0],"data_offsets":[0,0]}})",
                 0) == "no error");
}

TEST_CASE("misuse: sizes that overflow, are negative or no integers") {
  CHECK(error_of_shape("[4611686018427387904,4]") ==
        "f: tensor \"a\": shape [4611686018427387904, 4] of F32 overflows, expected less than 2^63 "
        "bytes");
  CHECK(error_of_shape("[4294967296,4294967296]").find("overflows") != std::string::npos);
  CHECK(error_of_shape("[-6]") == "f: tensor \"a\": shape is -6, expected an integer of 0 or more");
  CHECK(error_of_shape("[9223372036854775808]") ==
        "f: tensor \"a\": shape is 9223372036854775808, expected an integer of 0 or more");
  CHECK(error_of_shape("[6.0]") ==
        "f: tensor \"a\": shape is \"6.0\", expected an integer of 0 or more");
  CHECK(error_of_shape("[18446744073709551622]").find("expected an integer") != std::string::npos);
  CHECK(error_of_shape("[1e999]").starts_with("f: header, byte "));
  CHECK(error_of_shape("[1,1,1,1,1,1,1,1,6]") ==
        "f: tensor \"a\": shape has more than 8 sizes, expected at most that");
  CHECK(error_of_shape("6") == "f: tensor \"a\": shape is 6, expected an array of sizes");
  CHECK(error_of_shape("[5]") ==
        "f: tensor \"a\": data_offsets span 24 bytes, expected 20 for shape [5] of F32");
}

TEST_CASE("misuse: offsets that leave the file, overlap or leave a hole") {
  CHECK(error_of_offsets("[0,25]") ==
        "f: tensor \"a\": data_offsets are [0, 25], expected begin <= end <= 24");
  CHECK(error_of_offsets("[24,0]") ==
        "f: tensor \"a\": data_offsets are [24, 0], expected begin <= end <= 24");
  CHECK(error_of_offsets("[18446744073709551615,23]").find("expected begin <= end <= 24") !=
        std::string::npos);
  CHECK(error_of_offsets("[0]") ==
        "f: tensor \"a\": data_offsets has 1 numbers, expected [begin, end]");
  CHECK(error_of_offsets("[0,24,24]") ==
        "f: tensor \"a\": data_offsets has more than 2 numbers, expected [begin, end]");
  CHECK(error_of_offsets("[-1,24]").find("is -1, expected an integer") != std::string::npos);
  CHECK(error_of_offsets("null") == "f: tensor \"a\": data_offsets is null, expected [begin, end]");

  const auto two = [](const std::string& a, const std::string& b, std::uint64_t bytes) {
    return error_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
                        R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                    bytes);
  };
  CHECK(two("[0,4]", "[4,8]", 8) == "no error");
  CHECK(two("[4,8]", "[0,4]", 8) == "no error");
  CHECK(two("[0,4]", "[3,7]", 8) ==
        "f: tensor \"b\": data begins at byte 3, expected 4: no hole and no overlap");
  CHECK(two("[0,4]", "[0,4]", 4).find("begins at byte 0, expected 4") != std::string::npos);
  CHECK(two("[1,5]", "[5,9]", 9).find("begins at byte 1, expected 0") != std::string::npos);
  CHECK(two("[0,4]", "[4,8]", 9) == "f: has 9 bytes of data, expected 8 as the header says");
}

TEST_CASE("misuse: another form than a header's") {
  CHECK(error_of("", 0) == "f: header does not begin with '{' as expected");
  CHECK(error_of("\xEF\xBB\xBF{}", 0) == "f: header does not begin with '{' as expected");
  CHECK(error_of("{} {}", 0).starts_with("f: header, byte "));
  CHECK(error_of(R"({"a":3})", 0) == "f: tensor \"a\" is 3, expected an object");
  CHECK(error_of(R"({"a":[]})", 0) == "f: tensor \"a\" is an array, expected an object");
  CHECK(error_of(R"({"__metadata__":[]})", 0) == "f: __metadata__ is an array, expected an object");
  CHECK(error_of(R"({"__metadata__":{"a":1}})", 0) ==
        "f: __metadata__: \"a\" is 1, expected a string");
  CHECK(error_of(R"({"__metadata__":{"a":"","a":""}})", 0) ==
        "f: __metadata__: \"a\" occurs twice");
  CHECK(error_of(R"({"__metadata__":{},"__metadata__":{}})", 0) == "f: __metadata__ occurs twice");
  CHECK(error_of_tensor(R"("dtype":"F32","shape":[6])") ==
        "f: tensor \"a\" data_offsets is missing");
  CHECK(error_of_tensor(R"("dtype":"F31")") ==
        "f: tensor \"a\": dtype is \"F31\", expected a known dtype such as \"F32\"");
  CHECK(error_of_tensor(R"("dtype":"F32","dtype":"F32")") == "f: tensor \"a\": dtype occurs twice");
  CHECK(error_of_tensor(R"("offset":0)") ==
        "f: tensor \"a\": offset is an unknown field, expected dtype, shape and data_offsets");
  CHECK(error_of(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                 R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
                 0) == "f: tensor \"a\" occurs twice");
  // Invalid UTF-8 and raw control characters are no JSON.
  CHECK(error_of("{\"\xFF\":{}}", 0).starts_with("f: header, byte "));
  CHECK(error_of("{\"a\nb\":{}}", 0).starts_with("f: header, byte "));
  CHECK(error_of(R"({"a\nb":1})", 0) == R"(f: tensor "a\x0ab" is 1, expected an object)");
}

TEST_CASE("misuse: deep nesting ends at the first level that does not belong") {
  for (const char* open : {"[", "{\"a\":", "[{\"a\":"}) {
    std::string deep = R"({"a":{"shape":)";
    for (int i = 0; i < 1'000'000; ++i) deep += open;
    const std::string message = error_of(deep, 0);
    CHECK(message.size() < 200);
    CHECK(message.starts_with("f: tensor \"a\": shape is an "));
  }
}

TEST_CASE("misuse: what cannot be written in a header") {
  const auto write = [](const std::string& name, const std::string& note) {
    SafetensorsHeader header{.tensors = {{.name = name, .shape = {1}}}, .metadata = {{"a", note}}};
    return failure("", [&] { header.to_json(); });
  };
  CHECK(write("a", "b") == "no error");
  CHECK(write("__metadata__", "b") == "safetensors: a tensor cannot be named __metadata__");
  CHECK(write("\xFF", "b") == "safetensors: \"\xFF\" is not UTF-8");
  CHECK(write("a", "\xC3") == "safetensors: \"\xC3\" is not UTF-8");
}
