#include "limpid/formats/pretokenizer_json.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

// NO gradient check: text has no gradient
// NO fixture: Hugging Face's libraries read these texts; that was tried by hand
// NO accumulation: nothing accumulates

using namespace limpid;

TEST_CASE("by hand: what GPT-2's file says") {
  const Cutting gpt2 = {Pattern::gpt2, true};
  CHECK(to_pretokenizer_json(gpt2) ==
        R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})");
  CHECK(from_pretokenizer_json(R"({"type":"ByteLevel","add_prefix_space":false})") == gpt2);
  CHECK(from_pretokenizer_json("null") == Cutting{Pattern::none, false});
  CHECK(to_pretokenizer_json({Pattern::none, false}) == "null");
}

// Llama 3's file has this pattern and these steps.
TEST_CASE("by hand: GPT-4's pattern is a Split before ByteLevel") {
  const char* const json = R"({"type":"Sequence","pretokenizers":[
    {"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d))"
                           R"(|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3})"
                           R"(| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
     "behavior":"Isolated","invert":false},
    {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]})";
  CHECK(from_pretokenizer_json(json) == Cutting{Pattern::cl100k, true});
  // ByteLevel alone would mean GPT-2's pattern.
  CHECK(to_pretokenizer_json({Pattern::cl100k, true}).starts_with(R"({"type":"Sequence")"));
}

TEST_CASE("property: everything that is written is read as it was") {
  for (const Pattern pattern :
       {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::words, Pattern::none}) {
    for (const bool to_bytes : {false, true}) {
      const Cutting cutting = {pattern, to_bytes};
      CHECK(from_pretokenizer_json(to_pretokenizer_json(cutting)) == cutting);
    }
  }
}

TEST_CASE("edges: a sequence of nothing, a sequence of one") {
  CHECK(from_pretokenizer_json(R"({"type":"Sequence","pretokenizers":[]})") == Cutting{});
  CHECK(from_pretokenizer_json(
            R"({"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false,
                "use_regex":false}]})") == Cutting{Pattern::none, true});
}

TEST_CASE("misuse: steps, patterns and settings that have no equal here") {
  const auto error = [](const char* json) -> std::string {
    try {
      from_pretokenizer_json(json);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(error(R"({"type":"Metaspace"})") ==
        R"(pre_tokenizer.type is "Metaspace", expected "ByteLevel" or "Split")");
  CHECK(error("[]") == R"(pre_tokenizer.type is null, expected "ByteLevel" or "Split")");
  CHECK(error(R"({"type":"ByteLevel","add_prefix_space":true})") ==
        "pre_tokenizer.add_prefix_space is true, expected false");
  CHECK(error(R"({"type":"Split","pattern":{"Regex":"x+"}})") ==
        R"(pre_tokenizer.pattern is "x+", expected a pattern known here)");
  CHECK(error(R"({"type":"Split","pattern":{"Regex":" ?\\S+|\\s+(?!\\S)|\\s+"},
                  "behavior":"Removed"})") ==
        R"(pre_tokenizer.behavior is "Removed", expected "Isolated")");
  CHECK(error(R"({"type":"Split","pattern":{"Regex":" ?\\S+|\\s+(?!\\S)|\\s+"},
                  "behavior":"Isolated","invert":true})") ==
        "pre_tokenizer.invert is true, expected false");
  // ByteLevel has GPT-2's pattern unless it says otherwise.
  CHECK(error(R"({"type":"Sequence","pretokenizers":[
                  {"type":"Split","pattern":{"Regex":" ?\\S+|\\s+(?!\\S)|\\s+"},
                   "behavior":"Isolated"},
                  {"type":"ByteLevel","add_prefix_space":false}]})")
            .ends_with("expected no second pattern"));
  CHECK(error(R"({"type":"Sequence","pretokenizers":{}})") ==
        "pre_tokenizer.pretokenizers is {}, expected an array");
  CHECK(
      error(R"({"type":"Sequence","pretokenizers":[
                  {"type":"ByteLevel","add_prefix_space":false},{"type":"Digits"}]})") ==
      R"(pre_tokenizer.pretokenizers[1] is {"type":"Digits"}, expected nothing behind ByteLevel)");
}
