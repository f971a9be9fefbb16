#include "limpid/formats/huggingface.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "limpid/formats/config_json.hpp"
#include "limpid/formats/safetensors.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tokenizer/character.hpp"

#include "support/fixture.hpp"
#include "support/models.hpp"
#include "support/random.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;
using nlohmann::json;

// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates

namespace {

// A file's tensors, to be changed and written again.
struct Tensors {
  std::vector<TensorInfo> infos;
  std::vector<std::vector<float>> numbers;

  explicit Tensors(const std::filesystem::path& path) {
    const SafetensorsFile file(path);
    infos = file.tensors();
    for (const TensorInfo& info : infos) numbers.push_back(file.read(info.name));
  }
  std::size_t find(const std::string& name) const {
    std::size_t i = 0;
    while (i < infos.size() && infos[i].name != name) ++i;
    REQUIRE(i < infos.size());
    return i;
  }
  void add(const std::string& name, const std::vector<Index>& shape, std::vector<float> values) {
    infos.push_back({.name = name, .dtype = Dtype::f32, .shape = shape});
    numbers.push_back(std::move(values));
  }
  void write(const std::filesystem::path& path) const {
    std::vector<TensorToWrite> tensors;
    for (std::size_t i = 0; i < infos.size(); ++i) {
      tensors.push_back(tensor_to_write<float>(infos[i].name, infos[i].shape, numbers[i]));
    }
    write_safetensors(path, {}, tensors);
  }
};

// Writes a model, changes its tensors, and tells how reading them into another model fails. A
// failure must leave that model untouched.
template <class Change>
std::string error_after(const Config& config, Change change) {
  const ScratchDirectory directory;
  Decoder<float> model = random_model(config, 1);
  write_model_weights(directory.path(), config, model.parameters());
  Tensors tensors(directory / "model.safetensors");
  change(tensors);
  tensors.write(directory / "model.safetensors");
  Decoder<float> into = random_model(config, 2), before = random_model(config, 2);
  const std::string message = failure(
      directory.path(), [&] { read_model_weights(directory.path(), config, into.parameters()); });
  CHECK((message == "no error" ? same_bits(into, model) : same_bits(into, before)));
  return message;
}

}  // namespace

TEST_CASE("by hand: GPT-2's fused projection is transposed") {
  const Config config = tiny_config(Family::gpt2, true);
  const ScratchDirectory directory;
  Decoder<float> model = random_model(config, 1);
  write_model_weights(directory.path(), config, model.parameters());
  const SafetensorsFile file(directory / "model.safetensors");
  CHECK(file.metadata().at("format") == "pt");
  const std::string name = "transformer.h.1.attn.c_attn.weight";
  CHECK(file.info(name).shape == std::vector<Index>{4, 12});
  const std::vector<float> theirs = file.read(name);
  for (const Parameter<float>& parameter : model.parameters()) {
    if (parameter.name != "blocks.1.attention.qkv.weight") continue;
    // Ours is [12, 4]: output 7, input 2 is at 7 * 4 + 2. Theirs is [4, 12]: at 2 * 12 + 7.
    CHECK(theirs[2 * 12 + 7] == parameter.value[7 * 4 + 2]);
    CHECK(theirs[11] == parameter.value[11 * 4]);
  }
}

TEST_CASE("by hand: Llama's queries, keys and values are rows of one matrix here") {
  const Config config = tiny_config(Family::llama, true);
  const ScratchDirectory directory;
  Decoder<float> model = random_model(config, 1);
  write_model_weights(directory.path(), config, model.parameters());
  const SafetensorsFile file(directory / "model.safetensors");
  CHECK(!file.has("lm_head.weight"));
  for (const Parameter<float>& parameter : model.parameters()) {
    if (parameter.name != "blocks.0.attention.qkv.weight") continue;
    // Head width 2, 2 query heads, 1 key head: rows 0-3, 4-5, 6-7 of 4 numbers each.
    const auto rows = [&](std::size_t begin, std::size_t end) {
      return std::vector<float>(parameter.value.begin() + 4 * begin,
                                parameter.value.begin() + 4 * end);
    };
    CHECK(file.read("model.layers.0.self_attn.q_proj.weight") == rows(0, 4));
    CHECK(file.read("model.layers.0.self_attn.k_proj.weight") == rows(4, 6));
    CHECK(file.read("model.layers.0.self_attn.v_proj.weight") == rows(6, 8));
    CHECK(file.info("model.layers.0.self_attn.k_proj.weight").shape == std::vector<Index>{2, 4});
  }
}

