// NO gradient check: the command line computes nothing of its own; gradcheck is one of its commands
// NO fixture: no other program has these commands
// NO accumulation: nothing accumulates
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <sstream>
#include <string>

#include "limpid/formats/config_json.hpp"

#include "tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;
using Json = nlohmann::json;

namespace {

const std::filesystem::path& trained_model() {
  return trained_once(
      [](const auto& text, const auto& directory) { return tiny_run(text, directory); });
}
std::string model() {
  return trained_model().string();
}
std::string text_file() {
  return (trained_model().parent_path() / "text.txt").string();
}

Outcome run(const Words& words) {
  return run_limpid(words);
}

// The width of the longest line, in characters.
std::size_t widest(const std::string& text) {
  std::size_t widest = 0, width = 0;
  for (const char c : text) {
    width = c == '\n' ? 0 : width + ((static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0);
    widest = std::max(widest, width);
  }
  return widest;
}

}  // namespace

// The examples below are commands, which a terminal may break.
bool fits_80_columns(const std::string& help) {
  std::istringstream lines(help.substr(0, help.find("Example")));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.size() > 80) return false;
  }
  return true;
}

TEST_CASE("property: every command has --help with an example, 80 columns wide") {
  const Outcome all = run({"--help"});
  CHECK(all.status == 0);
  CHECK(fits_80_columns(all.out));
  for (const char* command : {"train", "generate", "import", "export", "eval", "inspect", "logits",
                              "trace", "gradcheck", "tokenizer", "tales"}) {
    CAPTURE(command);
    CHECK(all.out.find(std::string("  ") + command) != std::string::npos);
    const Outcome help = run({command, "--help"});
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(fits_80_columns(help.out));
    CHECK(help.out.find("Example") != std::string::npos);
    CHECK(help.out.find(std::string("limpid ") + command) != std::string::npos);
  }
}

TEST_CASE("property: generate repeats itself with a seed, begins with the prompt, is valid text") {
  const Words words{"generate", "--model", model(),        "--prompt", "the fox",
                    "--seed",   "7",       "--max-tokens", "40"};
  const Outcome first = run(words), second = run(words);
  CHECK(first.status == 0);
  CHECK(first.err.empty());
  CHECK(first.out.starts_with("the fox"));
  CHECK(first.out.ends_with("\n"));
  CHECK(first.out == second.out);
  Words on_one_thread = words;
  on_one_thread.insert(on_one_thread.end(), {"--threads", "1"});
  CHECK(run(on_one_thread).out == first.out);
  Words other = words;
  other[6] = "8";
  CHECK(run(other).out != first.out);
  // From stdin.
  const Outcome piped = run_limpid(
      {"generate", "--model", model(), "--seed", "7", "--max-tokens", "40"}, {.input = "the fox"});
  CHECK(piped.out == first.out);
}

TEST_CASE("property: generate --count writes different texts, --temperature 0 equal ones") {
  const Outcome greedy = run({"generate", "--model", model(), "--prompt", "the", "--temperature",
                              "0", "--count", "2", "--max-tokens", "10"});
  const std::size_t half = greedy.out.find("\n\n");
  REQUIRE(half != std::string::npos);
  CHECK(greedy.out.substr(0, half + 1) == greedy.out.substr(half + 2));
  const Outcome drawn = run(
      {"generate", "--model", model(), "--prompt", "the", "--count", "2", "--max-tokens", "30"});
  const std::size_t middle = drawn.out.find("\n\n");
  CHECK(drawn.out.substr(0, middle + 1) != drawn.out.substr(middle + 2));
}

TEST_CASE("property: eval agrees with itself: perplexity is e^loss, bits follow from the bytes") {
  const Outcome eval = run({"eval", "--model", model(), text_file(), "--json"});
  REQUIRE(eval.status == 0);
  const Json json = Json::parse(eval.out);
  const double loss = json.at("loss"), tokens = json.at("tokens"), bytes = json.at("bytes");
  CHECK(json.at("context") == 16);
  // One character, one byte, one token; the first one is not predicted.
  CHECK(tokens == static_cast<double>(small_text().size()) - 1);
  CHECK(bytes == tokens);
  CHECK(loss > 0);
  CHECK(loss < 4);
  CHECK(std::abs(json.at("perplexity").get<double>() - std::exp(loss)) <= 1e-9 * std::exp(loss));
  CHECK(std::abs(json.at("bits_per_byte").get<double>() - loss * tokens / bytes / std::log(2.0)) <=
        1e-12);
  const Outcome page = run({"eval", "--model", model(), text_file()});
  CHECK(page.status == 0);
  CHECK(page.out.find("bits per byte") != std::string::npos);
}

