#include "limpid/formats/gguf_config.hpp"

#include <doctest/doctest.h>

#include <string>

#include "formats/gguf_bytes.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates

namespace {

// A llama of one layer: width 4, 2 heads of 2, 1 key head, hidden 3, 5 tokens, tied.
struct Keys {
  std::uint32_t width = 4, heads = 2, context = 7;
  float epsilon = 1e-5F;
  std::string architecture = "llama";
};

GgufBytes file_of(const Keys& keys) {
  GgufBytes file;
  file.text("general.architecture", keys.architecture);
  file.u32("llama.context_length", keys.context);
  file.u32("llama.embedding_length", keys.width);
  file.u32("llama.block_count", 1);
  file.u32("llama.feed_forward_length", 3);
  file.u32("llama.attention.head_count", keys.heads);
  file.u32("llama.attention.head_count_kv", 1);
  file.f32("llama.attention.layer_norm_rms_epsilon", keys.epsilon);
  file.tensor("token_embd.weight", {4, 5}, 0, 0);
  // The other numbers of such a model, as one tensor: 8 gains, 8 queries rows, ... are 88 in all.
  file.tensor("rest", {4 + 8 + 4 * 4 + 2 * 4 + 2 * 4 + 4 * 4 + 3 * 12}, 0, 96);
  file.data.resize(96 + 4 * 96);
  return file;
}

GgufDescription read(const GgufBytes& file) {
  const ScratchDirectory directory;
  put(directory / "f", file.bytes());
  return read_gguf_config(GgufFile(directory / "f"));
}

std::string error_of(const GgufBytes& file) {
  const ScratchDirectory directory;
  put(directory / "f", file.bytes());
  return failure(directory.path(), [&] { read_gguf_config(GgufFile(directory / "f")); });
}

}  // namespace

TEST_CASE("by hand: the keys of a llama, and what they are when they are missing") {
  const GgufDescription description = read(file_of({}));
  Config expected;
  expected.family = Family::llama;
  expected.vocab = 5;
  expected.context = 7;
  expected.layers = 1;
  expected.heads = 2;
  expected.kv_heads = 1;
  expected.width = 4;
  expected.hidden = 3;
  expected.norm_epsilon = 1e-5;  // not the nearest float to it
  expected.tied = true;
  CHECK(description.model.config == expected);
  CHECK(!description.model.begin_token);
  CHECK(description.model.end_tokens.empty());
  CHECK(!description.begins_texts);
}

TEST_CASE("by hand: begin and end tokens, and when they stand before a prompt") {
  GgufBytes file = file_of({});
  file.u32("tokenizer.ggml.bos_token_id", 1);
  file.u32("tokenizer.ggml.eos_token_id", 2);
  file.u32("tokenizer.ggml.eot_token_id", 4);
  GgufDescription description = read(file);
  CHECK(description.model.begin_token == 1);
  CHECK(description.model.end_tokens == std::vector<Index>{2, 4});
  CHECK(!description.begins_texts);
  file.text("tokenizer.ggml.model", "llama");
  CHECK(read(file).begins_texts);
  file.key("tokenizer.ggml.add_bos_token", 7, std::string(1, '\0'));
  CHECK(!read(file).begins_texts);
}

TEST_CASE("by hand: a head of its own; as many key heads as heads, when no key says less") {
  GgufBytes file = file_of({});
  file.tensor("output.weight", {4, 5}, 0, 480);
  file.data.resize(560);
  CHECK(!read(file).model.config.tied);
  file = file_of({});
  std::erase_if(file.keys, [](const std::string& key) {
    return key.find("head_count_kv") != std::string::npos;
  });
  file.tensor("more", {2 * 2 * 4}, 0, 480);  // two rows more of the keys, and of the values
  file.data.resize(544);
  CHECK(read(file).model.config.kv_heads == 2);
}

TEST_CASE("property: what the writer writes, the reader reads") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    GgufDescription description;
    Config& config = description.model.config;
    config.family = family;
    config.vocab = 5;
    config.context = 3;
    config.layers = 1;
    config.width = 4;
    config.heads = config.kv_heads = 2;
    config.hidden = 3;
    config.norm_epsilon = 1e-6;
    if (family == Family::llama) config.rotary_base = 500000;
    description.model.begin_token = 4;
    description.model.end_tokens = {4, 2, 1};
    GgufKeyWriter keys;
    keys.text("general.architecture", family_name(family));
    write_gguf_config(keys, description);
    const std::vector<float> numbers(static_cast<std::size_t>(config.parameter_count()) - 20);
    const auto give = [&](Index) { return std::span<const float>(numbers); };
    const auto four = [&](Index) { return std::span<const float>(numbers).first(4); };
    const std::vector<GgufTensorToWrite> tensors{
        {"token_embd.weight", {5, 4}, BlockType::f32, four},
        {"rest", {static_cast<Index>(numbers.size())}, BlockType::f32, give}};
    const ScratchDirectory directory;
    write_gguf(directory / "f", keys, tensors);
    CHECK(read_gguf_config(GgufFile(directory / "f")) == description);
  }
}

