// NO gradient check: a tokenizer has no gradient
// NO fixture: the formats' own tests read files of other programs
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

// A small text and a tokenizer of every kind learned from it, made once.
const std::filesystem::path& folder() {
  static const ScratchDirectory scratch;
  static const bool made = [] {
    put(scratch / "text.txt", small_text() + "<|endoftext|>" + small_text(1000));
    for (const Words& more :
         {Words{"--vocab-size", "290"}, Words{"--kind", "byte"}, Words{"--kind", "word"},
          Words{"--kind", "char"}, Words{"--kind", "wordpiece", "--vocab-size", "60"},
          Words{"--kind", "unigram", "--vocab-size", "60"}}) {
      Words words{"tokenizer", "train", (scratch / "text.txt").string(), "--out",
                  (scratch / (more[1] == "290" ? "bpe" : more[1])).string() + ".json"};
      words.insert(words.end(), more.begin(), more.end());
      const Outcome run = run_limpid(words);
      if (run.status != 0) throw std::runtime_error(run.err);
    }
    return true;
  }();
  static_cast<void>(made);
  return scratch.path();
}
std::string file(const std::string& name) {
  return (folder() / name).string();
}

// ./limpid tokenizer COMMAND --tokenizer bpe.json MORE
Outcome run(const std::string& command, const Words& more, const std::string& input = {},
            const std::string& tokenizer = "bpe.json") {
  Words words{"tokenizer", command, "--tokenizer", file(tokenizer)};
  words.insert(words.end(), more.begin(), more.end());
  return run_limpid(words, {.input = input});
}

constexpr const char* kEncoder = R"({"<|endoftext|>": 257, "ab": 256)";

// GPT-2's two files, with one merge: a b.
void put_gpt2_files(const ScratchDirectory& scratch) {
  // The 256 bytes in GPT-2's alphabet, in the order of their code points.
  std::string encoder = kEncoder;
  int id = 0;
  const auto add = [&](int code_point) {
    encoder += ", " +
               Json(code_point < 0x80 ? std::string(1, static_cast<char>(code_point))
                                      : std::string{static_cast<char>(0xC0 | code_point >> 6),
                                                    static_cast<char>(0x80 | (code_point & 63))})
                   .dump() +
               ": " + std::to_string(id++);
  };
  for (int c = 33; c < 256; ++c) {
    if (c < 127 || (c > 160 && c != 173)) add(c);
  }
  for (int c = 256; c < 256 + 68; ++c) add(c);
  put(scratch / "encoder.json", encoder + "}");
  put(scratch / "vocab.bpe", "#version: 0.2\na b\n");
}

}  // namespace

TEST_CASE("property: every command of tokenizer has --help with an example") {
  CHECK_HOLDS(run_limpid({"tokenizer", "--help"}).out, "Example:\n  limpid tokenizer show");
  for (const char* command : {"train", "import", "encode", "decode", "show", "compare"}) {
    CAPTURE(command);
    const Outcome help = run_limpid({"tokenizer", command, "--help"});
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK_HOLDS(help.out, std::string("Example:\n  limpid tokenizer ") + command);
  }
}

TEST_CASE("by hand: bytes are their own ids; places, from arguments and from stdin") {
  CHECK(run("encode", {"Hi é", "--ids"}, "", "byte.json").out == "72 105 32 195 169\n");
  CHECK(run("encode", {}, "Hi\n", "byte.json").out == "72 105 10\n");
  CHECK(run("encode", {""}, "not read", "byte.json").out == "\n");
  CHECK(run("decode", {"72", "105"}, "", "byte.json").out == "Hi");
  CHECK(run("decode", {}, "[72, 105,\n10]", "byte.json").out == "Hi\n");
  CHECK(run("decode", {}, "", "byte.json").out == "");
  const Json json = Json::parse(run("encode", {"aé", "--json"}, "", "byte.json").out);
  CHECK(json.at("ids") == Json{97, 195, 169});
  CHECK(json.at("offsets") == Json::parse("[[0, 1], [1, 2], [2, 3]]"));
  CHECK(json.at("tokens") == Json{"a", "\uFFFD", "\uFFFD"});
  const Json back = Json::parse(run("decode", {"--json", "195", "169"}, "", "byte.json").out);
  CHECK(back.at("text") == "é");
  CHECK(back.at("ids") == Json{195, 169});
}

