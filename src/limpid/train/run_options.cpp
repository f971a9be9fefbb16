#include "limpid/train/run_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <variant>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

using Field = std::variant<Index*, double*, bool*, std::string*, Family*, Decay*>;

struct Key {
  const char* name;
  Field (*field)(RunOptions&);
};

// The table of keys. Keys that decide the model come first.
constexpr Key kKeys[] = {
    {"preset", [](RunOptions& o) -> Field { return &o.preset; }},
    {"family", [](RunOptions& o) -> Field { return &o.model.family; }},
    {"vocab", [](RunOptions& o) -> Field { return &o.model.vocab; }},
    {"layers", [](RunOptions& o) -> Field { return &o.model.layers; }},
    {"heads", [](RunOptions& o) -> Field { return &o.model.heads; }},
    {"kv_heads", [](RunOptions& o) -> Field { return &o.model.kv_heads; }},
    {"width", [](RunOptions& o) -> Field { return &o.model.width; }},
    {"hidden", [](RunOptions& o) -> Field { return &o.model.hidden; }},
    {"context", [](RunOptions& o) -> Field { return &o.model.context; }},
    {"dropout", [](RunOptions& o) -> Field { return &o.model.dropout; }},
    {"norm_epsilon", [](RunOptions& o) -> Field { return &o.model.norm_epsilon; }},
    {"rotary_base", [](RunOptions& o) -> Field { return &o.model.rotary_base; }},
    {"tied", [](RunOptions& o) -> Field { return &o.model.tied; }},
    {"initialization", [](RunOptions& o) -> Field { return &o.initialization; }},
    {"tokenizer", [](RunOptions& o) -> Field { return &o.tokenizer; }},
    {"rows", [](RunOptions& o) -> Field { return &o.rows; }},
    {"steps", [](RunOptions& o) -> Field { return &o.steps; }},
    {"batch", [](RunOptions& o) -> Field { return &o.batch; }},
    {"accumulate", [](RunOptions& o) -> Field { return &o.accumulate; }},
    {"learning_rate", [](RunOptions& o) -> Field { return &o.learning_rate.peak; }},
    {"min_learning_rate", [](RunOptions& o) -> Field { return &o.learning_rate.minimum; }},
    {"decay", [](RunOptions& o) -> Field { return &o.learning_rate.decay; }},
    {"warmup", [](RunOptions& o) -> Field { return &o.learning_rate.warmup; }},
    {"optimizer", [](RunOptions& o) -> Field { return &o.optimizer; }},
    {"adamw_rate", [](RunOptions& o) -> Field { return &o.adamw_rate; }},
    {"beta1", [](RunOptions& o) -> Field { return &o.adamw.beta1; }},
    {"beta2", [](RunOptions& o) -> Field { return &o.adamw.beta2; }},
    {"epsilon", [](RunOptions& o) -> Field { return &o.adamw.epsilon; }},
    {"weight_decay", [](RunOptions& o) -> Field { return &o.adamw.weight_decay; }},
    {"clip", [](RunOptions& o) -> Field { return &o.clip; }},
    {"eval_every", [](RunOptions& o) -> Field { return &o.eval_every; }},
    {"eval_tokens", [](RunOptions& o) -> Field { return &o.eval_tokens; }},
    {"save_every", [](RunOptions& o) -> Field { return &o.save_every; }},
    {"seed", [](RunOptions& o) -> Field { return &o.seed; }},
};

// Letters to insert, remove or replace to make one word of the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

const Key& find_key(std::string_view name) {
  for (const Key& key : kKeys) {
    if (key.name == name) return key;
  }
  const Key& nearest =
      *std::min_element(std::begin(kKeys), std::end(kKeys), [&](const Key& a, const Key& b) {
        return edit_distance(a.name, name) < edit_distance(b.name, name);
      });
  fail("options", fmt::format("no key is called '{}'; the nearest is '{}'", name, nearest.name));
}

template <class Number>
Number parse(std::string_view key, std::string_view text, const char* expected) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail("options", fmt::format("{} is '{}', expected {}", key, text, expected));
  }
  return value;
}

}  // namespace

void RunOptions::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    fail("options", fmt::format("'{}', expected key=value", assignment));
  }
  const std::string_view name = assignment.substr(0, equals);
  if (name == "preset" || name == "vocab") {
    fail("options", fmt::format("{} cannot be set, expected {}", name,
                                name == "preset" ? "--preset" : "a tokenizer that decides it"));
  }
  set(name, assignment.substr(equals + 1));
}

void RunOptions::set(std::string_view name, std::string_view value) {
  struct Assign {
    std::string_view name, value;
    void operator()(Index* field) const { *field = parse<Index>(name, value, "a whole number"); }
    void operator()(double* field) const { *field = parse<double>(name, value, "a number"); }
    void operator()(bool* field) const {
      if (value != "true" && value != "false") {
        fail("options", fmt::format("{} is '{}', expected true or false", name, value));
      }
      *field = value == "true";
    }
    void operator()(std::string* field) const { *field = value; }
    void operator()(Family* field) const { *field = family_from_name(value); }
    void operator()(Decay* field) const { *field = decay_from_name(value); }
  };
  const Index heads_before = model.heads;
  std::visit(Assign{name, value}, find_key(name).field(*this));
  // As many key/value heads as heads, unless they are asked for.
  if (name == "heads" && model.kv_heads == heads_before) model.kv_heads = model.heads;
  learning_rate.steps = steps;
}