TEST_CASE("property: written and read, a model has the same bits; written again, the same bytes") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      const Config config = tiny_config(family, tied);
      const ScratchDirectory directory;
      Decoder<float> model = random_model(config, 1);
      write_model(directory / "run/model", config, model.parameters(), EndToken{4, "<end>"});
      const ConfigJson description = read_config_json(directory / "run/model/config.json");
      CHECK(description.config == config);
      CHECK(description.begin_token == 4);
      Decoder<float> again = random_model(description.config, 2);
      read_model_weights(directory / "run/model", config, again.parameters());
      CHECK(same_bits(again, model));
      write_model(directory / "second", config, again.parameters(), EndToken{4, "<end>"});
      for (const char* name : {"config.json", "model.safetensors", "generation_config.json",
                               "tokenizer_config.json"}) {
        CHECK(get(directory / "second" / name) == get(directory / "run/model" / name));
      }
    }
  }
}

TEST_CASE("property: in BF16 every number is the nearest one, whichever way it lies in the file") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    const Config config = tiny_config(family, false);
    const CharacterTokenizer tokenizer = CharacterTokenizer::from_text("abc");
    const ScratchDirectory directory;
    Decoder<float> model = random_model(config, 1), again = random_model(config, 2);
    REQUIRE_NOTHROW(write_model_directory(directory.path(), {.config = config}, model.parameters(),
                                          tokenizer, Dtype::bf16));
    CHECK(read_config_json(directory / "config.json").torch_dtype == "bfloat16");
    const SafetensorsFile file(directory / "model.safetensors");
    for (const TensorInfo& tensor : file.tensors()) CHECK(tensor.dtype == Dtype::bf16);
    read_model_weights(directory.path(), config, again.parameters());
    const Parameters<float> from = model.parameters(), to = again.parameters();
    for (std::size_t p = 0; p < from.size(); ++p) {
      int wrong = 0;
      for (std::size_t i = 0; i < from[p].value.size(); ++i) {
        // Within half a step of 8 binary digits; and different from the float, but for rare ones.
        wrong +=
            !(std::abs(to[p].value[i] - from[p].value[i]) <= std::abs(from[p].value[i]) * 0x1p-8F);
      }
      CHECK(wrong == 0);
    }
    CHECK(!same_bits(model, again));
    // What is BF16 already stays as it is.
    write_model_directory(directory / "again", {.config = config}, again.parameters(), tokenizer,
                          Dtype::bf16);
    CHECK(get(directory / "again/model.safetensors") == get(directory / "model.safetensors"));
  }
}

TEST_CASE("property: the small files name the end token, or none") {
  const Config config = tiny_config(Family::gpt2, true);
  const ScratchDirectory directory;
  write_model_description(directory.path(), config, EndToken{4, "<|end|>"});
  CHECK(json::parse(get(directory / "generation_config.json")).at("eos_token_id") == 4);
  json tokenizer = json::parse(get(directory / "tokenizer_config.json"));
  CHECK(tokenizer.at("eos_token") == "<|end|>");
  CHECK(tokenizer.at("model_max_length") == 3);
  write_model_description(directory.path(), config);
  CHECK(!json::parse(get(directory / "generation_config.json")).contains("eos_token_id"));
  CHECK(!json::parse(get(directory / "tokenizer_config.json")).contains("eos_token"));
}

TEST_CASE("property: a whole directory keeps the tokens that begin and end, whoever chose them") {
  const Config config = tiny_config(Family::llama, true);
  const CharacterTokenizer tokenizer = CharacterTokenizer::from_text("abc");
  const ScratchDirectory directory;
  Decoder<float> model = random_model(config, 1);
  const ConfigJson description{.config = config, .begin_token = 1, .end_tokens = {0, 2}};
  write_model_directory(directory.path(), description, model.parameters(), tokenizer);
  CHECK(read_config_json(directory / "config.json") == description);
  CHECK(read_tokenizer(directory / "tokenizer.json")->fingerprint() == tokenizer.fingerprint());
  const json generation = json::parse(get(directory / "generation_config.json"));
  CHECK(generation.at("bos_token_id") == 1);
  CHECK(generation.at("eos_token_id") == json{0, 2});
  const json small = json::parse(get(directory / "tokenizer_config.json"));
  CHECK(small.at("bos_token") == std::string(tokenizer.token_bytes(1)));
  CHECK(small.at("eos_token") == std::string(tokenizer.token_bytes(0)));
}

