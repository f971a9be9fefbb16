// NO by hand: nothing here is computed on paper
// NO gradient check: an error has no gradient
// NO fixture: our own messages
// NO accumulation: nothing accumulates
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "support/holds.hpp"
#include "tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

struct Place {
  ScratchDirectory scratch;
  std::filesystem::path text = scratch / "text.txt";
  Place() { put(text, small_text()); }

  std::string path(const std::string& name) const { return (scratch / name).string(); }

  // The complaint of a training run that cannot begin. It leaves no file but the lock.
  std::string train(const Words& more, const std::filesystem::path& file) const {
    const std::string message = complaint(run_limpid(tiny_run(file, scratch / "run", more)));
    if (std::filesystem::exists(scratch / "run")) {
      for (const auto& entry : std::filesystem::directory_iterator(scratch / "run")) {
        const std::string name = entry.path().filename().string();
        if (name != ".lock") return "left " + name + " behind: " + message;
      }
    }
    return message;
  }
  std::string train(const Words& more) const { return train(more, text); }
  std::string set(const std::string& setting) const { return train({"--set", setting}); }

  void train_well(const std::string& name, const Words& more = {}) const {
    const Outcome run = run_limpid(tiny_run(text, scratch / name, more));
    if (run.status != 0) throw std::runtime_error(run.err);
  }
};

}  // namespace

TEST_CASE("misuse: texts that cannot be read") {
  const Place place;
  CHECK_HOLDS(place.train({}, place.scratch / "none.txt"), "none.txt: ");
  CHECK_HOLDS(place.train({}, place.scratch / "none.txt"), "no such file");
  CHECK_HOLDS(place.train({}, place.scratch.path()), "is a directory");
  put(place.scratch / "bad.txt", small_text().insert(1234, "\xFF"));
  CHECK_HOLDS(place.train({}, place.scratch / "bad.txt"), "bad.txt: byte 1234 (0xFF) is not UTF-8");
  put(place.scratch / "cut.txt", small_text() + "\xC3");
  CHECK_HOLDS(place.train({}, place.scratch / "cut.txt"), "(0xC3) is not UTF-8");
}

TEST_CASE("misuse: stories that cannot be read or are none") {
  const Place place;
  const auto check = [&](const std::string& text) {
    put(place.scratch / "tales.txt", text);
    return run_limpid({"tales", "check", place.path("tales.txt")});
  };
  CHECK_HOLDS(complaint(run_limpid({"tales", "check", place.path("none.txt")})), "no such file");
  CHECK_HOLDS(complaint(check("")), "expected stories, each followed by <|endoftext|>");
  CHECK_HOLDS(complaint(check("the \xFFox.")), "tales.txt: byte 4 (0xFF) is not UTF-8");
  // A foreign text without the end of a sentence is not written to the terminal as a whole.
  const Outcome foreign = check("the fox" + std::string(100000, '-'));
  CHECK(foreign.status == 0);
  CHECK_HOLDS(foreign.out, "not a sentence of this world: the fox---");
  CHECK(foreign.out.size() < 1000);
}

TEST_CASE("edges: empty and too short texts") {
  const Place place;
  put(place.scratch / "empty.txt", "");
  CHECK_HOLDS(place.train({}, place.scratch / "empty.txt"), "empty.txt: the text is empty");
  for (const char* text : {"a", "the fox", "fifteen letters"}) {
    CAPTURE(text);
    put(place.scratch / "short.txt", text);
    CHECK_HOLDS(place.train({}, place.scratch / "short.txt"), "short.txt: the text is too short");
  }
  // Enough to measure on, but not for one window of 16 tokens and the one that follows.
  put(place.scratch / "short.txt", small_text(100));
  CHECK_HOLDS(place.train({"--set", "context=256"}, place.scratch / "short.txt"),
              "expected at least 257 and 2");
}

TEST_CASE("misuse: presets, keys and values that do not exist") {
  const Place place;
  CHECK_HOLDS(complaint(run_limpid({"train", "--out", place.path("run"), "--preset", "nona"})),
              "no preset is called 'nona'; there are: nano, speedrun");
  CHECK_HOLDS(place.set("layer=2"), "no key is called 'layer'; the nearest is 'layers'");
  CHECK_HOLDS(place.set("lerning_rate=1"), "the nearest is 'learning_rate'");
  CHECK_HOLDS(place.set("layers"), "expected key=value");
  CHECK_HOLDS(place.set("layers=two"), "layers is 'two', expected a whole number");
  CHECK_HOLDS(place.set("layers=1.5"), "expected a whole number");
  CHECK_HOLDS(place.set("layers="), "expected a whole number");
  CHECK_HOLDS(place.set("learning_rate=fast"), "learning_rate is 'fast', expected a number");
  CHECK_HOLDS(place.set("tied=maybe"), "expected true or false");
  CHECK_HOLDS(place.set("family=gpt5"), "expected gpt2 or llama");
  CHECK_HOLDS(place.set("rows=columns"), "rows is 'columns', expected");
  CHECK_HOLDS(place.train({"--tokenizer", "letters"}), "expected word, char, byte, bpe:SIZE");
  CHECK_HOLDS(place.train({"--tokenizer", "bpe:many"}), "bpe:many");
  CHECK_HOLDS(place.train({"--tokenizer", "wordpiece:60"}),
              "the wordpiece tokenizer forgets white space and capitals");
}