TEST_CASE("property: logits are a row for each token, and know nothing of what comes later") {
  const auto logits = [](const std::string& lines) {
    return run_limpid({"logits", "--model", model()}, {.input = lines});
  };
  const Outcome both = logits("[1,2,3,4]\n[1,2,3]\n");
  REQUIRE(both.status == 0);
  const std::size_t end = both.out.find('\n');
  const Json four = Json::parse(both.out.substr(0, end)), three = Json::parse(both.out.substr(end));
  CHECK(four.at("ids") == Json{1, 2, 3, 4});
  REQUIRE(four.at("logits").size() == 4);
  double difference = 0;
  for (std::size_t row = 0; row < 3; ++row) {
    const Json &a = four["logits"][row], &b = three["logits"][row];
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      difference = std::max(difference, std::abs(a[i].get<double>() - b[i].get<double>()));
    }
  }
  CHECK(difference <= 1e-5);
  CHECK(logits("").out.empty());
  // In double: nearly the same numbers, but not the same.
  const Outcome precise =
      run_limpid({"logits", "--model", model(), "--double"}, {.input = "[1,2,3,4]"});
  const Json exact = Json::parse(precise.out);
  double rounding = 0;
  for (std::size_t i = 0; i < four["logits"][3].size(); ++i) {
    rounding = std::max(rounding, std::abs(exact["logits"][3][i].get<double>() -
                                           four["logits"][3][i].get<double>()));
  }
  CHECK(rounding > 0);
  CHECK(rounding <= 1e-5);
}

TEST_CASE("misuse: logits of lines that are no token ids") {
  for (const char* line : {"", "1", "[]", "[1,]", "[-1]", "[1.5]", "[\"1\"]", "[100000]", "{}",
                           "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"}) {
    const Outcome outcome =
        run_limpid({"logits", "--model", model()}, {.input = std::string("[1]\n") + line + "\n"});
    CHECK(complaint(outcome).starts_with(std::string("stdin: line 2 is '") + line +
                                         "', expected 1 to 16 token ids below "));
  }
}

TEST_CASE("misuse: output that cannot be written is an error") {
  for (const Words& words : {Words{"--help"}, Words{"inspect", "--model", model()}}) {
    const Outcome outcome = run_limpid(words, {.largest_file = 100});
    CHECK(outcome.status == 1);
    CHECK(complaint(outcome) == "the output could not be written");
  }
}

TEST_CASE("by hand: inspect counts what the sizes say") {
  const Outcome inspect = run({"inspect", "--model", model(), "--json"});
  REQUIRE(inspect.status == 0);
  const Json json = Json::parse(inspect.out);
  const Json& fixed = json.at("fixed");
  const double V = fixed.at("vocab");
  CHECK(fixed.at("width") == 16);
  CHECK(fixed.at("tokenizer") == "char");
  // Embedding V*16, positions 16*16; block: norms 4*16, attention 4*16*16 + 4*16, feed-forward
  // 2*16*32 + 32 + 16; final norm 2*16.
  const double parameters = V * 16 + 256 + 64 + 1024 + 64 + 1024 + 48 + 32;
  CHECK(json.at("learned").at("parameters") == parameters);
  double sum = 0;
  for (const Json& tensor : json.at("learned").at("tensors"))
    sum += tensor.at("numbers").get<double>();
  CHECK(sum == parameters);
  CHECK(json.at("memory").at("moments") == 8 * parameters);
  // Muon keeps one number for each of the block's matrices, where AdamW keeps two.
  const ScratchDirectory scratch;
  REQUIRE(run(tiny_run(text_file(), scratch / "muon", {"--set", "optimizer=muon"})).status == 0);
  const Outcome muon = run({"inspect", "--model", (scratch / "muon").string(), "--json"});
  CHECK(Json::parse(muon.out).at("memory").at("moments") == 8 * parameters - 4 * (1024 + 1024));
  // 6 (parameters - positions) + 12 * 1 layer * 16 * 16.
  CHECK(json.at("flops_per_token").at("training") == 6 * (parameters - 256) + 12 * 16 * 16);
  CHECK(json.at("run").at("step") == 12);
  CHECK(json.at("run").at("options").at("preset") == "nano");
}

