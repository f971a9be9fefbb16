#include "limpid/train/checkpoint.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "limpid/formats/safetensors.hpp"
#include "limpid/tokenizer/hash.hpp"

#include "small_trainer.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO by hand: the numbers are whatever training made
// NO gradient check: a file has no gradient
// NO fixture: the file is this project's own; its container is checked in formats/safetensors
// NO accumulation: nothing accumulates

namespace {

RunOptions rich_options() {
  RunOptions options = small_options();
  options.model.dropout = 0.1;
  options.accumulate = 2;
  return options;
}

RunRecord record_of(const Trainer& trainer) {
  RunRecord record;
  record.options = trainer.options;
  record.files = {"a.txt", "b \"c\".txt"};
  record.origin = RunOrigin{"runs/a model", 0.1};
  record.data_fingerprint = 0xFFFF'FFFF'FFFF'FFF1;  // beyond what a double holds
  record.tokenizer_fingerprint = 7;
  return record;
}

// The state with another record, whose sum is right: as another program might write it.
template <class Change>
void rewrite(const std::filesystem::path& path, Change change) {
  std::map<std::string, std::string> metadata;
  std::vector<TensorInfo> infos;
  std::vector<std::vector<float>> numbers;
  {
    const SafetensorsFile file(path);
    metadata = file.metadata();
    infos = file.tensors();
    for (const TensorInfo& info : infos) numbers.push_back(file.read(info.name));
  }
  metadata["limpid_run"] = change(metadata.at("limpid_run"));
  metadata["limpid_run_sum"] = fmt::format("{:016x}", hash_bytes(metadata.at("limpid_run")));
  std::vector<TensorToWrite> tensors;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    tensors.push_back(tensor_to_write<float>(infos[i].name, infos[i].shape, numbers[i]));
  }
  write_safetensors(path, metadata, tensors);
}

}  // namespace

TEST_CASE("property: a restored trainer goes on with the same bits, with both optimizers") {
  const ScratchDirectory directory;
  RunOptions options = rich_options();
  for (const char* optimizer : {"adamw", "muon"}) {
    CAPTURE(optimizer);
    options.optimizer = optimizer;
    Trainer whole = small_trainer(options), first = small_trainer(options);
    for (int i = 0; i < 20; ++i) whole.step();
    for (int i = 0; i < 7; ++i) first.step();
    save_state(directory / "s", record_of(first), first);
    Trainer second = small_trainer(options);
    restore_state(directory / "s", second);
    CHECK(second.steps_done() == 7);
    CHECK(all_numbers(second) == all_numbers(first));
    for (int i = 7; i < 20; ++i) second.step();
    CHECK(all_numbers(second) == all_numbers(whole));
  }
}

TEST_CASE("property: equal states are equal bytes; the record comes back") {
  const ScratchDirectory directory;
  Trainer trainer = small_trainer(rich_options());
  trainer.step();
  save_state(directory / "a", record_of(trainer), trainer);
  Trainer other = small_trainer(rich_options());
  restore_state(directory / "a", other);
  save_state(directory / "b", record_of(other), other);
  CHECK(get(directory / "a") == get(directory / "b"));
  CHECK(directory.entries() == 2);  // no temporary is left

  const RunRecord record = read_record(directory / "a");
  CHECK(record.step == 1);
  CHECK(record.files == record_of(trainer).files);
  CHECK(record.data_fingerprint == 0xFFFF'FFFF'FFFF'FFF1);
  CHECK(record.tokenizer_fingerprint == 7);
  CHECK(record.options.entries() == trainer.options.entries());
  REQUIRE(record.origin);
  CHECK(record.origin->init == "runs/a model");
  CHECK(record.origin->minutes == 0.1);
  // A state from before the origin was kept is read too, and does not pretend to know it.
  rewrite(directory / "a", [](std::string json) {
    const std::size_t begin = json.find(",\"origin\":{");
    return json.erase(begin, json.find('}', begin) + 1 - begin);
  });
  CHECK(!read_record(directory / "a").origin);
  CHECK_NOTHROW(restore_state(directory / "a", other));
}

TEST_CASE("edges: the state of step 0") {
  const ScratchDirectory directory;
  Trainer trainer = small_trainer();
  save_state(directory / "s", record_of(trainer), trainer);
  Trainer other = small_trainer();
  for (int i = 0; i < 3; ++i) other.step();
  restore_state(directory / "s", other);
  CHECK(other.steps_done() == 0);
  trainer.step();
  other.step();
  CHECK(all_numbers(other) == all_numbers(trainer));
}

TEST_CASE("property: a state with one bit flipped is refused, wherever the bit is") {
  const ScratchDirectory directory;
  Trainer trainer = small_trainer(rich_options());
  trainer.step();
  save_state(directory / "s", record_of(trainer), trainer);
  const std::string whole = get(directory / "s");
  Trainer other = small_trainer(rich_options());
  int flips = 0;
  for (std::size_t at = 0; at < whole.size(); at += at < 4000 ? 7 : 61) {
    CAPTURE(at);
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ (1 << at % 8));
    put(directory / "s", altered);
    const std::string message = failure(directory.path(), [&] {
      read_record(directory / "s");
      restore_state(directory / "s", other);
    });
    CHECK(message.starts_with("s: "));
    ++flips;
  }
  CHECK(flips > 500);
  put(directory / "s", whole);
  restore_state(directory / "s", other);
  CHECK(all_numbers(other) == all_numbers(trainer));
}

