#include "limpid/formats/gguf_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "limpid/tokenizer/byte.hpp"

#include "support/fixture.hpp"
#include "support/models.hpp"
#include "support/random.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates

namespace {

Config tiny(Family family, bool tied, Index width = 32) {
  Config config;
  config.family = family;
  config.vocab = 258;
  config.context = 3;
  config.layers = 2;
  config.width = width;
  config.heads = 4;
  config.kv_heads = family == Family::llama ? 2 : 4;
  config.hidden = 64;
  config.tied = tied;
  return config;
}

std::vector<std::string> write(const std::filesystem::path& path, Decoder<float>& model,
                               BlockType type) {
  return write_gguf_model(path, {.model = {.config = model.config}}, model.parameters(),
                          ByteTokenizer(), type);
}

Decoder<float> read(const std::filesystem::path& path) {
  const GgufFile file(path);
  const Config config = read_gguf_config(file).model.config;
  Decoder<float> model = random_model(config, 99);
  read_gguf_weights(file, config, model.parameters());
  return model;
}

}  // namespace

TEST_CASE("by hand: what is written as which type") {
  const ScratchDirectory directory;
  for (const Family family : {Family::gpt2, Family::llama}) {
    Decoder<float> model = random_model(tiny(family, false), 1);
    CHECK(write(directory / "f", model, BlockType::q4_0).empty());
    const GgufFile file(directory / "f");
    CHECK(file.keys().integer("general.file_type") == 2);
    for (const GgufTensor& tensor : file.tensors()) {
      CAPTURE(tensor.name);
      const bool wide = tensor.shape.size() == 1 || tensor.name == "position_embd.weight";
      CHECK(tensor.type == (wide ? BlockType::f32 : BlockType::q4_0));
    }
  }
  CHECK(gguf_type_from_name("q8_0") == BlockType::q8_0);
  // The file's type has numbers of its own: 7 for Q8_0, which is 8 as a tensor's type.
  Decoder<float> model = random_model(tiny(Family::llama, true), 1);
  write(directory / "f", model, BlockType::q8_0);
  CHECK(GgufFile(directory / "f").keys().integer("general.file_type") == 7);
}

TEST_CASE("property: F32 makes the round trip with the same bits; written again, the same bytes") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      const ScratchDirectory directory;
      Decoder<float> model = random_model(tiny(family, tied), 1);
      write(directory / "f", model, BlockType::f32);
      Decoder<float> back = read(directory / "f");
      CHECK(back.config == model.config);
      CHECK(same_bits(back, model));
      write(directory / "g", back, BlockType::f32);
      CHECK(get(directory / "f") == get(directory / "g"));
    }
  }
}

TEST_CASE("property: smaller types are near, and a model of their numbers comes back as it is") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const BlockType type : {BlockType::f16, BlockType::q8_0, BlockType::q4_0}) {
      const ScratchDirectory directory;
      Decoder<float> model = random_model(tiny(family, true), 1);
      write(directory / "f", model, type);
      Decoder<float> near = read(directory / "f");
      const double most = type == BlockType::f16 ? 0.002 : type == BlockType::q8_0 ? 0.02 : 0.6;
      const Parameters<float> left = model.parameters(), right = near.parameters();
      double difference = 0;
      for (std::size_t i = 0; i < left.size(); ++i) {
        for (std::size_t j = 0; j < left[i].value.size(); ++j) {
          difference = std::max<double>(difference, std::abs(left[i].value[j] - right[i].value[j]));
        }
      }
      CHECK(difference > 0);
      CHECK(difference <= most);
      write(directory / "g", near, type);
      Decoder<float> again = read(directory / "g");
      CHECK(same_bits(again, near));
    }
  }
}

TEST_CASE("fixture: models in GGUF's layout give PyTorch's logits") {
  for (const std::string name : {"gpt2", "llama"}) {
    CAPTURE(name);
    const Fixture fixture("huggingface", name);
    Decoder<float> model =
        read(std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/gguf/" + name + ".gguf");
    Rng rng(1);
    Decoder<double> precise(model.config, rng);
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
  }
}

TEST_CASE("edges: rows that are no whole blocks become F16, and the writer says so") {
  const ScratchDirectory directory;
  Decoder<float> model = random_model(tiny(Family::llama, true, 24), 1);
  const auto notes = write(directory / "f", model, BlockType::q8_0);
  REQUIRE(notes.size() == 2 * 6 + 1);  // all but ffn_down, whose rows have 64 numbers
  CHECK(notes.front() ==
        "token_embd.weight is written as F16: its rows of 24 numbers are no "
        "multiple of 32");
  const GgufFile file(directory / "f");
  CHECK(file.find("blk.0.attn_q.weight")->type == BlockType::f16);
  CHECK(file.find("blk.0.ffn_down.weight")->type == BlockType::q8_0);
}

TEST_CASE("edges: more end tokens than GGUF has keys for, and the writer says so") {
  const ScratchDirectory directory;
  Decoder<float> model = random_model(tiny(Family::llama, true), 1);
  GgufDescription description{.model = {.config = model.config}};
  const auto notes = [&] {
    return write_gguf_model(directory / "f", description, model.parameters(), ByteTokenizer(),
                            BlockType::f32);
  };
  description.model.end_tokens = {3, 1, 2};
  CHECK(notes().empty());
  description.model.end_tokens = {3, 1, 2, 0};
  CHECK(notes() ==
        std::vector<std::string>{"of 4 end tokens 3 are written: GGUF has no more keys"});
  CHECK(read_gguf_config(GgufFile(directory / "f")).model.end_tokens ==
        std::vector<Index>{3, 1, 2});
}

TEST_CASE("misuse: tensors that are missing, too many or of another shape change nothing") {
  const ScratchDirectory directory;
  const Config config = tiny(Family::llama, true);
  Decoder<float> model = random_model(config, 1);
  write(directory / "f", model, BlockType::f32);
  const GgufFile file(directory / "f");
  const auto error = [&](const Config& other) {
    Decoder<float> into = random_model(other, 2), before = random_model(other, 2);
    const std::string message =
        failure(directory.path(), [&] { read_gguf_weights(file, other, into.parameters()); });
    CHECK(same_bits(into, before));
    return message;
  };
  Config other = config;
  other.layers = 1;
  CHECK(error(other).starts_with("f: tensor \"blk.1."));
  other.layers = 3;
  CHECK(error(other) == "f: tensor \"blk.2.attn_norm.weight\" is missing");
  other = config;
  other.vocab = 257;
  CHECK(error(other) == "f: tensor \"token_embd.weight\" has shape [258, 32], expected [257, 32]");
  // As many numbers, in rows of another length: behind a name and a number of sizes, the two sizes. (Shorter
  // rows, and more of them: a reader that does not look stays within its memory, and fails here.)
  std::string bytes = get(directory / "f");
  const std::string name = "blk.0.ffn_down.weight";
  const auto sizes =
      bytes.begin() + static_cast<std::ptrdiff_t>(bytes.find(name) + name.size() + 4);
  std::swap_ranges(sizes, sizes + 8, sizes + 8);
  put(directory / "turned", bytes);
  CHECK(failure(directory.path(), [&] {
          read_gguf_weights(GgufFile(directory / "turned"), config, model.parameters());
        }) == "turned: tensor \"blk.0.ffn_down.weight\" has shape [64, 32], expected [32, 64]");
  CHECK(failure("", [] { gguf_type_from_name("q5_1"); }) ==
        "gguf_model: type is \"q5_1\", expected f32, f16, q8_0 or q4_0");
}