TEST_CASE("misuse: configurations that no model can have") {
  const Place place;
  CHECK_HOLDS(place.set("heads=3"), "width 16 is not divisible by heads 3");
  CHECK_HOLDS(place.train({"--set", "family=llama", "--set", "width=10", "--set", "heads=2"}),
              "expected an even number");
  CHECK_HOLDS(place.train({"--set", "family=llama", "--set", "heads=4", "--set", "kv_heads=3"}),
              "heads 4 is not divisible by kv_heads 3");
  CHECK_HOLDS(place.set("layers=0"), "layers is 0");
  CHECK_HOLDS(place.set("width=-16"), "width is -16");
  CHECK_HOLDS(place.set("batch=0"), "batch is 0");
  CHECK_HOLDS(place.set("context=0"), "context is 0");
  CHECK_HOLDS(place.set("save_every=0"), "save_every is 0");
  CHECK_HOLDS(place.set("dropout=1"), "dropout is 1");
  CHECK_HOLDS(place.set("learning_rate=-1"), "-1");
  CHECK_HOLDS(place.set("clip=0"), "clip is 0");
  CHECK_HOLDS(place.set("learning_rate=nan"), "nan");
}

TEST_CASE("misuse: a model that is none") {
  const Place place;
  for (const char* command : {"generate", "inspect"}) {
    CHECK_HOLDS(complaint(run_limpid({command, "--model", place.path("none")})),
                "none: no such file or directory");
    CHECK_HOLDS(complaint(run_limpid({command, "--model", place.text.string()})),
                "text.txt: taken for a llama2.c checkpoint: config: vocab is ");
  }
}

TEST_CASE("misuse: checkpoints cut short, altered, or of another tokenizer") {
  const Place place;
  place.train_well("good");
  const auto copy = [&] {
    std::filesystem::remove_all(place.scratch / "bad");
    std::filesystem::copy(place.scratch / "good", place.scratch / "bad");
    return place.scratch / "bad";
  };
  const auto resume = [&] {
    return complaint(run_limpid({"train", "--out", place.path("bad"), "--resume"}));
  };
  const auto generate = [&] {
    return complaint(run_limpid({"generate", "--model", place.path("bad"), "--prompt", "the"}));
  };
  const std::string state = get(place.scratch / "good" / "state.safetensors");
  const std::string model = get(place.scratch / "good" / "model.safetensors");
  for (const double part : {0.0, 0.0001, 0.01, 0.3, 0.9, 0.9999}) {
    CAPTURE(part);
    copy();
    const auto cut = [&](const std::string& whole) {
      return whole.substr(0, static_cast<std::size_t>(part * static_cast<double>(whole.size())));
    };
    put(place.scratch / "bad" / "state.safetensors", cut(state));
    CHECK_HOLDS(resume(), "bad/state.safetensors: ");
    put(place.scratch / "bad" / "model.safetensors", cut(model));
    CHECK_HOLDS(generate(), "bad/model.safetensors: ");
  }
  // A byte of the header's length, of its JSON, of a name.
  for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{9}, std::size_t{40}}) {
    CAPTURE(at);
    std::string altered = state;
    altered[at] = static_cast<char>(altered[at] ^ 0x15);
    copy();
    put(place.scratch / "bad" / "state.safetensors", altered);
    CHECK_HOLDS(resume(), "bad/state.safetensors: ");
  }
  // A model file in the place of a state.
  copy();
  put(place.scratch / "bad" / "state.safetensors", model);
  CHECK_HOLDS(resume(), "not the state of a run");
  // Another tokenizer.
  place.train_well("words", {"--tokenizer", "word"});
  copy();
  std::filesystem::copy(place.scratch / "words" / "tokenizer.json",
                        place.scratch / "bad" / "tokenizer.json",
                        std::filesystem::copy_options::overwrite_existing);
  CHECK_HOLDS(resume(), "the tokenizer is not the one");
  for (const char* file : {"tokenizer.json", "config.json"}) {
    copy();
    put(place.scratch / "bad" / file, "{\"half\": ");
    CHECK_HOLDS(generate(), std::string("bad/") + file + ": ");
    std::filesystem::remove(place.scratch / "bad" / file);
    CHECK_HOLDS(generate(), std::string("bad/") + file + ": ");
  }
}