TEST_CASE("fixture: PyTorch's model files, cut into shards, are the same models") {
  for (const char* name : {"gpt2", "llama"}) {
    const std::string whole =
        std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/huggingface/" + name;
    const Config config = read_config_json(whole + "/config.json").config;
    Decoder<float> expected = random_model(config, 1), model = random_model(config, 2);
    read_model_weights(whole, config, expected.parameters());

    const ScratchDirectory directory;
    const Tensors all(whole + "/model.safetensors");
    json index{{"metadata", {{"total_size", 0}}}, {"weight_map", json::object()}};
    for (std::size_t shard = 0; shard < 3; ++shard) {
      const std::string file = "model-0000" + std::to_string(shard + 1) + "-of-00003.safetensors";
      Tensors part = all;
      part.infos.clear();
      part.numbers.clear();
      for (std::size_t i = shard; i < all.infos.size(); i += 3) {
        part.infos.push_back(all.infos[i]);
        part.numbers.push_back(all.numbers[i]);
        index["weight_map"][all.infos[i].name] = file;
      }
      part.write(directory / file);
    }
    put(directory / "model.safetensors.index.json", index.dump());
    read_model_weights(directory.path(), config, model.parameters());
    CHECK(same_bits(model, expected));

    // A shard that is gone, and one tensor fewer: nothing changes.
    Decoder<float> untouched = random_model(config, 2), before = random_model(config, 2);
    const std::string last = all.infos.back().name;
    const std::string file = index["weight_map"][last];
    std::filesystem::rename(directory / file, directory / "away");
    const auto error = [&] {
      return failure(directory.path(),
                     [&] { read_model_weights(directory.path(), config, untouched.parameters()); });
    };
    CHECK(error() == file + ": no such file");
    CHECK(same_bits(untouched, before));
  }
}

TEST_CASE("fixture: models in transformers' layout give PyTorch's logits") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    const std::string directory =
        std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/huggingface/" + name;
    const Fixture fixture("huggingface", name);
    const Config config = read_config_json(directory + "/config.json").config;
    Rng rng(1);
    Decoder<float> model(config, rng);
    read_model_weights(directory, config, model.parameters());

    // The logits were computed in double from these floats: so are ours.
    Decoder<double> precise(config, rng);
    const Parameters<float> from = model.parameters();
    const Parameters<double> to = precise.parameters();
    for (std::size_t i = 0; i < from.size(); ++i) {
      std::copy(from[i].value.begin(), from[i].value.end(), to[i].value.begin());
    }
    std::vector<std::int32_t> ids;
    for (const Index id : fixture.integers("ids")) ids.push_back(static_cast<std::int32_t>(id));
    const Context context{.batch = 1, .time = static_cast<Index>(ids.size())};
    const Matrix<double> expected = fixture.matrix("logits");
    CHECK(max_difference(precise.forward(ids, context, nullptr), expected) <= 1e-10);
    const Matrix<double> rounded = model.forward(ids, context, nullptr).cast<double>();
    CHECK(max_difference(rounded, expected) <= 1e-5);
  }
}

TEST_CASE("edges: GPT-2 without its first word, with masks, with the head a second time") {
  const Config config = tiny_config(Family::gpt2, true);
  CHECK(error_after(config, [](Tensors& tensors) {
          for (TensorInfo& info : tensors.infos) info.name.erase(0, sizeof "transformer." - 1);
        }) == "no error");
  CHECK(error_after(config, [](Tensors& tensors) {
          tensors.add("transformer.h.0.attn.bias", {1, 1, 1, 1}, {1});
          tensors.add("h.1.attn.masked_bias", {}, {-10000});
        }) == "no error");
  CHECK(error_after(config, [](Tensors& tensors) {
          tensors.add("lm_head.weight", {5, 4}, tensors.numbers[0]);
        }) == "no error");
}