TEST_CASE("by hand: --jsonl, one text on each line, and back") {
  const std::string texts =
      "\"Hi\"\n\"\"\n\"a\\n\\u00e9\\ud83d\\ude00<|endoftext|>\"\n\"no line feed behind\"";
  const Outcome ids = run("encode", {"--jsonl", "--specials", "recognised"}, texts, "byte.json");
  CHECK(ids.err.empty());
  CHECK(ids.out ==
        "[72,105]\n[]\n[97,10,195,169,240,159,152,128,256]\n"
        "[110,111,32,108,105,110,101,32,102,101,101,100,32,98,101,104,105,110,100]\n");
  CHECK(run("decode", {"--jsonl"}, ids.out, "byte.json").out ==
        "\"Hi\"\n\"\"\n\"a\\né😀<|endoftext|>\"\n\"no line feed behind\"\n");
  CHECK(run("encode", {"--jsonl"}, "", "byte.json").out == "");
  CHECK(run("decode", {"--jsonl"}, "\n72 105\n[195]\n", "byte.json").out ==
        "\"\"\n\"Hi\"\n\"\uFFFD\"\n");
}

TEST_CASE("by hand: a special token is text, itself, or an error") {
  const std::string text = "a<|endoftext|>";
  CHECK(run("encode", {text}, "", "byte.json").out ==
        "97 60 124 101 110 100 111 102 116 101 120 116 124 62\n");
  CHECK(run("encode", {text, "--specials", "recognised"}, "", "byte.json").out == "97 256\n");
  CHECK_HOLDS(complaint(run("encode", {text, "--specials", "forbidden"}, "", "byte.json")),
              "the text holds \"<|endoftext|>\" at byte 1");
}

TEST_CASE("property: what encode gives, decode gives back, byte for byte") {
  std::string text = small_text(2000) + "مرحبا 世界 👍🏽\r\n\n  ";
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  for (const char* tokenizer : {"bpe.json", "byte.json"}) {
    const Outcome ids = run("encode", {}, text, tokenizer);
    CHECK(ids.status == 0);
    CHECK(run("decode", {}, ids.out, tokenizer).out == text);
    const Json json = Json::parse(run("encode", {"--json"}, text, tokenizer).out);
    CHECK(run("decode", {}, json.at("ids").dump(), tokenizer).out == text);
    CHECK(json.at("offsets").back().at(1) == text.size());
  }
}

TEST_CASE("property: --jsonl gives for each text what encode gives for it alone") {
  for (const char* tokenizer : {"bpe.json", "word.json", "char.json"}) {
    CAPTURE(tokenizer);
    Json lines;
    std::string input;
    for (const char* text : {"the old fox", "", " the  old\nhen's", "near the river."}) {
      input += Json(text).dump() + "\n";
      lines.push_back(Json::parse(run("encode", {"--json", text}, "", tokenizer).out).at("ids"));
    }
    const std::string out = run("encode", {"--jsonl"}, input, tokenizer).out;
    std::string expected;
    for (const Json& ids : lines) expected += ids.dump() + "\n";
    CHECK(out == expected);
  }
}

