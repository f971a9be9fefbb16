// NO by hand: formats/huggingface and train/model_card compute what is written
// NO gradient check: a directory has no gradient
// NO fixture: ./dev interop has other programs read what is written
// NO accumulation: nothing accumulates
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

#include "support/holds.hpp"
#include "tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;
using Json = nlohmann::json;

namespace {

const std::filesystem::path& trained_model() {
  return trained_once([](const auto& text, const auto& directory) {
    return tiny_run(text, directory, {"--tokenizer", "bpe:300", "--set", "context=32"});
  });
}

Outcome export_model(const std::filesystem::path& model, const std::filesystem::path& out,
                     const Words& more = {}) {
  Words words{"export",      "--model", model.string(), "--format",
              "huggingface", "--out",   out.string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_limpid(words);
}

std::string logits(const std::filesystem::path& model) {
  const Outcome outcome =
      run_limpid({"logits", "--model", model.string()}, {.input = "[1,2,3,4,5]\n"});
  REQUIRE(outcome.status == 0);
  return outcome.out;
}

}  // namespace

TEST_CASE("property: an exported directory is the model, without its run") {
  const ScratchDirectory scratch;
  const Outcome outcome = export_model(trained_model(), scratch / "model");
  REQUIRE(outcome.status == 0);
  CHECK_HOLDS(outcome.out, "gpt2 model, ");
  CHECK(scratch.entries() == 1);
  for (const char* file : {"model.safetensors", "tokenizer.json", "config.json",
                           "generation_config.json", "tokenizer_config.json"}) {
    CHECK(get(scratch / "model" / file) == get(trained_model() / file));
  }
  CHECK(get(scratch / "model/README.md") == get(trained_model() / "README.md"));
  CHECK(!std::filesystem::exists(scratch / "model/state.safetensors"));
  CHECK(logits(scratch / "model") == logits(trained_model()));
}

TEST_CASE("property: in BF16 the file has half the bytes, and says so") {
  const ScratchDirectory scratch;
  REQUIRE(export_model(trained_model(), scratch / "half", {"--type", "bf16"}).status == 0);
  const auto size = [](const std::filesystem::path& path) {
    return static_cast<double>(std::filesystem::file_size(path / "model.safetensors"));
  };
  CHECK(size(scratch / "half") < 0.6 * size(trained_model()));
  CHECK(Json::parse(get(scratch / "half/config.json")).at("torch_dtype") == "bfloat16");
  CHECK_HOLDS(get(scratch / "half/README.md"), "rounded to BF16 after what is measured below");
  CHECK(logits(scratch / "half") != logits(trained_model()));
  // What is rounded already is not rounded again.
  REQUIRE(export_model(scratch / "half", scratch / "again", {"--type", "bf16"}).status == 0);
  CHECK(logits(scratch / "again") == logits(scratch / "half"));
  // Of the run, this directory knows nothing any more.
  CHECK_HOLDS(get(scratch / "again/README.md"), "It was not trained here");
}

TEST_CASE("edges: a GGUF file becomes a directory, the same one that it was made of") {
  const ScratchDirectory scratch;
  REQUIRE(run_limpid({"export", "--model", trained_model().string(), "--format", "gguf", "--out",
                      (scratch / "model.gguf").string()})
              .status == 0);
  REQUIRE(export_model(scratch / "model.gguf", scratch / "model").status == 0);
  for (const char* file :
       {"model.safetensors", "config.json", "generation_config.json", "tokenizer_config.json"}) {
    CHECK(get(scratch / "model" / file) == get(trained_model() / file));
  }
}

TEST_CASE("misuse: another type, a directory that holds a model, no model") {
  const ScratchDirectory scratch;
  CHECK(complaint(export_model(trained_model(), scratch / "model", {"--type", "q8_0"})) ==
        "--type is 'q8_0', expected f32 or bf16 for huggingface");
  CHECK(scratch.entries() == 0);
  CHECK(complaint(export_model(trained_model(), trained_model())) ==
        trained_model().string() + ": holds a model, expected a new directory");
  CHECK_HOLDS(complaint(export_model(scratch / "none", scratch / "model")), "none");
  CHECK(scratch.entries() == 0);
}
