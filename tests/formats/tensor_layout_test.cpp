#include "limpid/formats/tensor_layout.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "limpid/core/rng.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO fixture: safetensors_test reads a whole file that Python made
// NO accumulation: nothing accumulates

namespace {

constexpr Index kHuge = std::numeric_limits<Index>::max();

std::string check(std::vector<TensorInfo> tensors, std::uint64_t data_bytes) {
  return failure("", [&] { check_layout("f", tensors, data_bytes); });
}

std::string place(std::vector<TensorInfo> tensors) {
  return failure("", [&] { lay_out(tensors); });
}

}  // namespace

TEST_CASE("by hand: names, bytes and shapes of dtypes") {
  CHECK(dtype_name(Dtype::bf16) == "BF16");
  CHECK(dtype_bytes(Dtype::bf16) == 2);
  CHECK(dtype_from_name("F64") == Dtype::f64);
  CHECK(dtype_from_name("f64") == std::nullopt);
  CHECK(shape_text({}) == "[]");
  CHECK(shape_text({2, 0, 5}) == "[2, 0, 5]");
}

TEST_CASE("by hand: three tensors one after the other") {
  std::vector<TensorInfo> tensors{{.name = "a", .dtype = Dtype::f64, .shape = {2, 3}},
                                  {.name = "b", .dtype = Dtype::f32, .shape = {0, 9}},
                                  {.name = "c", .dtype = Dtype::f16, .shape = {}}};
  lay_out(tensors);
  CHECK(tensors[0].end == 48);
  CHECK(tensors[0].count() == 6);
  CHECK(tensors[1].begin == 48);
  CHECK(tensors[1].end == 48);
  CHECK(tensors[2].end == 50);
  CHECK(tensors[2].count() == 1);
}

TEST_CASE("property: what is laid out passes the check in any order, and comes back sorted") {
  Rng rng(1);
  for (int round = 0; round < 100; ++round) {
    std::vector<TensorInfo> tensors;
    for (std::uint64_t i = rng.below(8); i > 0; --i) {
      tensors.push_back({.name = std::to_string(i),
                         .dtype = static_cast<Dtype>(rng.below(15)),
                         .shape = {static_cast<Index>(1 + rng.below(4)), 3}});
    }
    lay_out(tensors);
    const std::uint64_t bytes = tensors.empty() ? 0 : tensors.back().end;
    std::vector<TensorInfo> mixed = tensors;
    for (std::size_t i = mixed.size(); i > 1; --i) std::swap(mixed[i - 1], mixed[rng.below(i)]);
    check_layout("f", mixed, bytes);
    for (std::size_t i = 0; i < mixed.size(); ++i) CHECK(mixed[i].name == tensors[i].name);
    CHECK(check(mixed, bytes + 1) != "no error");
    if (bytes > 0) CHECK(check(mixed, bytes - 1) != "no error");
  }
}

TEST_CASE("property: every dtype's name is its own") {
  for (int i = 0; i < 15; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    CHECK(dtype_from_name(dtype_name(dtype)) == dtype);
  }
}

TEST_CASE("edges: a zero among huge sizes, the largest product that fits") {
  CHECK(place({{.name = "a", .dtype = Dtype::f64, .shape = {kHuge, kHuge, 0}}}) == "no error");
  CHECK(place({{.name = "a", .dtype = Dtype::u8, .shape = {kHuge}}}) == "no error");
}

TEST_CASE("edges: an empty tensor at the place of another, listed behind it") {
  const TensorInfo four{.name = "a", .dtype = Dtype::u8, .shape = {4}, .begin = 0, .end = 4};
  const TensorInfo none{.name = "b", .dtype = Dtype::u8, .shape = {0}, .begin = 0, .end = 0};
  CHECK(check({four, none}, 4) == "no error");
  CHECK(check({none, four}, 4) == "no error");
}

TEST_CASE("misuse: tensors that no file can hold") {
  const std::string expected =
      ", expected up to 8 sizes of 0 or more, and less than 2^63 bytes in all";
  CHECK(place({{.name = "a", .shape = {1}}, {.name = "a", .shape = {1}}}) ==
        "tensor_layout: tensor \"a\" occurs twice");
  CHECK(place({{.name = "a", .shape = {-1}}}) ==
        "tensor_layout: tensor \"a\" has shape [-1]" + expected);
  CHECK(place({{.name = "a", .shape = {1, 1, 1, 1, 1, 1, 1, 1, 1}}}) ==
        "tensor_layout: tensor \"a\" has shape [1, 1, 1, 1, 1, 1, 1, 1, 1]" + expected);
  CHECK(place({{.name = "a", .dtype = Dtype::f16, .shape = {kHuge}}}) ==
        "tensor_layout: tensor \"a\" has shape [9223372036854775807]" + expected);
  // Each fits, all together do not.
  CHECK(place({{.name = "a", .dtype = Dtype::u8, .shape = {kHuge}},
               {.name = "b", .dtype = Dtype::u8, .shape = {1}}}) ==
        "tensor_layout: tensor \"b\" has shape [1]" + expected);
}

TEST_CASE("misuse: places that a file cannot have") {
  // The messages in full are in safetensors_header_test.
  const TensorInfo good{.name = "a", .dtype = Dtype::u8, .shape = {4}, .begin = 0, .end = 4};
  CHECK(check({good}, 4) == "no error");
  TensorInfo bad = good;
  bad.end = std::numeric_limits<std::uint64_t>::max();
  CHECK(check({bad}, 4).starts_with("f: tensor \"a\": data_offsets are [0, 1844"));
  bad = good;
  bad.shape = {kHuge, 3};
  CHECK(check({bad}, 4).find("overflows") != std::string::npos);
  CHECK(check({good, good}, 4) == "f: tensor \"a\" occurs twice");
  const auto second = [&](std::uint64_t begin, std::uint64_t bytes) {
    return check(
        {good, {.name = "b", .dtype = Dtype::u8, .shape = {4}, .begin = begin, .end = begin + 4}},
        bytes);
  };
  CHECK(second(4, 8) == "no error");
  CHECK(second(5, 9) ==
        "f: tensor \"b\": data begins at byte 5, expected 4: no hole and no overlap");
  CHECK(second(3, 8) ==
        "f: tensor \"b\": data begins at byte 3, expected 4: no hole and no overlap");
}