TEST_CASE("property: train gives the same file again; fewer tokens than asked are said") {
  const ScratchDirectory scratch;
  const auto train = [&](const char* out, const char* size) {
    return run_limpid({"tokenizer", "train", file("text.txt"), "--vocab-size", size, "--out",
                       (scratch / out).string()});
  };
  const Outcome small = train("a.json", "290");
  CHECK(small.status == 0);
  CHECK_HOLDS(small.out, "a.json: bpe, 290 tokens (33 merges), special: <|endoftext|>\n");
  CHECK(get(scratch / "a.json") == get(file("bpe.json")));
  CHECK_HOLDS(train("b.json", "100000").out, "no more pairs: 100,000 tokens were asked for");
  CHECK(scratch.entries() == 2);
  // Two files are learned from as one; no token reaches across.
  put(scratch / "1.txt", "aaa");
  put(scratch / "2.txt", "bbb");
  const Outcome two =
      run_limpid({"tokenizer", "train", (scratch / "1.txt").string(), (scratch / "2.txt").string(),
                  "--vocab-size", "999", "--special", "<|a|>", "--special", "<|b|>", "--out",
                  (scratch / "c.json").string()});
  CHECK_HOLDS(two.out, "bpe, 262 tokens (4 merges), special: <|a|> <|b|>");
}

TEST_CASE("property: show tells the merges in order, and how a text splits") {
  const Outcome page = run("show", {"--first", "2"});
  CHECK(page.status == 0);
  CHECK_HOLDS(page.out, "bpe, 290 tokens, 33 merges, 1 special token");
  CHECK_HOLDS(page.out, "... and 31 more");
  CHECK(!holds(page.out, "\x1b["));
  const Json json = Json::parse(run("show", {"--json"}).out);
  CHECK(json.at("merges").size() == 33);
  CHECK(json.at("merges").at(0).at("id") == 256);
  CHECK(json.at("pattern") == "gpt2");
  CHECK(json.at("special").at(0).at("token") == "<|endoftext|>");
  const Outcome split = run("show", {"a\nb"}, "", "byte.json");
  CHECK_HOLDS(split.out, "a|\\n|b\n3 tokens for 3 bytes, 1.00 bytes each\n");
  CHECK_HOLDS(run("show", {}, "", "char.json").out, "It merges nothing; its tokens:");
}

TEST_CASE("property: compare counts what encode counts, for every kind") {
  const Words words{"tokenizer",   "compare",         "--tokenizer",   file("byte.json"),
                    "--tokenizer", file("bpe.json"),  "--tokenizer",   file("word.json"),
                    "--tokenizer", file("char.json"), file("text.txt")};
  Words as_json = words;
  as_json.push_back("--json");
  const Json json = Json::parse(run_limpid(as_json).out);
  REQUIRE(json.size() == 4);
  const std::size_t bytes = get(file("text.txt")).size();
  // <|endoftext|>, 13 bytes, is one token.
  CHECK(json.at(0).at("tokens") == bytes - 12);
  CHECK(json.at(0).at("bytes") == bytes);
  CHECK(json.at(1).at("tokens") < json.at(0).at("tokens"));
  CHECK(json.at(2).at("tokens") < json.at(1).at("tokens"));
  CHECK(json.at(3).at("tokens") == bytes - 12);
  CHECK(json.at(3).at("unknown") == 0);
  const Outcome page = run_limpid(words);
  CHECK(page.status == 0);
  CHECK_HOLDS(page.out, "bytes/token");
  CHECK_HOLDS(page.out, "word.json");
}