TEST_CASE("misuse: a tied head that differs") {
  CHECK(error_after(tiny_config(Family::llama, true),
                    [](Tensors& tensors) {
                      std::vector<float> other = tensors.numbers[0];
                      other.back() += 1;
                      tensors.add("lm_head.weight", {5, 4}, other);
                    }) ==
        "model.safetensors: tensor \"lm_head.weight\" differs from \"model.embed_tokens.weight\", "
        "expected the same: config.json says tie_word_embeddings");
}

TEST_CASE("misuse: tensors that are missing, too many, or of another shape are named") {
  const Config config = tiny_config(Family::llama, false);
  CHECK(error_after(config, [](Tensors& tensors) {
          tensors.infos[tensors.find("model.layers.1.mlp.up_proj.weight")].name = "other";
        }) == "model.safetensors: tensor \"model.layers.1.mlp.up_proj.weight\" is missing");
  CHECK(error_after(config, [](Tensors& tensors) {
          tensors.infos[tensors.find("lm_head.weight")].name = "head";
        }) == "model.safetensors: tensor \"lm_head.weight\" is missing");
  CHECK(error_after(
            config,
            [](Tensors& tensors) { tensors.add("model.layers.2.mlp.up_proj.weight", {1}, {0}); }) ==
        "model.safetensors: tensor \"model.layers.2.mlp.up_proj.weight\" is not known in a llama "
        "model of 2 layers");
  // The same tensor under both of its names: one of them is too many.
  CHECK(error_after(config, [](Tensors& tensors) { tensors.add("norm.weight", {1}, {0}); }) ==
        "model.safetensors: tensor \"norm.weight\" is not known in a llama model of 2 layers");
  CHECK(error_after(
            config,
            [](Tensors& tensors) {
              tensors.infos[tensors.find("model.layers.0.mlp.gate_proj.weight")].shape = {4, 3};
            }) ==
        "model.safetensors: tensor \"model.layers.0.mlp.gate_proj.weight\" has shape [4, 3], "
        "expected [3, 4]");
  CHECK(error_after(config, [](Tensors& tensors) {
          tensors.infos[tensors.find("model.norm.weight")].shape = {4, 1};
        }) == "model.safetensors: tensor \"model.norm.weight\" has shape [4, 1], expected [4]");
}

TEST_CASE("misuse: a configuration that promises more than the file holds") {
  const ScratchDirectory directory;
  const Config config = tiny_config(Family::llama, false);
  Decoder<float> model = random_model(config, 1);
  write_model_weights(directory.path(), config, model.parameters());
  const auto error = [&](const Config& promised) {
    return failure(directory.path(), [&] { expect_model_weights(directory.path(), promised); });
  };
  CHECK(error(config) == "no error");
  Config larger = config;
  larger.layers = 10000;
  CHECK(error(larger) ==
        fmt::format("model.safetensors: the tensors hold {} numbers, expected {} as "
                    "config.json says",
                    config.parameter_count(), larger.parameter_count()));
  larger = config;
  larger.vocab += 1;
  CHECK(error(larger) != "no error");
}

TEST_CASE("misuse: no file, and parameters of another model") {
  const ScratchDirectory directory;
  const Config gpt2 = tiny_config(Family::gpt2, true), llama = tiny_config(Family::llama, true);
  Decoder<float> model = random_model(gpt2, 1);
  CHECK(failure(directory.path(), [&] {
          read_model_weights(directory.path(), gpt2, model.parameters());
        }) == "model.safetensors: no such file");
  CHECK(failure("", [&] { write_model_weights(directory.path(), llama, model.parameters()); }) ==
        "huggingface: the model has no parameter blocks.0.feed_forward.gate_up.weight");
  Config fewer = gpt2;
  fewer.layers = 1;
  CHECK(failure("", [&] {
          write_model_weights(directory.path(), fewer, model.parameters());
        }).starts_with("huggingface: the model has "));
  CHECK(failure("", [&] {
          write_model_weights(directory.path(), gpt2, model.parameters(), Dtype::f16);
        }) == "huggingface: weights cannot be written as F16, expected F32 or BF16");
  CHECK(directory.entries() == 0);
  put(directory / "file", "");
  CHECK(failure(directory.path(), [&] { write_model_description(directory / "file", gpt2); }) ==
        "file: cannot be created: Not a directory");
}
