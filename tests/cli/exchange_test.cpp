// NO by hand: the formats' own tests work out bytes
// NO gradient check: a file has no gradient
// NO accumulation: nothing accumulates
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limpid/formats/llama2c_checkpoint.hpp"
#include "limpid/model/decoder.hpp"

#include "tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;
using Json = nlohmann::json;

namespace {

const std::string kFixtures = std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/";

// A trained tiny llama and a gpt2, with byte pairs.
struct Trained {
  ScratchDirectory scratch;
  Trained() {
    put(scratch / "text.txt", small_text());
    for (const std::string family : {"llama", "gpt2"}) {
      const Outcome run =
          run_limpid(tiny_run(scratch / "text.txt", scratch / family,
                              {"--set", "family=" + family, "--set", "tokenizer=bpe:300"}));
      if (run.status != 0) throw std::runtime_error(run.err);
    }
  }
};
std::string trained(const std::string& family) {
  static const Trained all;
  return (all.scratch / family).string();
}

Outcome run(const Words& words) {
  const Outcome outcome = run_limpid(words);
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  return outcome;
}

std::string generated(const std::string& model, const Words& more = {}) {
  Words words{"generate", "--model", model, "--max-tokens", "20", "--temperature", "0"};
  words.insert(words.end(), more.begin(), more.end());
  return run(words).out;
}

std::string ids_of(const std::string& name) {
  const Json cases = Json::parse(get(kFixtures + "llama2c.json"));
  std::string text;
  for (const Json& id : cases.at(name).at("greedy").at("data")) {
    text += (text.empty() ? "" : " ") + id.dump();
  }
  return text + "\n";
}

// A llama2.c file of zeros, without taking the memory or the disk: 4 layers, about 60 MB.
[[maybe_unused]] void put_zeros(const std::filesystem::path& path) {
  const std::int32_t header[] = {512, 1408, 4, 8, 8, 4096, 64};
  put(path, {reinterpret_cast<const char*>(header), sizeof header});
  Config config;
  config.family = Family::llama;
  config.width = 512;
  config.hidden = 1408;
  config.layers = 4;
  config.heads = config.kv_heads = 8;
  config.vocab = 4096;
  config.context = 64;
  std::filesystem::resize_file(
      path, static_cast<std::uintmax_t>(28 + 4 * (config.parameter_count() + 64 * 64)));
}

}  // namespace

TEST_CASE("property: exported as F32 and imported, a model has the same bits and writes the same") {
  for (const std::string family : {"llama", "gpt2"}) {
    CAPTURE(family);
    const ScratchDirectory scratch;
    const std::string file = (scratch / "m.gguf").string(), back = (scratch / "back").string();
    run({"export", "--model", trained(family), "--format", "gguf", "--out", file});
    run({"import", file, "--to", back});
    CHECK(get(back + "/model.safetensors") == get(trained(family) + "/model.safetensors"));
    CHECK(get(back + "/README.md").find("It was not trained here") != std::string::npos);
    CHECK(get(back + "/tokenizer.json") == get(trained(family) + "/tokenizer.json"));
    const std::string text = generated(trained(family), {"--prompt", "the fox"});
    CHECK(generated(file, {"--prompt", "the fox"}) == text);
    CHECK(generated(back, {"--prompt", "the fox"}) == text);
    CHECK(generated(file, {"--ids"}) == generated(trained(family), {"--ids"}));
    run({"export", "--model", back, "--format", "gguf", "--out", (scratch / "again").string()});
    CHECK(get(scratch / "again") == get(file));
  }
}

TEST_CASE("property: smaller types make smaller files, and rows that do not fit are told") {
  const ScratchDirectory scratch;
  std::uintmax_t before = 0;
  for (const std::string type : {"q4_0", "q8_0", "f16", "f32"}) {
    const std::string file = (scratch / type).string();
    const Outcome outcome = run(
        {"export", "--model", trained("llama"), "--format", "gguf", "--type", type, "--out", file});
    const bool blocks = type[0] == 'q';  // rows of 16 numbers, but for one matrix
    CHECK((outcome.err.find("is written as F16: its rows of 16 numbers") != std::string::npos) ==
          blocks);
    CHECK(std::filesystem::file_size(file) >= before);
    before = std::filesystem::file_size(file);
    CHECK(!generated(file, {"--ids"}).empty());
  }
}

TEST_CASE("fixture: a llama2.c file gives the ids and the text that its own program gives") {
  const ScratchDirectory scratch;
  for (const std::string name : {"shared", "unshared"}) {
    const std::string file = kFixtures + "llama2c/" + name + ".bin";
    const auto with = [&](const std::string& model, Words more) {
      Words words{"generate", "--model", model, "--max-tokens", "24", "--temperature", "0"};
      words.insert(words.end(), more.begin(), more.end());
      return run(words).out;
    };
    CHECK(with(file, {"--ids"}) == ids_of(name));
    // The tokenizer is beside it; imported and exported again, everything is as it was.
    const std::string back = (scratch / name).string(),
                      again = (scratch / (name + ".bin")).string();
    run({"import", file, "--to", back});
    CHECK(with(back, {"--ids"}) == ids_of(name));
    CHECK(with(back, {}) == with(file, {}));
    run({"export", "--model", back, "--format", "llama2c", "--out", again});
    CHECK(with(again, {"--ids"}) == ids_of(name));
    CHECK(with(again, {"--prompt", "the cat"}) == with(file, {"--prompt", "the cat"}));
    run({"export", "--model", file, "--format", "gguf", "--out", again + ".gguf"});
    CHECK(with(again + ".gguf", {"--ids"}) == ids_of(name));
    CHECK(with(again + ".gguf", {"--prompt", "the cat"}) == with(file, {"--prompt", "the cat"}));
  }
}