// Pieces of words, without the spaces between them, in small letters.
TEST_CASE("by hand: wordpiece and unigram, trained, saved, shown and compared") {
  const Outcome pieces = run("show", {"The FOX"}, "", "wordpiece.json");
  CHECK(pieces.err.empty());
  CHECK_HOLDS(pieces.out, "The| FOX\n2 tokens for 7 bytes");
  CHECK_HOLDS(pieces.out, "3..7  \"fox\"");
  CHECK_HOLDS(run("show", {}, "", "wordpiece.json").out, "wordpiece, ");
  CHECK(Json::parse(run("show", {"--json"}, "", "wordpiece.json").out).at("lower_case") == true);
  const std::string ids = run("encode", {"The  FOX."}, "", "wordpiece.json").out;
  CHECK(run("decode", {}, ids, "wordpiece.json").out == "the fox .");

  const Outcome unigram = run("show", {"the fox"}, "", "unigram.json");
  CHECK(unigram.err.empty());
  CHECK_HOLDS(unigram.out, "the| fox\n2 tokens for 7 bytes");
  CHECK_HOLDS(run("show", {}, "", "unigram.json").out, "log probability");
  const Json json = Json::parse(run("show", {"--json"}, "", "unigram.json").out);
  CHECK(json.at("pattern") == "gpt2");
  CHECK(json.at("pieces").at(0).at("log_probability") < 0);
  const std::string same = "the  fox.\n";
  CHECK(run("decode", {}, run("encode", {}, same, "unigram.json").out, "unigram.json").out == same);

  const Json compared = Json::parse(
      run_limpid({"tokenizer", "compare", "--json", "--tokenizer", file("wordpiece.json"),
                  "--tokenizer", file("unigram.json"), file("text.txt")})
          .out);
  for (const Json& one : compared) {
    CHECK(one.at("unknown") == 0);
    CHECK(one.at("bytes_per_token") > 2);
  }
}

TEST_CASE("property: a model learns from unigram tokens and writes with them") {
  const ScratchDirectory scratch;
  const Outcome trained =
      run_limpid(tiny_run(file("text.txt"), scratch / "run", {"--tokenizer", "unigram:60"}));
  CHECK(trained.status == 0);
  CHECK(get(scratch / "run/tokenizer.json") == get(file("unigram.json")));
  const Outcome written = run_limpid({"generate", "--model", (scratch / "run").string(), "--prompt",
                                      "the  fox", "--max-tokens", "8"});
  CHECK(written.status == 0);
  CHECK(written.out.starts_with("the  fox"));
  CHECK(written.out.size() > 10);
}

TEST_CASE("by hand: import of GPT-2's two files") {
  const ScratchDirectory scratch;
  put_gpt2_files(scratch);
  const Outcome import =
      run_limpid({"tokenizer", "import", "--vocab", (scratch / "encoder.json").string(), "--merges",
                  (scratch / "vocab.bpe").string(), "--out", (scratch / "gpt2.json").string()});
  CHECK(import.err.empty());
  CHECK_HOLDS(import.out, "gpt2.json: bpe, 258 tokens (1 merge), special: <|endoftext|>\n");
  const Outcome ids =
      run_limpid({"tokenizer", "encode", "--tokenizer", (scratch / "gpt2.json").string(), "abba"});
  CHECK(ids.out == "256 65 64\n");
}

TEST_CASE("edges: a model directory; texts that look like options or commands") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch / "model");
  std::filesystem::copy_file(file("byte.json"), scratch / "model/tokenizer.json");
  const std::string model = (scratch / "model").string();
  CHECK(run_limpid({"tokenizer", "encode", "--tokenizer", model, "--", "-a"}).out == "45 97\n");
  for (const char* text : {"show", "demo", "[1,2]", "a b"}) {
    CAPTURE(text);
    const Outcome ids = run_limpid({"tokenizer", "encode", "--tokenizer", model, text});
    CHECK(run("decode", {}, ids.out, "byte.json").out == text);
  }
}

