#include "limpid/formats/llama2c_checkpoint.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "formats/gguf_bytes.hpp"
#include "support/fixture.hpp"
#include "support/models.hpp"
#include "support/random.hpp"
#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates

namespace {

Config tiny(bool tied) {
  Config config;
  config.family = Family::llama;
  config.vocab = 5;
  config.context = 3;
  config.layers = 2;
  config.width = 8;
  config.heads = 2;
  config.kv_heads = 1;
  config.hidden = 3;
  config.tied = tied;
  return config;
}

Decoder<float> read(const std::filesystem::path& path) {
  const Llama2cFile file(path);
  Decoder<float> model = random_model(file.config(), 99);
  file.read_weights(model.parameters());
  return model;
}

// dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len, and so many floats.
std::string error_of(const std::array<std::int32_t, 7>& header, std::size_t floats) {
  const ScratchDirectory directory;
  std::string bytes;
  for (const std::int32_t number : header) bytes += raw(number);
  bytes.resize(bytes.size() + 4 * floats);
  put(directory / "m", bytes);
  return failure(directory.path(), [&] { Llama2cFile{directory / "m"}; });
}

// tiny(true): 5*8 + 2*(16 + 64+32+32+64 + 3*24) + 8 and 2 tables of 3*2
constexpr std::size_t kFloats = 40 + 2 * (16 + 128 + 64 + 0 + 72) + 8 + 12;
constexpr std::array<std::int32_t, 7> kHeader{8, 3, 2, 2, 1, 5, 3};

}  // namespace

TEST_CASE("by hand: the header, the tensors' places, the tables") {
  const ScratchDirectory directory;
  Decoder<float> model = random_model(tiny(false), 1);
  write_llama2c(directory / "m", model.config, model.parameters());
  const std::string bytes = get(directory / "m");
  std::array<std::int32_t, 7> header{};
  std::memcpy(header.data(), bytes.data(), 28);
  CHECK(header == std::array<std::int32_t, 7>{8, 3, 2, 2, 1, -5, 3});
  REQUIRE(bytes.size() == 28 + 4 * (kFloats + 40));
  const auto at = [&](std::size_t index) {
    float number = 0;
    std::memcpy(&number, bytes.data() + 28 + 4 * index, 4);
    return number;
  };
  for (const Parameter<float>& parameter : model.parameters()) {
    const std::span<float> ours = parameter.value;
    if (parameter.name == "embedding.weight") CHECK(at(39) == ours[39]);
    if (parameter.name == "blocks.1.norm1.gain") CHECK(at(40 + 8) == ours[0]);
    // wq of layer 0 follows two gains: its row 1 is our row 2, the first head's width being 4.
    if (parameter.name == "blocks.0.attention.qkv.weight") {
      CHECK(at(56 + 8 + 5) == ours[2 * 8 + 5]);
      CHECK(at(56 + 16) == ours[1 * 8]);
      // wk follows wq of both layers; wv, whose rows stand as they are, both wk.
      CHECK(at(56 + 128 + 8) == ours[(8 + 2) * 8]);
      CHECK(at(56 + 128 + 64 + 8) == ours[(12 + 1) * 8]);
    }
    if (parameter.name == "head.weight") CHECK(at(kFloats + 39) == ours[39]);
  }
  // Angles of position 1: 1 and 1/100.
  CHECK(std::abs(at(kFloats - 12 + 2) - std::cos(1.0)) <= 1e-7);
  CHECK(std::abs(at(kFloats - 6 + 3) - std::sin(0.01)) <= 1e-7);
}

TEST_CASE("property: written and read, a model has the same bits; written again, the same bytes") {
  for (const bool tied : {true, false}) {
    const ScratchDirectory directory;
    Decoder<float> model = random_model(tiny(tied), 1);
    write_llama2c(directory / "m", model.config, model.parameters());
    Decoder<float> back = read(directory / "m");
    CHECK(back.config == model.config);
    CHECK(same_bits(back, model));
    write_llama2c(directory / "again", back.config, back.parameters());
    CHECK(get(directory / "again") == get(directory / "m"));
  }
}