TEST_CASE("misuse: prompts and texts that do not fit the model") {
  const Place place;
  place.train_well("run");
  const std::string model = place.path("run");
  const std::string prompt = "the old fox runs home";  // longer than the context, 16
  CHECK_HOLDS(complaint(run_limpid({"generate", "--model", model, "--prompt", prompt})),
              "tokens, expected at most 16 (the model's context)");
  CHECK_HOLDS(complaint(run_limpid({"trace", "--model", model, prompt})), "expected at most 16");
  const std::string broken = "the \xFFox";
  CHECK_HOLDS(complaint(run_limpid({"generate", "--model", model, "--prompt", broken})),
              "the prompt's byte 4 (0xFF) is not UTF-8 text");
  CHECK_HOLDS(complaint(run_limpid({"generate", "--model", model}, {.input = broken})), "byte 4");
  CHECK_HOLDS(complaint(run_limpid({"trace", "--model", model, broken})), "byte 4");
  CHECK_HOLDS(complaint(run_limpid({"generate", "--model", model, "--seed", "-1"})), "--seed");
  CHECK_HOLDS(
      complaint(run_limpid({"generate", "--model", model, "--prompt", "the", "--top-p", "2"})),
      "top_p");
  CHECK_HOLDS(complaint(run_limpid(
                  {"generate", "--model", model, "--prompt", "the", "--temperature", "-1"})),
              "temperature");
  put(place.scratch / "empty.txt", "");
  CHECK_HOLDS(complaint(run_limpid({"eval", "--model", model, place.path("empty.txt")})),
              "expected at least 2");
  put(place.scratch / "bad.txt", "the \xE2\x82 fox");
  CHECK_HOLDS(complaint(run_limpid({"eval", "--model", model, place.path("bad.txt")})),
              "byte 4 (0xE2) is not UTF-8");
  CHECK_HOLDS(complaint(run_limpid({"eval", "--model", model, place.path("none.txt")})),
              "none.txt: ");
}

TEST_CASE("property: a full disk ends a run, and what was saved before stays") {
  const Place place;
  place.train_well("run");
  const std::string state = get(place.scratch / "run" / "state.safetensors");
  // No room for anything: a fresh run leaves no half-written file.
  for (const rlim_t room : {rlim_t{600}, rlim_t{8000}, static_cast<rlim_t>(state.size() - 1)}) {
    CAPTURE(room);
    std::filesystem::remove_all(place.scratch / "full");
    const Outcome run =
        run_limpid(tiny_run(place.text, place.scratch / "full"), {.largest_file = room});
    CHECK(run.status == 1);
    CHECK(holds(run.err, "limpid: "));
    CHECK(holds(run.err, "cannot be written"));
    CHECK_FALSE(std::filesystem::exists(place.scratch / "full" / "state.safetensors"));
    if (!std::filesystem::exists(place.scratch / "full"))
      continue;  // nothing was saved: nothing is left
    for (const auto& entry : std::filesystem::directory_iterator(place.scratch / "full")) {
      CHECK_FALSE(holds(entry.path().filename().string(), ".tmp-"));
    }
  }
}

TEST_CASE("edges: an output that cannot be written is an error, even where stderr cannot either") {
  const Place place;
  place.train_well("run");
  for (const Words& words : {Words{"inspect", "--model", place.path("run")}, Words{"learn"}}) {
    const Outcome run = run_limpid(words, {.largest_file = 0});
    CHECK(run.status >= 1);
    CHECK(run.status <= 2);
  }
}

TEST_CASE("property: a loss that turns NaN stops, names a tensor, keeps the last good state") {
  const Place place;
  // The rate explodes from the first step on: what is saved is the state before it.
  for (const char* rate : {"1e30", "1e38"}) {
    CAPTURE(rate);
    std::filesystem::remove_all(place.scratch / "run");
    const Outcome run = run_limpid(
        tiny_run(place.text, place.scratch / "run",
                 {"--set", std::string("learning_rate=") + rate, "--set", "save_every=1"}));
    CHECK(run.status == 1);
    CAPTURE(run.err);
    const std::string last = run.err.substr(run.err.rfind("limpid: "));
    CHECK(holds(last, "the loss is"));
    CHECK((holds(last, "embedding") || holds(last, "blocks.0") || holds(last, "positions") ||
           holds(last, "norm")));
    CHECK(last.find('\n') == last.size() - 1);
    // The state that is there still computes a loss.
    const Outcome eval =
        run_limpid({"eval", "--model", place.path("run"), place.text.string(), "--json"});
    CHECK(eval.status == 0);
    CHECK_FALSE(holds(eval.out, "null"));
    CHECK_FALSE(holds(get(place.scratch / "run" / "metrics.jsonl"), "\"val_loss\":null"));
  }
}