TEST_CASE("misuse: ids that are none, files that are none") {
  CHECK_HOLDS(complaint(run("decode", {"12", "x7"})),
              "tokenizer decode: id 1 is \"x7\", expected a number from 0 to 289");
  for (const char* id : {"290", "-1", "1.5", "99999999999999"}) {
    CAPTURE(id);
    CHECK_HOLDS(complaint(run("decode", {}, id)), "expected a number from 0 to 289");
  }
  for (const char* line : {"[1]", "", "\"a", "a", "7", "null", "\"\\ud800\"", "\"\xFF\""}) {
    CAPTURE(line);
    CHECK_HOLDS(complaint(run("encode", {"--jsonl"}, "\"a\"\n" + std::string(line) + "\n")),
                "stdin: line 2: tokenizer encode: got \"");
  }
  CHECK_HOLDS(complaint(run("encode", {"--jsonl", "--specials", "forbidden"},
                            "\"a\"\n\"b<|endoftext|>\"\n")),
              "stdin: line 2: ");
  CHECK_HOLDS(complaint(run("decode", {"--jsonl"}, "[1]\n[2, 290]\n")),
              "stdin: line 2: tokenizer decode: id 1 is \"290\", expected a number from 0 to 289");
  CHECK_HOLDS(complaint(run("encode", {"--jsonl", "a"})), "--jsonl");
  CHECK_HOLDS(complaint(run("decode", {"--jsonl", "1"})), "--jsonl");
  CHECK_HOLDS(complaint(run("encode", {"a"}, "", "none.json")), "none.json: ");
  CHECK_HOLDS(complaint(run("show", {}, "", "text.txt")), "text.txt: is not JSON");
  CHECK_HOLDS(complaint(run("compare", {file("none.txt")})), "none.txt: ");
}

TEST_CASE("misuse: what cannot be trained or imported leaves no file behind") {
  const ScratchDirectory scratch;
  const std::string out = (scratch / "out.json").string();
  const auto train = [&](const Words& more, const std::string& text) {
    Words words{"tokenizer", "train", text, "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return complaint(run_limpid(words));
  };
  const std::string text = file("text.txt");
  CHECK_HOLDS(train({}, text), "--kind bpe needs --vocab-size");
  CHECK_HOLDS(train({"--kind", "wordpiece"}, text), "--kind wordpiece needs --vocab-size");
  CHECK_HOLDS(train({"--kind", "unigram"}, text), "--kind unigram needs --vocab-size");
  CHECK_HOLDS(train({"--kind", "wordpiece", "--vocab-size", "5"}, text), "the characters alone");
  CHECK_HOLDS(train({"--kind", "unigram", "--vocab-size", "5"}, text), "vocab_size is 5, expected");
  CHECK_HOLDS(train({"--vocab-size", "256"}, text), "vocab_size is 256, expected at least 257");
  CHECK_HOLDS(train({"--vocab-size", "0"}, text), "expected a number above 0");
  CHECK_HOLDS(train({"--vocab-size", "290", "--kind", "char"}, text), "is for --kind bpe");
  CHECK_HOLDS(train({"--kind", "novel"}, text), "--kind");
  CHECK_HOLDS(train({"--vocab-size", "290", "--special", ""}, text), "special");
  CHECK_HOLDS(train({"--vocab-size", "290"}, file("none.txt")), "none.txt: ");
  put(folder() / "empty.txt", "");
  CHECK_HOLDS(train({"--vocab-size", "290"}, file("empty.txt")), "empty.txt: the text is empty");
  put(folder() / "bad.txt", "a\xFF");
  CHECK_HOLDS(train({"--kind", "word"}, file("bad.txt")), "byte 1 (0xFF) is not UTF-8");
  const auto import = [&](Words words) {
    words.insert(words.begin(), {"tokenizer", "import", "--out", out});
    return complaint(run_limpid(words));
  };
  const std::string expected = "expected --vocab and --merges, or --ranks and --preset";
  CHECK_HOLDS(import({}), expected);
  CHECK_HOLDS(import({"--vocab", text}), expected);
  CHECK_HOLDS(import({"--ranks", text}), expected);
  CHECK_HOLDS(import({"--vocab", text, "--merges", text, "--preset", "r50k_base"}), expected);
  CHECK_HOLDS(import({"--vocab", text, "--merges", text}), "text.txt: ");
  CHECK_HOLDS(import({"--ranks", text, "--preset", "r50k_base"}), "text.txt: ");
  CHECK(scratch.entries() == 0);
}