#if !defined(__SANITIZE_ADDRESS__)  // whose allocator keeps more, and says nothing
TEST_CASE("property: inspect --memory counts what the process grows by, within 5%") {
  // Large enough that a megabyte of code and stacks does not matter.
  const ScratchDirectory scratch;
  ConfigJson description;
  description.config = {
      .vocab = 1024, .layers = 4, .heads = 4, .kv_heads = 4, .width = 256, .hidden = 1024};
  put(scratch / "config.json", to_config_json(description));
  const std::string directory = (scratch / "").string();
  const Outcome inspect = run({"inspect", "--model", directory, "--memory", "--json"});
  REQUIRE(inspect.status == 0);
  const Json json = Json::parse(inspect.out);
  const double measured = json.at("measured"), counted = json.at("counted");
  double sum = 0;
  for (const auto& [name, bytes] : json.at("parts").items()) sum += bytes.get<double>();
  CHECK(sum == counted);
  CHECK(counted > 100e6);
  if (measured > 0) CHECK(std::abs(counted - measured) <= 0.05 * measured);
  // Once it has run for a while, a step takes no new pages: here it needs some 30,000.
  CHECK(json.at("page_faults_per_step") <= 1000);
  const Outcome page = run({"inspect", "--model", model(), "--memory"});
  CHECK(page.status == 0);
  CHECK(page.out.find("4 rows of 16 tokens") != std::string::npos);
  CHECK(widest(page.out) <= 80);
}
#endif

TEST_CASE("property: inspect and trace are pages of 80 columns") {
  const Outcome inspect = run({"inspect", "--model", model()});
  CHECK(inspect.status == 0);
  CHECK(widest(inspect.out) <= 80 + model().size());  // the first line is the directory
  CHECK(widest(inspect.out.substr(inspect.out.find('\n') + 1)) <= 80);
  for (const char* word : {"LEARNED", "FIXED", "CHOSEN", "MEMORY", "OPERATIONS", "THE RUN"}) {
    CAPTURE(word);
    CHECK(inspect.out.find(word) != std::string::npos);
  }
  const Outcome trace = run({"trace", "--model", model(), "the old fox"});
  CHECK(trace.status == 0);
  CHECK(widest(trace.out.substr(trace.out.find('\n') + 1)) <= 80);
}

TEST_CASE(
    "property: trace names files that exist, and its likeliest token is the one greedy generate "
    "writes") {
  const Outcome trace = run({"trace", "--model", model(), "the old fo"});
  REQUIRE(trace.status == 0);
  std::size_t files = 0;
  for (std::size_t at = trace.out.find(".cpp"); at != std::string::npos;
       at = trace.out.find(".cpp", at + 1)) {
    const std::size_t begin = trace.out.find_last_of(" \n", at) + 1;
    const std::string file = trace.out.substr(begin, at + 4 - begin);
    CAPTURE(file);
    CHECK(std::filesystem::exists(std::string(LIMPID_SOURCE_DIR) + "/src/limpid/" + file));
    ++files;
  }
  CHECK(files >= 12);
  const Outcome greedy = run({"generate", "--model", model(), "--prompt", "the old fo",
                              "--temperature", "0", "--max-tokens", "1"});
  const std::string next = greedy.out.substr(10, greedy.out.size() - 11);
  // The first line below the heading of the ten likeliest: ID "TOKEN" PERCENT BAR.
  const std::size_t heading = trace.out.find("ten likeliest");
  REQUIRE(heading != std::string::npos);
  const std::size_t line = trace.out.find('\n', heading) + 1;
  const std::size_t quote = trace.out.find('"', line) + 1;
  const std::string likeliest = trace.out.substr(quote, trace.out.find('"', quote) - quote);
  CHECK(likeliest == (next == "\n" ? "\\n" : next));
}

TEST_CASE("property: gradcheck finds every backward pass right") {
  const Outcome all = run({"gradcheck", "--json"});
  REQUIRE(all.status == 0);
  const Json rows = Json::parse(all.out);
  CHECK(rows.size() >= 60);
  for (const Json& row : rows) {
    CAPTURE(row.dump());
    CHECK(row.at("error").get<double>() <= 1e-7);
    CHECK(row.at("largest").get<double>() > 0);
    CHECK(row.at("ok") == true);
  }
  const Outcome one = run({"gradcheck", "layer_norm"});
  CHECK(one.status == 0);
  CHECK(one.out.find("3 tensors, 64 numbers") !=
        std::string::npos);  // x [6, 8], gain [8], bias [8]
  CHECK(widest(one.out) <= 80);
}

