#include "limpid/formats/safetensors_shards.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "limpid/formats/file_handle.hpp"

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;
using nlohmann::json;

// NO gradient check: a file has no gradient
// NO fixture: huggingface_test reads PyTorch's models, cut into shards
// NO accumulation: nothing accumulates

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";

void write_shard(const std::filesystem::path& path, const std::vector<std::string>& names,
                 const std::vector<float>& numbers) {
  std::vector<TensorToWrite> tensors;
  for (const std::string& name : names) {
    tensors.push_back(tensor_to_write<float>(name, {static_cast<Index>(numbers.size())}, numbers));
  }
  write_safetensors(path, {}, tensors);
}

// Two shards: a and c in the first, b in the second.
json good_index() {
  return {{"metadata", {{"total_size", 24}}},
          {"weight_map",
           {{"a", "one.safetensors"}, {"b", "two.safetensors"}, {"c", "one.safetensors"}}}};
}

void write_good_shards(const std::filesystem::path& directory) {
  write_shard(directory / "one.safetensors", {"a", "c"}, {1, 2});
  write_shard(directory / "two.safetensors", {"b"}, {3, 4});
}

// How opening the good shards with another index fails.
std::string error_of(const std::string& index) {
  const ScratchDirectory directory;
  write_good_shards(directory.path());
  put(directory / kIndex, index);
  return failure(directory.path(), [&] { SafetensorsShards{directory.path()}; });
}

std::string error_with(const std::string& tensor, const json& shard) {
  json index = good_index();
  index["weight_map"][tensor] = shard;
  return error_of(index.dump());
}

}  // namespace

TEST_CASE("by hand: two shards are one set of tensors") {
  const ScratchDirectory directory;
  write_good_shards(directory.path());
  put(directory / kIndex, good_index().dump());
  const SafetensorsShards shards(directory.path());
  CHECK(shards.path() == directory / kIndex);
  CHECK(shards.names() == std::vector<std::string>{"a", "b", "c"});
  CHECK(shards.file_of("b").path() == directory / "two.safetensors");
  CHECK(shards.file_of("b").read("b") == std::vector<float>{3, 4});
  CHECK(shards.file_of("c").read("c") == std::vector<float>{1, 2});
  CHECK(shards.has("a"));
  CHECK(!shards.has("d"));
  CHECK(failure(directory.path(), [&] { shards.file_of("d"); }) ==
        "model.safetensors.index.json: tensor \"d\" is missing");
}

TEST_CASE("property: one file is the same as shards") {
  const ScratchDirectory directory;
  write_shard(directory / "model.safetensors", {"c", "a"}, {5});
  const SafetensorsShards shards(directory.path());
  CHECK(shards.names() == std::vector<std::string>{"a", "c"});
  CHECK(shards.file_of("a").read("a") == std::vector<float>{5});
  CHECK(failure(directory.path(), [&] { shards.file_of("b"); }) ==
        "model.safetensors: tensor \"b\" is missing");
}

TEST_CASE("edges: beside one whole file the index is not looked at; total_size is a note") {
  const ScratchDirectory directory;
  write_shard(directory / "model.safetensors", {"a"}, {5});
  put(directory / kIndex, "not JSON");
  CHECK(SafetensorsShards(directory.path()).names() == std::vector<std::string>{"a"});
  json index = good_index();
  index["metadata"]["total_size"] = 7;
  CHECK(error_of(index.dump()) == "no error");
  index.erase("metadata");
  CHECK(error_of(index.dump()) == "no error");
}

TEST_CASE("misuse: no file at all is told of the whole file") {
  const ScratchDirectory directory;
  CHECK(failure(directory.path(), [&] { SafetensorsShards{directory.path()}; }) ==
        "model.safetensors: no such file");
}

TEST_CASE("misuse: shards that are missing or broken") {
  CHECK(error_with("d", "three.safetensors") == "three.safetensors: no such file");
  const ScratchDirectory directory;
  write_good_shards(directory.path());
  put(directory / kIndex, good_index().dump());
  put(directory / "two.safetensors", "12345678{}");
  CHECK(failure(directory.path(), [&] {
          SafetensorsShards{directory.path()};
        }).starts_with("two.safetensors: header length is "));
}

TEST_CASE("misuse: an index and shards that disagree") {
  CHECK(error_with("d", "one.safetensors") ==
        "one.safetensors: tensor \"d\" is missing, expected here as model.safetensors.index.json "
        "says");
  CHECK(error_with("b", "one.safetensors") ==
        "one.safetensors: tensor \"b\" is missing, expected here as model.safetensors.index.json "
        "says");
  CHECK(error_with("c", "two.safetensors") ==
        "one.safetensors: tensor \"c\" is here, expected \"two.safetensors\" as "
        "model.safetensors.index.json says");
  json index = good_index();
  index["weight_map"].erase("c");
  CHECK(error_of(index.dump()) ==
        "one.safetensors: tensor \"c\" is here, expected nowhere as model.safetensors.index.json "
        "says");
  // The same tensor in both shards.
  const ScratchDirectory directory;
  write_good_shards(directory.path());
  write_shard(directory / "two.safetensors", {"b", "a"}, {3, 4});
  put(directory / kIndex, good_index().dump());
  CHECK(failure(directory.path(), [&] { SafetensorsShards{directory.path()}; }) ==
        "two.safetensors: tensor \"a\" is here, expected \"one.safetensors\" as "
        "model.safetensors.index.json says");
}

TEST_CASE("misuse: shards that lie elsewhere") {
  for (const char* shard : {"../one.safetensors", "/etc/one.safetensors", "a/one.safetensors",
                            "a\\one.safetensors", "one.bin", "", ".."}) {
    CHECK(error_with("a", shard) == "model.safetensors.index.json: weight_map: \"a\" is in " +
                                        in_quotes(shard) +
                                        ", expected the name of a .safetensors file here");
  }
  CHECK(error_with("a", std::string("one\0.safetensors", 16))
            .ends_with("expected the name of a .safetensors file here"));
}

TEST_CASE("misuse: an index that is none") {
  const std::string name = std::string(kIndex) + ": ";
  CHECK(error_of("") == name + "is not JSON, at byte 1");
  CHECK(error_of("[]") == name + "is not a JSON object, expected {...}");
  CHECK(error_of("{}") == name + "weight_map is null, expected object");
  CHECK(error_of(R"({"weight_map": []})") == name + "weight_map is [], expected object");
  CHECK(error_of(R"({"weight_map": {}})") ==
        name + "weight_map is empty, expected the names of tensors");
  CHECK(error_with("a", 1) == name + "weight_map: \"a\" is in 1, expected the name of a file");
  CHECK(error_of(R"({"weight_map": {"a": "one.safetensors", "a": "two.safetensors"}})") ==
        name + "\"a\" occurs twice");
  CHECK(error_of(R"({"weight_map": {"a": {"b": {"c": 1}}}})") ==
        name + "nests deeper than 2 levels");
  const std::string good = good_index().dump();
  for (std::size_t i = 0; i < good.size(); ++i) {
    CHECK(error_of(good.substr(0, i)).starts_with(name + "is not JSON"));
  }
}
