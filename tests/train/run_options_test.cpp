#include "limpid/train/run_options.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: options have no gradient
// NO fixture: the names are this project's own
// NO accumulation: nothing accumulates

namespace {

std::string problem(RunOptions options, std::string_view assignment) {
  return failure("", [&] {
    options.set(assignment);
    if (options.model.vocab == 0) options.model.vocab = 65;
    options.validate();
  });
}

}  // namespace

TEST_CASE("by hand: preset nano is nanoGPT's recipe") {
  const RunOptions o = preset("nano");
  CHECK(o.model.family == Family::gpt2);
  CHECK(o.model.layers == 4);
  CHECK(o.model.heads == 4);
  CHECK(o.model.width == 128);
  CHECK(o.model.context == 64);
  CHECK(o.model.dropout == 0);
  CHECK(o.batch == 12);
  CHECK(o.steps == 2000);
  CHECK(o.learning_rate.peak == 1e-3);
  CHECK(o.learning_rate.minimum == 1e-4);
  CHECK(o.learning_rate.warmup == 100);
  CHECK(o.adamw.beta1 == 0.9);
  CHECK(o.adamw.beta2 == 0.99);
  CHECK(o.adamw.weight_decay == 0.1);
  CHECK(o.clip == 1);
}

TEST_CASE("by hand: a key changes its value and no other") {
  RunOptions o = preset("nano");
  o.set("width=96");
  o.set("learning_rate", "0.002");
  o.set("tied=false");
  o.set("family=llama");
  o.set("tokenizer=bpe:512");
  CHECK(o.model.width == 96);
  CHECK(o.learning_rate.peak == 0.002);
  CHECK_FALSE(o.model.tied);
  CHECK(o.model.family == Family::llama);
  CHECK(o.tokenizer == "bpe:512");
  CHECK(o.model.layers == 4);
}

TEST_CASE("property: entries, set again, give equal options") {
  for (const std::string& name : preset_names()) {
    RunOptions o = preset(name);
    o.set("kv_heads=2");
    o.set("steps=777");
    o.set("learning_rate=0.0012345678901234567");
    RunOptions copy;
    for (const auto& [key, value] : o.entries()) copy.set(key, value);
    CHECK(copy.entries() == o.entries());
    CHECK(copy.model == o.model);
    CHECK(copy.learning_rate.peak == o.learning_rate.peak);
    CHECK(copy.learning_rate.steps == 777);
  }
}

TEST_CASE("property: every preset is a possible run, and each key stands in the table once") {
  for (const std::string& name : preset_names()) {
    RunOptions o = preset(name);
    o.model.vocab = 1024;
    CHECK_NOTHROW(o.validate());
    CHECK(o.preset == name);
    CHECK(o.learning_rate.steps == o.steps);
  }
  const std::vector<std::string> keys = RunOptions::keys();
  CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == keys.size());
  CHECK(keys.size() == preset("nano").entries().size());
}

TEST_CASE("edges: heads bring their key/value heads along, unless these were chosen") {
  RunOptions o = preset("nano");
  o.set("heads=8");
  CHECK(o.model.kv_heads == 8);
  o.set("kv_heads=2");
  o.set("heads=16");
  CHECK(o.model.kv_heads == 2);
  // A value may hold an equals sign.
  o.set("tokenizer=a=b");
  CHECK(o.tokenizer == "a=b");
}

TEST_CASE("edges: words among the values are read back as they were written") {
  RunOptions o = preset("nano");
  for (const char* const decay : {"linear", "none", "cosine"}) {
    o.set("decay", decay);
    RunOptions copy;
    for (const auto& [key, value] : o.entries()) copy.set(key, value);
    CHECK(copy.learning_rate.decay == o.learning_rate.decay);
    CHECK(decay_name(copy.learning_rate.decay) == decay);
  }
}

TEST_CASE("misuse: unknown keys name the nearest, wrong values what was expected") {
  const RunOptions o = preset("nano");
  CHECK(problem(o, "layer=1") == "options: no key is called 'layer'; the nearest is 'layers'");
  CHECK(problem(o, "kvheads=1") ==
        "options: no key is called 'kvheads'; the nearest is 'kv_heads'");
  CHECK(problem(o, "weightdecay=1") ==
        "options: no key is called 'weightdecay'; the nearest is 'weight_decay'");
  CHECK(problem(o, "layers") == "options: 'layers', expected key=value");
  CHECK(problem(o, "layers=1e3") == "options: layers is '1e3', expected a whole number");
  CHECK(problem(o, "layers= 4") == "options: layers is ' 4', expected a whole number");
  CHECK(problem(o, "layers=99999999999999999999") ==
        "options: layers is '99999999999999999999', expected a whole number");
  CHECK(problem(o, "clip=x") == "options: clip is 'x', expected a number");
  CHECK(problem(o, "tied=1") == "options: tied is '1', expected true or false");
  CHECK(problem(o, "steps=0") == "options: steps is 0, expected at least 1");
  CHECK(
      problem(o, "steps=1000000000000000000") ==
      "options: steps 1000000000000000000 x batch 12 x accumulate 1 is too much, expected at most "
      "1000000000 rows");
  CHECK(problem(o, "preset=demo") == "options: preset cannot be set, expected --preset");
  CHECK(problem(o, "vocab=7") ==
        "options: vocab cannot be set, expected a tokenizer that decides it");
  CHECK(problem(o, "optimizer=sgd") == "options: optimizer is 'sgd', expected adamw or muon");
  CHECK(problem(o, "clip=nan") == "options: clip is nan, expected more than 0");
  CHECK(problem(o, "rows=lines") ==
        "options: rows is 'lines', expected windows, documents or packed");
  CHECK(failure("", [] { preset("nanno"); }) ==
        "options: no preset is called 'nanno'; there are: nano, speedrun, demo, demo-gpt2");
  CHECK(problem(o, "decay=fast") == "schedule: decay is 'fast', expected cosine, linear or none");
  CHECK(problem(o, "initialization=zero") ==
        "options: initialization is 'zero', expected normal or mimetic");
  CHECK(problem(o, "adamw_rate=0") == "options: adamw_rate is 0, expected a number above 0");
}