TEST_CASE("misuse: cut short, altered, of another model") {
  const ScratchDirectory directory;
  Trainer trainer = small_trainer();
  save_state(directory / "s", record_of(trainer), trainer);
  const std::string whole = get(directory / "s");
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    CAPTURE(length);
    put(directory / "s", whole.substr(0, length));
    CHECK(failure(directory.path(), [&] { read_record(directory / "s"); }).starts_with("s: "));
  }
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    put(directory / "s", text);
    return failure(directory.path(), [&] { read_record(directory / "s"); });
  };
  // Replacements of the same length leave the container whole.
  CHECK(replaced("limpid_run", "limpid_ran").starts_with("s: not the state of a run"));
  CHECK(replaced("\\\"version\\\":2", "\\\"version\\\":9") == "s: state of version 9, expected 2");
  CHECK(replaced("\\\"step\\\":0", "\\\"step\\\":1") ==
        "s: damaged: metadata 'limpid_run' has another sum than when it was written");
  CHECK(replaced("limpid_run_sum", "limpid_run_son").starts_with("s: damaged: metadata"));

  put(directory / "s", whole);
  RunOptions wider = small_options();
  wider.model.hidden = 48;
  Trainer other = small_trainer(wider);
  CHECK(failure(directory.path(), [&] {
          restore_state(directory / "s", other);
        }).find("has shape [32, 16], expected [48, 16]") != std::string::npos);
  RunOptions deeper = small_options();
  deeper.model.layers = 2;
  Trainer another = small_trainer(deeper);
  CHECK(failure(directory.path(), [&] {
          restore_state(directory / "s", another);
        }).find("blocks.1") != std::string::npos);
}

TEST_CASE("misuse: a record that is whole, and not what a record holds") {
  const ScratchDirectory directory;
  Trainer trainer = small_trainer();
  const auto problem = [&](auto change) {
    save_state(directory / "s", record_of(trainer), trainer);
    rewrite(directory / "s", change);
    return failure(directory.path(), [&] {
      read_record(directory / "s");
      restore_state(directory / "s", trainer);
    });
  };
  const auto with = [&](const char* pointer, const nlohmann::json& value) {
    return problem([&](const std::string& record) {
      nlohmann::json json = nlohmann::json::parse(record);
      json[nlohmann::json::json_pointer(pointer)] = value;
      return json.dump();
    });
  };
  CHECK(problem([](const std::string& record) { return record; }) == "no error");
  CHECK(problem([](const std::string& record) {
          return record + "}";
        }).starts_with("s: metadata 'limpid_run': "));
  CHECK(with("/version", "two").starts_with("s: metadata 'limpid_run': "));
  CHECK(with("/options/layers", "x") ==
        "s: metadata 'limpid_run': options: layers is 'x', expected a whole number");
  CHECK(with("/files", 3).starts_with("s: metadata 'limpid_run': "));
  CHECK(with("/batches", {{"seed", 1}}).starts_with("s: metadata 'limpid_run': "));
  CHECK(with("/dropout", "x").starts_with("s: metadata 'limpid_run': "));
  CHECK(with("/tensors", 5) ==
        "s: damaged: its tensors have another sum than when they were written");
}