std::vector<std::pair<std::string, std::string>> RunOptions::entries() const {
  struct Text {
    std::string operator()(const Index* field) const { return fmt::format("{}", *field); }
    std::string operator()(const double* field) const { return fmt::format("{}", *field); }
    std::string operator()(const bool* field) const { return *field ? "true" : "false"; }
    std::string operator()(const std::string* field) const { return *field; }
    std::string operator()(const Family* field) const { return std::string(family_name(*field)); }
    std::string operator()(const Decay* field) const { return std::string(decay_name(*field)); }
  };
  RunOptions copy = *this;  // the table gives places to write to
  std::vector<std::pair<std::string, std::string>> all;
  for (const Key& key : kKeys) all.emplace_back(key.name, std::visit(Text(), key.field(copy)));
  return all;
}

std::vector<std::string> RunOptions::keys() {
  std::vector<std::string> names;
  for (const Key& key : kKeys) names.emplace_back(key.name);
  return names;
}

void RunOptions::validate() const {
  model.validate();
  const auto at_least = [](const char* key, Index value, Index lowest) {
    if (value < lowest) {
      fail("options", fmt::format("{} is {}, expected at least {}", key, value, lowest));
    }
  };
  at_least("steps", steps, 1);
  at_least("batch", batch, 1);
  at_least("accumulate", accumulate, 1);
  constexpr Index kMostRows = 1'000'000'000;  // beyond years of training, and far from overflowing
  if (batch > kMostRows / accumulate || steps > kMostRows / (batch * accumulate)) {
    fail("options",
         fmt::format("steps {} x batch {} x accumulate {} is too much, expected at most {} rows",
                     steps, batch, accumulate, kMostRows));
  }
  at_least("eval_every", eval_every, 1);
  at_least("eval_tokens", eval_tokens, 1);
  at_least("save_every", save_every, 1);
  at_least("seed", seed, 0);
  learning_rate.validate();
  adamw.validate();
  if (!(clip > 0)) fail("options", fmt::format("clip is {}, expected more than 0", clip));
  if (optimizer != "adamw" && optimizer != "muon") {
    fail("options", fmt::format("optimizer is '{}', expected adamw or muon", optimizer));
  }
  if (!(adamw_rate > 0 && std::isfinite(adamw_rate))) {
    fail("options", fmt::format("adamw_rate is {}, expected a number above 0", adamw_rate));
  }
  if (initialization != "normal" && initialization != "mimetic") {
    fail("options",
         fmt::format("initialization is '{}', expected normal or mimetic", initialization));
  }
  if (rows != "windows" && rows != "documents" && rows != "packed") {
    fail("options", fmt::format("rows is '{}', expected windows, documents or packed", rows));
  }
}

std::vector<std::string> preset_names() {
  return {"nano", "speedrun", "demo", "demo-gpt2"};
}

RunOptions preset(std::string_view name) {
  RunOptions o;
  o.preset = name;
  if (name == "nano") {
    // nanoGPT's recipe for a CPU (config/train_shakespeare_char.py and its README).
    o.model.context = 64;
    o.model.layers = o.model.heads = o.model.kv_heads = 4;
    o.model.width = 128;
    o.model.hidden = 512;
    o.batch = 12;
    o.steps = 2000;
    o.learning_rate = {1e-3, 1e-4, 100, 2000, Decay::cosine};
    o.adamw = {0.9, 0.99, 1e-8, 0.1};
    return o;
  }
  if (name == "speedrun") {
    // tinyshakespeare to 1.88 nats per character in a few seconds; bench/SPEEDRUN.md tells what each choice gave.
    o.model.family = Family::llama;
    o.model.context = 32;
    o.model.layers = 2;
    o.model.heads = o.model.kv_heads = 4;
    o.model.width = 64;
    o.model.hidden = 176;
    o.model.rotary_base = 100;
    o.model.tied = false;
    o.batch = 48;
    o.steps = 320;
    o.optimizer = "muon";
    o.learning_rate = {1e-2, 0, 5, 320, Decay::linear};
    o.adamw_rate = 4;
    o.adamw = {0.9, 0.99, 1e-8, 0};
    o.eval_every = 320;
    o.save_every = 320;
    return o;
  }
  if (name == "demo" || name == "demo-gpt2") {
    // Found by trying. With 1536 tokens most words of the tales are one token, so a step sees more
    // stories than with 1024. The mimetic start decides: without it names are all that is recalled.
    // The model is small because a small one takes more steps in the time, and the tales, which no
    // model of this size outgrows in minutes, pay for steps.
    o.tokenizer = "bpe:1536";
    o.rows = "documents";
    o.model.family = name == "demo" ? Family::llama : Family::gpt2;
    o.model.context = 256;
    o.model.layers = 2;
    o.model.heads = o.model.kv_heads = 2;
    o.model.width = 96;
    o.model.hidden = name == "demo" ? 256 : 384;
    o.batch = 12;
    o.steps = 2400;
    o.initialization = "mimetic";
    o.optimizer = "muon";
    o.learning_rate = {6e-3, 0, 60, 2400, Decay::linear};
    // A row of the embedding moves only when its token occurs, so the table takes longer steps than the
    // matrices, which move at every token.
    o.adamw_rate = 4;
    // Nothing is read twice, so there is nothing to unlearn: decay only kept the model unsure.
    o.adamw = {0.9, 0.98, 1e-8, 0};
    o.eval_every = 200;
    o.save_every = 200;
    return o;
  }
  fail("options", fmt::format("no preset is called '{}'; there are: {}", name,
                              fmt::join(preset_names(), ", ")));
}

}  // namespace limpid