TEST_CASE("edges: without its tokenizer a llama2.c file gives ids; token 1 ends a text") {
  const ScratchDirectory scratch;
  std::filesystem::copy(kFixtures + "llama2c/shared.bin", scratch / "m.bin");
  const std::string file = (scratch / "m.bin").string();
  CHECK(generated(file, {"--ids"}) != "\n");
  CHECK(complaint(run_limpid({"generate", "--model", file})) ==
        file + ": has no tokenizer, expected tokenizer.bin beside it or --tokenizer FILE");
  CHECK(complaint(run_limpid({"generate", "--model", file, "--ids", "--prompt", "the"})) ==
        "a prompt needs a tokenizer, expected tokenizer.bin beside the model or --tokenizer FILE");
  const std::string tokenizer = kFixtures + "llama2c/tokenizer.bin";
  CHECK(!generated(file, {"--tokenizer", tokenizer}).empty());
  // Who only wants numbers needs no tokenizer, and who wants text is told how to give one.
  CHECK(run({"inspect", "--model", file, "--json"}).out.find("\"tokenizer\": \"no\"") !=
        std::string::npos);
  CHECK(run({"logits", "--model", file}).out.empty());
  put(scratch / "text", "the cat sat on the mat");
  const std::string text = (scratch / "text").string();
  CHECK(complaint(run_limpid({"eval", "--model", file, text})) ==
        file + ": has no tokenizer, expected tokenizer.bin beside it or --tokenizer FILE");
  CHECK(!run({"eval", "--model", file, "--tokenizer", tokenizer, text}).out.empty());
  CHECK(!run({"trace", "--model", file, "--tokenizer", tokenizer, "the"}).out.empty());
  // A model that likes token 1 best: all embeddings are the same, that one is twice as long.
  Config config;
  config.family = Family::llama;
  config.vocab = 4;
  config.layers = 1;
  config.width = config.hidden = 8;
  config.heads = config.kv_heads = 2;
  Rng rng(1);
  Decoder<float> model(config, rng);
  model.embedding.weight.setOnes();
  model.embedding.weight.row(1) *= 2;
  write_llama2c(scratch / "ones.bin", config, model.parameters());
  CHECK(generated((scratch / "ones.bin").string(), {"--ids"}) == "\n");
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("property: a model is loaded without a second copy of it") {
  const ScratchDirectory scratch;
  put_zeros(scratch / "m.bin");
  const auto size = static_cast<long>(std::filesystem::file_size(scratch / "m.bin") / 1024);
  // The largest child so far trained a tiny model: this one is larger.
  CHECK(run({"generate", "--model", (scratch / "m.bin").string(), "--ids", "--max-tokens", "2",
             "--temperature", "0"})
            .out == "0 0\n");
  const auto check_largest_child = [&] {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    CAPTURE(usage.ru_maxrss);
    CHECK(usage.ru_maxrss >= size);
    CHECK(usage.ru_maxrss <=
          size + size / 2);  // the program itself, a part of the model, some pages
  };
  check_largest_child();
  // The other formats, written and read.
  const std::string tokenizer = kFixtures + "llama2c/tokenizer.bin";
  run({"import", (scratch / "m.bin").string(), "--tokenizer", tokenizer, "--to",
       (scratch / "d").string()});
  check_largest_child();
  run({"export", "--model", (scratch / "d").string(), "--format", "gguf", "--out",
       (scratch / "g").string()});
  check_largest_child();
  for (const char* model : {"d", "g"}) {
    run({"generate", "--model", (scratch / model).string(), "--max-tokens", "2", "--temperature",
         "0"});
    check_largest_child();
  }
}
#endif

TEST_CASE("misuse: what a format cannot hold, what is no model, where a model is already") {
  const ScratchDirectory scratch;
  const std::string out = (scratch / "out").string();
  const auto error = [](const Words& words) { return complaint(run_limpid(words)); };
  CHECK(error({"export", "--model", trained("gpt2"), "--format", "llama2c", "--out", out}) ==
        "llama2c: the model's family is gpt2, expected llama: the format has no other");
  const std::string taken = (scratch / "tokenizer.bin").string();
  CHECK(error({"export", "--model", trained("llama"), "--format", "llama2c", "--out", taken}) ==
        "--out is " + taken + ", expected another name: the tokenizer's is tokenizer.bin");
  CHECK(error({"export", "--model", trained("gpt2"), "--format", "onnx", "--out", out}) ==
        "--format is 'onnx', expected gguf, llama2c or huggingface");
  CHECK(error({"export", "--model", trained("gpt2"), "--format", "gguf", "--type", "q5", "--out",
               out}) == "gguf_model: type is \"q5\", expected f32, f16, q8_0 or q4_0");
  CHECK(error({"import", trained("gpt2"), "--to", trained("llama")}) ==
        trained("llama") + ": holds a model, expected a new directory");
  put(scratch / "text", "Once upon a time there was a file that was no model at all.");
  CHECK(error({"generate", "--model", (scratch / "text").string()}).find("llama2.c") !=
        std::string::npos);
  put(scratch / "GGUF", "GGUF and no more");
  CHECK(error({"generate", "--model", (scratch / "GGUF").string()})
            .starts_with((scratch / "GGUF").string() + ": "));
  CHECK(error({"generate", "--model", trained("llama"), "--tokenizer", "t"}) ==
        trained("llama") + ": has a tokenizer of its own, expected no --tokenizer");
  CHECK(!std::filesystem::exists(out));
}