TEST_CASE("fixture: the keys that Python wrote, unknown ones among them") {
  const std::string folder = std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/";
  for (const std::string name : {"gpt2", "llama"}) {
    const ConfigJson expected = read_config_json(folder + "huggingface/" + name + "/config.json");
    const GgufDescription got = read_gguf_config(GgufFile(folder + "gguf/" + name + ".gguf"));
    Config config = expected.config;
    config.dropout = 0;  // no key says it
    CHECK(got.model.config == config);
    CHECK(got.model.begin_token == expected.begin_token);
    CHECK(got.model.end_tokens.front() == expected.end_tokens.front());
  }
}

TEST_CASE("edges: keys that say what a model here does anyway") {
  GgufBytes file = file_of({});
  file.u32("llama.rope.dimension_count", 2);
  file.u32("llama.attention.key_length", 2);
  file.u32("llama.expert_count", 0);
  file.text("llama.rope.scaling.type", "none");
  file.f32("llama.rope.scaling.factor", 1);
  file.f32("llama.rope.freq_base", 500000);
  CHECK(read(file).model.config.rotary_base == 500000);
}

TEST_CASE("misuse: keys that lie, or ask for another model") {
  const auto with = [](auto change) {
    GgufBytes file = file_of({});
    change(file);
    return error_of(file);
  };
  CHECK(error_of(file_of({.architecture = "mamba"})) ==
        "f: key \"general.architecture\" is \"mamba\", expected \"gpt2\" or \"llama\"");
  CHECK(error_of(GgufBytes{}) == "f: key \"general.architecture\" is missing");
  CHECK(
      error_of(file_of({.width = 6})) ==
      "f: config: width 6 / heads 2 gives head width 3, expected an even number: rotary positions "
      "turn pairs");
  CHECK(error_of(file_of({.width = 8})) ==
        "f: the tensors hold 116 numbers, expected 328 as the keys say");
  CHECK(error_of(file_of({.width = 4'000'000'000})) ==
        "f: config: width is 4000000000, expected 1 to 1000000");
  CHECK(error_of(file_of({.context = 5'000'000})) ==
        "f: a context of 5000000 positions asks for 10000000 cosines and sines, expected at most "
        "4000000");
  CHECK(error_of(file_of({.context = 2'000'000})) == "no error");
  CHECK(error_of(file_of({.heads = 0})) == "f: config: heads is 0, expected 1 to 4");
  CHECK(error_of(file_of({.context = 0})) == "f: config: context is 0, expected 1 to 10000000");
  CHECK(error_of(file_of({.epsilon = 2})) ==
        "f: config: norm_epsilon is 2, expected between 0 and 1");
  CHECK(with([](GgufBytes& file) { file.u32("llama.vocab_size", 6); }) ==
        "f: the tensors hold 116 numbers, expected 120 as the keys say");
  CHECK(with([](GgufBytes& file) { file.u32("llama.rope.dimension_count", 4); }) ==
        "f: key \"llama.rope.dimension_count\" is 4, expected 2");
  CHECK(with([](GgufBytes& file) { file.u32("llama.expert_count", 8); }) ==
        "f: key \"llama.expert_count\" is 8, expected 0");
  CHECK(with([](GgufBytes& file) { file.f32("llama.rope.scaling.factor", 4); }) ==
        "f: key \"llama.rope.scaling.factor\" is 4, expected 1");
  CHECK(with([](GgufBytes& file) { file.text("llama.rope.scaling.type", "yarn"); }) ==
        "f: key \"llama.rope.scaling.type\" is \"yarn\", expected \"none\"");
  CHECK(with([](GgufBytes& file) { file.f32("llama.attention.scale", 0.5); }) ==
        "f: key \"llama.attention.scale\" is not known here: a model that ignored it might be "
        "another");
  CHECK(with([](GgufBytes& file) { file.f32("gpt2.attention.scale", 0.5); }) == "no error");
  CHECK(with([](GgufBytes& file) { file.u32("tokenizer.ggml.bos_token_id", 5); }) ==
        "f: key \"tokenizer.ggml.bos_token_id\" is 5, expected 0 to 4");
  CHECK(with([](GgufBytes& file) { file.tensors.erase(file.tensors.begin()); }) ==
        "f: tensor \"token_embd.weight\" is missing");
}
