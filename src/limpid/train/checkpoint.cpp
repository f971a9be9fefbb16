#include "limpid/train/checkpoint.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "limpid/formats/safetensors.hpp"
#include "limpid/tokenizer/hash.hpp"

namespace limpid {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kVersion = 2;
constexpr const char* kKey = "limpid_run";
constexpr const char* kSum = "limpid_run_sum";

std::string sum_text(std::string_view record) {
  return fmt::format("{:016x}", hash_bytes(record));
}

OrderedJson read_json(const SafetensorsFile& file) {
  const auto found = file.metadata().find(kKey);
  if (found == file.metadata().end()) {
    throw std::runtime_error(fmt::format("{}: not the state of a run: its metadata has no '{}'",
                                         file.path().string(), kKey));
  }
  try {
    OrderedJson json = OrderedJson::parse(found->second);
    if (json.at("version").get<int>() != kVersion) {
      throw std::runtime_error(fmt::format("{}: state of version {}, expected {}",
                                           file.path().string(), json.at("version").dump(),
                                           kVersion));
    }
    const auto sum = file.metadata().find(kSum);
    if (sum == file.metadata().end() || sum->second != sum_text(found->second)) {
      throw std::runtime_error(
          fmt::format("{}: damaged: metadata '{}' has another sum than when it "
                      "was written",
                      file.path().string(), kKey));
    }
    return json;
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: metadata '{}': {}", file.path().string(), kKey, error.what()));
  }
}

// Calls visit(name, values) for every tensor of the state, in the file's order.
template <class Visit>
void for_each_tensor(Trainer& trainer, Visit&& visit) {
  for (const Parameter<float>& p : trainer.parameters) {
    visit("parameter/" + p.name, p.shape, p.value);
  }
  const auto size = [](std::span<float> values) {
    return std::vector<Index>{static_cast<Index>(values.size())};
  };
  for (const AdamW<float>::Moments& moments : trainer.adamw.moments()) {
    visit("first_moment/" + moments.name, size(moments.first), moments.first);
    visit("second_moment/" + moments.name, size(moments.second), moments.second);
  }
  for (const Muon<float>::Momentum& momentum : trainer.muon.momenta()) {
    visit("momentum/" + momentum.name, size(momentum.values), momentum.values);
  }
}

// Of every number of the state and its name.
std::uint64_t sum_of_tensors(Trainer& trainer) {
  std::uint64_t sum = 0;
  for_each_tensor(trainer, [&](std::string_view name, const std::vector<Index>&,
                               std::span<const float> values) {
    const auto bytes = std::as_bytes(values);
    sum = hash_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                     hash_bytes(name, sum));
  });
  return sum;
}

}  // namespace

void save_state(const std::filesystem::path& path, const RunRecord& record, Trainer& trainer) {
  OrderedJson options = OrderedJson::object();
  for (const auto& [key, value] : record.options.entries()) options[key] = value;
  const BatchState place = trainer.batches.state();
  OrderedJson json = {
      {"version", kVersion},
      {"options", options},
      {"files", record.files},
      {"data", record.data_fingerprint},
      {"tokenizer", record.tokenizer_fingerprint},
      {"step", trainer.steps_done()},
      {"optimizer_steps", trainer.adamw.steps()},
      {"batches", {{"seed", place.seed}, {"epoch", place.epoch}, {"row", place.row}}},
      {"dropout", trainer.dropout.state()},
      {"tensors", sum_of_tensors(trainer)},
  };
  if (record.origin) {
    json["origin"] = {{"init", record.origin->init}, {"minutes", record.origin->minutes}};
  }
  const std::string text = json.dump();
  std::vector<TensorToWrite> tensors;
  for_each_tensor(
      trainer, [&](std::string name, const std::vector<Index>& shape, std::span<float> values) {
        tensors.push_back(tensor_to_write(std::move(name), shape, std::span<const float>(values)));
      });
  write_safetensors(path, {{kKey, text}, {kSum, sum_text(text)}}, tensors);
}

RunRecord read_record(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const OrderedJson json = read_json(file);
  RunRecord record;
  try {
    for (const auto& [key, value] : json.at("options").items()) {
      record.options.set(key, value.get<std::string>());
    }
    record.files = json.at("files").get<std::vector<std::string>>();
    if (const auto origin = json.find("origin"); origin != json.end()) {
      record.origin =
          RunOrigin{origin->at("init").get<std::string>(), origin->at("minutes").get<double>()};
    }
    record.data_fingerprint = json.at("data").get<std::uint64_t>();
    record.tokenizer_fingerprint = json.at("tokenizer").get<std::uint64_t>();
    record.step = json.at("step").get<Index>();
  } catch (const std::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: metadata '{}': {}", path.string(), kKey, error.what()));
  }
  return record;
}

void restore_state(const std::filesystem::path& path, Trainer& trainer) {
  const SafetensorsFile file(path);
  const OrderedJson json = read_json(file);
  for_each_tensor(trainer, [&](const std::string& name, const std::vector<Index>& shape,
                               std::span<float> values) {
    if (file.info(name).shape != shape) {
      throw std::runtime_error(
          fmt::format("{}: tensor '{}' has shape [{}], expected [{}]", path.string(), name,
                      fmt::join(file.info(name).shape, ", "), fmt::join(shape, ", ")));
    }
    file.read_into(name, values);
  });
  try {
    const OrderedJson& place = json.at("batches");
    trainer.batches.restore({place.at("seed").get<std::uint64_t>(), place.at("epoch").get<Index>(),
                             place.at("row").get<Index>()});
    trainer.adamw.set_steps(json.at("optimizer_steps").get<Index>());
    trainer.dropout.set_state(json.at("dropout").get<std::uint64_t>());
    trainer.set_steps_done(json.at("step").get<Index>());
    if (json.at("tensors").get<std::uint64_t>() != sum_of_tensors(trainer)) {
      throw std::runtime_error(fmt::format(
          "{}: damaged: its tensors have another sum than when they were written", path.string()));
    }
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: metadata '{}': {}", path.string(), kKey, error.what()));
  }
}

}  // namespace limpid
