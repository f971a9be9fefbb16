#include "limpid/formats/safetensors_shards.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <set>
#include <utility>

#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/json_fields.hpp"
#include "limpid/formats/text_file.hpp"

namespace limpid {
namespace {

using nlohmann::json;

/// The index of a model of a hundred thousand tensors has a tenth of it.
constexpr std::uint64_t kLargestIndex = 100'000'000;
constexpr int kDeepestIndex = 2;  // weight_map's names, metadata's values

using ShardOf = std::map<std::string, std::string>;  // by tensor

/// A shard lies beside the index: a name that leads elsewhere is refused.
void check_shard_name(const std::string& tensor, const std::string& shard) {
  const bool plain = shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos &&
                     shard.ends_with(".safetensors");
  if (!plain) {
    reject(fmt::format("weight_map: {} is in {}, expected the name of a .safetensors file here",
                       in_quotes(tensor), in_quotes(shard)));
  }
}

ShardOf read_index(const std::filesystem::path& path) {
  const std::string text = read_text_file(path, kLargestIndex);
  return in_file(path, [&] {
    const json index = parse_json<json>(text, unique_keys<json>(kDeepestIndex));
    if (!index.is_object()) reject("is not a JSON object, expected {...}");
    ShardOf shard_of;
    for (const auto& [tensor, shard] :
         get(index, "", "weight_map", json::value_t::object).items()) {
      if (!shard.is_string()) {
        reject(fmt::format("weight_map: {} is in {}, expected the name of a file",
                           in_quotes(tensor), shown(shard)));
      }
      shard_of[tensor] = shard.get<std::string>();
      check_shard_name(tensor, shard_of[tensor]);
    }
    if (shard_of.empty()) reject("weight_map is empty, expected the names of tensors");
    return shard_of;
  });
}

}  // namespace

SafetensorsShards::SafetensorsShards(const std::filesystem::path& directory)
    : path_(directory / "model.safetensors") {
  const std::filesystem::path index = directory / "model.safetensors.index.json";
  if (!std::filesystem::exists(path_) && std::filesystem::exists(index)) {
    path_ = index;
    open_shards();
    return;
  }
  files_.emplace_back(path_);
  for (const TensorInfo& tensor : files_.front().tensors()) places_[tensor.name] = 0;
}

void SafetensorsShards::open_shards() {
  const ShardOf shard_of = read_index(path_);
  const std::string index = path_.filename().string();
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : shard_of) shards.insert(shard);
  for (const std::string& shard : shards) {
    const SafetensorsFile& file = files_.emplace_back(path_.parent_path() / shard);
    for (const TensorInfo& tensor : file.tensors()) {
      const auto said = shard_of.find(tensor.name);
      if (said == shard_of.end() || said->second != shard) {
        fail_file(file.path(),
                  fmt::format("tensor {} is here, expected {} as {} says", in_quotes(tensor.name),
                              said == shard_of.end() ? "nowhere" : in_quotes(said->second), index));
      }
      places_[tensor.name] = files_.size() - 1;
    }
  }
  for (const auto& [tensor, shard] : shard_of) {
    if (!has(tensor)) {
      fail_file(
          path_.parent_path() / shard,
          fmt::format("tensor {} is missing, expected here as {} says", in_quotes(tensor), index));
    }
  }
}

std::vector<std::string> SafetensorsShards::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : places_) names.push_back(name);
  return names;
}

const SafetensorsFile& SafetensorsShards::file_of(std::string_view name) const {
  const auto found = places_.find(name);
  if (found == places_.end())
    fail_file(path_, fmt::format("tensor {} is missing", in_quotes(name)));
  return files_[found->second];
}

}  // namespace limpid