TEST_CASE("property: --init continues from a trained model, --minutes chooses the steps") {
  const ScratchDirectory scratch;
  Words words = tiny_run(text_file(), scratch / "more", {"--init", model()});
  CHECK(run(words).status == 0);
  // A trained model begins lower than a fresh one ends its first evaluation.
  const auto first_loss = [](const std::filesystem::path& directory) {
    const std::string lines = get(directory / "metrics.jsonl");
    return Json::parse(lines.substr(0, lines.find('\n'))).at("val_loss").get<double>();
  };
  CHECK(first_loss(scratch / "more") < first_loss(trained_model()));

  // The command that its page prints repeats it, bit for bit.
  const std::string card = get(scratch / "more" / "README.md");
  const std::size_t begin = card.find("./limpid train");
  std::istringstream line(card.substr(begin, card.find('\n', begin) - begin));
  Words again;
  for (std::string word; line >> word;) {
    if (word == "./limpid") continue;
    if (word == std::filesystem::path(text_file()).filename()) word = text_file();
    if (word == std::filesystem::path(model()).filename()) word = model();
    if (word == "runs/again") word = (scratch / "again").string();
    again.push_back(word);
  }
  const Outcome repeated = run(again);
  CAPTURE(repeated.err);
  CHECK(repeated.status == 0);
  CHECK(get(scratch / "again" / "model.safetensors") ==
        get(scratch / "more" / "model.safetensors"));

  Words timed = tiny_run(text_file(), scratch / "timed", {"--minutes", "0.0005"});
  timed.erase(timed.begin() + 6, timed.begin() + 8);  // --steps 12
  CHECK(run(timed).status == 0);
  const Json json =
      Json::parse(run({"inspect", "--model", (scratch / "timed").string(), "--json"}).out);
  const Json& options = json.at("run").at("options");
  CHECK(options.at("width") == "16");  // what somebody says stands
  CHECK(json.at("run").at("step") == std::stoll(options.at("steps").get<std::string>()));
  CHECK(options.at("warmup") == "2");
}

TEST_CASE("property: a run says what it is and how long it will take, without a terminal too") {
  const ScratchDirectory scratch;
  const auto place = [](const Outcome& outcome, const char* text) {
    const std::size_t found = outcome.err.find(text);
    CAPTURE(outcome.err);
    CHECK(found != std::string::npos);
    return found;
  };
  const Outcome small = run(tiny_run(text_file(), scratch / "small"));
  CHECK(place(small, "parameters") < place(small, "time   expected about "));
  CHECK(place(small, " tok/s)") < place(small, "step     0"));
  // Where a step is long, its first one is the measure.
  const Outcome large =
      run(tiny_run(text_file(), scratch / "large",
                   {"--set", "width=256", "--set", "hidden=1024", "--set", "context=64", "--set",
                    "batch=16", "--set", "accumulate=8", "--set", "steps=1", "--set", "warmup=0"}));
  CHECK(place(large, "step     0") < place(large, "time   expected about "));
  // A finished run has nothing left to wait for.
  const Outcome none = run({"train", "--out", (scratch / "small").string(), "--resume"});
  CHECK(none.err.find("expected about") == std::string::npos);
}

TEST_CASE("edges: one token of text, one step, one character") {
  const ScratchDirectory scratch;
  CHECK(run(tiny_run(text_file(), scratch / "one", {"--steps", "1"})).status !=
        0);  // twice --steps
  Words one = tiny_run(text_file(), scratch / "one", {"--set", "warmup=0"});
  one[7] = "1";
  CHECK(run(one).status == 0);
  const Outcome trace = run({"trace", "--model", model(), "t"});
  CHECK(trace.status == 0);
  put(scratch / "two.txt", "th");
  const Outcome eval = run({"eval", "--model", model(), (scratch / "two.txt").string(), "--json"});
  CHECK(Json::parse(eval.out).at("tokens") == 1);
}

TEST_CASE("misuse: no command, an unknown command or option, options that exclude each other") {
  CHECK(complaint(run({})) != "no error");
  CHECK(complaint(run({"learn"})).find("not expected: learn") != std::string::npos);
  CHECK(complaint(run({"eval", "--model", model()})).find("FILE") != std::string::npos);
  CHECK(complaint(run({"generate", "--modle", model()})).find("--model is required") !=
        std::string::npos);
  CHECK(complaint(run({"generate", "--model", model(), "--tempo", "1"})).find("--tempo") !=
        std::string::npos);
  CHECK(
      complaint(run({"train", "--out", "x", "--steps", "2", "--minutes", "1"})).find("--minutes") !=
      std::string::npos);
  CHECK(complaint(run({"train", "--out", "x", "--steps", "none"})).find("--steps") !=
        std::string::npos);
  const std::string unknown = complaint(run({"gradcheck", "layernorm"}));
  CHECK(unknown.find("no concept is called 'layernorm'") != std::string::npos);
  CHECK(unknown.find("layer_norm") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists("x"));
}