TEST_CASE("property: a file cut at any byte, or longer by one, is refused in one line") {
  const ScratchDirectory directory;
  Decoder<float> model = random_model(tiny(true), 1);
  write_llama2c(directory / "m", model.config, model.parameters());
  const std::string bytes = get(directory / "m");
  for (std::size_t size = 0; size <= bytes.size() + 1; ++size) {
    CAPTURE(size);
    put(directory / "cut", size <= bytes.size() ? bytes.substr(0, size) : bytes + "x");
    const std::string message = failure(directory.path(), [&] { Llama2cFile{directory / "cut"}; });
    CHECK((size == bytes.size() ? message == "no error" : message.starts_with("cut: ")));
  }
}

TEST_CASE("fixture: what another implementation computes from the same files") {
  for (const std::string name : {"shared", "unshared"}) {
    CAPTURE(name);
    const Fixture fixture("llama2c", name);
    const std::filesystem::path path =
        std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/llama2c/" + name + ".bin";
    Decoder<float> model = read(path);
    CHECK(model.config.tied == (name == "shared"));
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
    CHECK(max_difference(precise.forward(ids, context, nullptr), fixture.matrix("logits")) <= 1e-9);
    const ScratchDirectory directory;
    write_llama2c(directory / "m", model.config, model.parameters());
    // The tables are another program's cosines: the last bit may differ there, and nowhere else.
    const std::string ours = get(directory / "m"), theirs = get(path);
    REQUIRE(ours.size() == theirs.size());
    std::size_t different = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) different += ours[i] != theirs[i];
    CHECK(different <= 24 * 2);
  }
}

TEST_CASE("edges: the smallest model") {
  // One token, one channel pair, one of everything.
  CHECK(error_of({2, 1, 1, 1, 1, 1, 1}, 2 + (4 + 4 * 4 + 3 * 2) + 2 + 2) == "no error");
  CHECK(error_of(kHeader, kFloats) == "no error");
}

TEST_CASE("misuse: a header that cannot be, or not of this file") {
  const auto with = [](std::size_t field, std::int32_t value) {
    std::array<std::int32_t, 7> header = kHeader;
    header[field] = value;
    return error_of(header, kFloats);
  };
  const std::string taken = "m: taken for a llama2.c checkpoint: config: ";
  CHECK(with(0, 0) == taken + "width is 0, expected 1 to 1000000");
  CHECK(with(0, -8) == taken + "width is -8, expected 1 to 1000000");
  CHECK(with(0, 0x616b3432) ==
        "m: is a llama2.c checkpoint of version 1 or later, expected version 0");
  CHECK(with(1, 2147483647) == taken + "hidden is 2147483647, expected 1 to 10000000");
  CHECK(with(2, 0) == taken + "layers is 0, expected 1 to 10000");
  CHECK(with(3, 3) == taken + "width 8 is not divisible by heads 3");
  CHECK(with(3, 8).starts_with(taken + "width 8 / heads 8 gives head width 1"));
  CHECK(with(4, 0) == taken + "kv_heads is 0, expected 1 to 2");
  CHECK(with(4, 3) == taken + "kv_heads is 3, expected 1 to 2");
  CHECK(with(5, 0) == taken + "vocab is 0, expected 1 to 10000000");
  CHECK(with(5, std::numeric_limits<std::int32_t>::min()) ==
        taken + "vocab is 2147483648, expected 1 to 10000000");
  CHECK(with(6, 0) == taken + "context is 0, expected 1 to 10000000");
  CHECK(with(5, 6).starts_with("m: has 2508 bytes, expected 2540 as its header says"));
  CHECK(with(6, 10'000'000).starts_with("m: has 2508 bytes, expected "));
  CHECK(error_of({1'000'000, 10'000'000, 10'000, 2, 2, 10'000'000, 10'000'000}, 3)
            .starts_with("m: has 40 bytes, expected "));
}

TEST_CASE("misuse: models that the format cannot hold") {
  const ScratchDirectory directory;
  const auto error = [&](auto change) {
    Config config = tiny(true);
    change(config);
    Decoder<float> model = random_model(config, 1);
    return failure("", [&] { write_llama2c(directory / "m", config, model.parameters()); });
  };
  CHECK(error([](Config& c) {
          c.family = Family::gpt2;
          c.kv_heads = 2;
        }) == "llama2c: the model's family is gpt2, expected llama: the format has no other");
  CHECK(error([](Config& c) { c.norm_epsilon = 1e-6; }) ==
        "llama2c: norm_epsilon is 1e-06, expected 1e-05: the format cannot say another");
  CHECK(error([](Config& c) { c.rotary_base = 500; }) ==
        "llama2c: rotary_base is 500, expected 10000: the format cannot say another");
  CHECK(directory.entries() == 0);
}
