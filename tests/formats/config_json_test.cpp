#include "limpid/formats/config_json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;
using nlohmann::json;

// NO gradient check: a config has no numbers to train
// NO accumulation: nothing accumulates

namespace {

Config some_config(Family family) {
  Config config;
  config.family = family;
  config.vocab = 1000;
  config.context = 77;
  config.layers = 3;
  config.heads = 6;
  config.kv_heads = family == Family::llama ? 2 : 6;
  config.width = 24;
  config.hidden = 50;
  config.dropout = 0.25;
  config.norm_epsilon = 3e-6;
  config.rotary_base = family == Family::llama ? 500000 : 10000;
  config.tied = family == Family::llama;
  return config;
}

// What reading says to a file with one key changed; null removes the key.
std::string error_with(Family family, const std::string& key, const json& value) {
  const ScratchDirectory directory;
  json object = json::parse(to_config_json({.config = some_config(family)}));
  object[key] = value;
  if (value.is_null()) object.erase(key);
  put(directory / "config.json", object.dump());
  return failure(directory.path(), [&] { read_config_json(directory / "config.json"); });
}

std::string gpt2_with(const std::string& key, const json& value) {
  return error_with(Family::gpt2, key, value);
}

std::string llama_with(const std::string& key, const json& value) {
  return error_with(Family::llama, key, value);
}

ConfigJson parsed(const std::string& text) {
  const ScratchDirectory directory;
  put(directory / "config.json", text);
  return read_config_json(directory / "config.json");
}

std::string error_of(const std::string& text) {
  const ScratchDirectory directory;
  put(directory / "config.json", text);
  return failure(directory.path(), [&] { read_config_json(directory / "config.json"); });
}

}  // namespace

TEST_CASE("by hand: GPT-2's own file, its defaults filled in") {
  // The hub's file for gpt2 has no n_inner, dtype or tying: they have defaults.
  const ConfigJson gpt2 = parsed(R"({
    "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
    "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256, "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": 1024, "n_embd": 768, "n_head": 12,
    "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1, "summary_activation": null,
    "summary_first_dropout": 0.1, "summary_proj_to_labels": true, "summary_type": "cls_index",
    "summary_use_proj": true,
    "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}},
    "vocab_size": 50257})");
  CHECK(gpt2.config.parameter_count() == 124'439'808);
  CHECK(gpt2.config.hidden == 3072);
  CHECK(gpt2.config.tied);
  CHECK(gpt2.config.dropout == 0.1);
  CHECK(gpt2.config.norm_epsilon == 1e-5);
  CHECK(gpt2.begin_token == 50256);
  CHECK(gpt2.end_tokens == std::vector<Index>{50256});
}

TEST_CASE("by hand: the fewest keys a Llama can have") {
  const ConfigJson llama = parsed(R"({"model_type": "llama", "vocab_size": 32000,
    "max_position_embeddings": 2048, "num_hidden_layers": 22, "num_attention_heads": 32,
    "num_key_value_heads": 4, "hidden_size": 2048, "intermediate_size": 5632})");
  CHECK(llama.config.parameter_count() == 1'100'048'384);
  CHECK(!llama.config.tied);
  CHECK(llama.config.norm_epsilon == 1e-6);
  CHECK(llama.config.rotary_base == 10000);
  CHECK(!llama.begin_token);
  CHECK(llama.end_tokens.empty());
}

TEST_CASE("by hand: a Llama from before grouped queries has a key head for each query head") {
  const ConfigJson llama = parsed(R"({"model_type": "llama", "vocab_size": 32000,
    "max_position_embeddings": 2048, "num_hidden_layers": 32, "num_attention_heads": 32,
    "hidden_size": 4096, "intermediate_size": 11008})");
  CHECK(llama.config.kv_heads == 32);
  CHECK(llama.config.parameter_count() == 6'738'415'616);
}

TEST_CASE("by hand: what is written says the things whose defaults differ between programs") {
  ConfigJson description{.config = some_config(Family::gpt2), .begin_token = 3, .end_tokens = {3}};
  json object = json::parse(to_config_json(description));
  CHECK(object.at("architectures") == json::array({"GPT2LMHeadModel"}));
  CHECK(object.at("tie_word_embeddings") == false);
  CHECK(object.at("n_inner") == 50);
  CHECK(object.at("attn_pdrop") == 0.25);
  CHECK(object.at("eos_token_id") == 3);
  description = {.config = some_config(Family::llama), .begin_token = {}};
  object = json::parse(to_config_json(description));
  CHECK(object.at("architectures") == json::array({"LlamaForCausalLM"}));
  CHECK(object.at("tie_word_embeddings") == true);
  CHECK(object.at("num_key_value_heads") == 2);
  CHECK(object.at("rms_norm_eps") == 3e-6);
  // Explicit: transformers would take 2, or 50256, for a missing one.
  CHECK(object.at("eos_token_id").is_null());
  CHECK(object.at("bos_token_id").is_null());
}

TEST_CASE("property: what is written is read back") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const std::vector<Index>& ends : {std::vector<Index>{}, {7}, {7, 8}}) {
      ConfigJson description{.config = some_config(family), .begin_token = {}, .end_tokens = ends};
      if (!ends.empty()) description.begin_token = ends.front();
      if (ends.size() == 2) description.torch_dtype = "bfloat16";
      const std::string text = to_config_json(description);
      CHECK(parsed(text) == description);
      CHECK(to_config_json(parsed(text)) == text);
    }
  }
}

TEST_CASE("fixture: files in transformers' form") {
  const std::string fixtures = std::string(LIMPID_SOURCE_DIR) + "/tests/fixtures/huggingface/";
  const ConfigJson gpt2 = read_config_json(fixtures + "gpt2/config.json");
  CHECK(gpt2.config.hidden == 20);
  CHECK(gpt2.end_tokens == std::vector<Index>{10});
  const ConfigJson llama = read_config_json(fixtures + "llama/config.json");
  CHECK(llama.config.kv_heads == 2);
  CHECK(llama.config.rotary_base == 500);
  CHECK(llama.begin_token == 1);
  CHECK(llama.end_tokens == std::vector<Index>{2, 10});
}

TEST_CASE("edges: equal things in other words") {
  CHECK(gpt2_with("activation_function", "gelu_pytorch_tanh") == "no error");
  CHECK(gpt2_with("n_ctx", 77) == "no error");
  CHECK(gpt2_with("sliding_window", nullptr) == "no error");
  CHECK(llama_with("rope_scaling", {{"rope_type", "default"}}) == "no error");
  CHECK(llama_with("rope_scaling", nullptr) == "no error");
  CHECK(llama_with("head_dim", nullptr) == "no error");
  CHECK(llama_with("transformers_version", "5.0.0") == "no error");
  json object = json::parse(to_config_json({.config = some_config(Family::llama)}));
  object.erase("rope_theta");
  object["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 700}};
  CHECK(parsed(object.dump()).config.rotary_base == 700);
}

TEST_CASE("by hand: generation_config.json says more of begin and end, and may be missing") {
  const ScratchDirectory directory;
  ConfigJson description{.config = some_config(Family::llama), .begin_token = 1, .end_tokens = {2}};
  const auto read = [&](const std::string& text) {
    put(directory / "g.json", text);
    return failure(directory.path(),
                   [&] { read_generation_config(directory / "g.json", description); });
  };
  read_generation_config(directory / "none.json", description);
  CHECK(read(R"({"temperature": 0.6})") == "no error");
  CHECK(description.begin_token == 1);
  CHECK(description.end_tokens == std::vector<Index>{2});
  CHECK(read(R"({"bos_token_id": 0, "eos_token_id": [2, 3]})") == "no error");
  CHECK(description.begin_token == 0);
  CHECK(description.end_tokens == std::vector<Index>{2, 3});
  CHECK(read("{{{") == "g.json: line 1 is not JSON");
  CHECK(read(R"({"eos_token_id": 1000000000})")
            .starts_with("g.json: \"eos_token_id\" is 1000000000, expected"));
}

TEST_CASE("edges: a file with all the defaults of generation, as transformers 4 wrote them") {
  for (const char* key :
       {"output_scores", "return_dict_in_generate", "remove_invalid_values", "tf_legacy_loss",
        "no_repeat_ngram_size", "num_beam_groups", "typical_p"}) {
    CHECK(gpt2_with(key, 1) == "no error");
  }
  CHECK(gpt2_with("bad_words_ids", nullptr) == "no error");
}

TEST_CASE("misuse: what this house does not build is refused, not ignored") {
  CHECK(gpt2_with("activation_function", "gelu") ==
        R"(config.json: "activation_function" is "gelu", expected "gelu_new")");
  CHECK(gpt2_with("scale_attn_weights", false) ==
        R"(config.json: "scale_attn_weights" is false, expected true)");
  CHECK(gpt2_with("scale_attn_by_inverse_layer_idx", true) ==
        R"(config.json: "scale_attn_by_inverse_layer_idx" is true, expected false)");
  CHECK(gpt2_with("add_cross_attention", true) ==
        R"(config.json: "add_cross_attention" is true, expected false)");
  CHECK(gpt2_with("attn_pdrop", 0) ==
        R"(config.json: "attn_pdrop" is 0.0, expected 0.25 (resid_pdrop): one rate for all)");
  CHECK(gpt2_with("n_ctx", 78) == R"(config.json: "n_ctx" is 78, expected 77 (n_positions))");
  CHECK(gpt2_with("architectures", {"GPT2ForSequenceClassification"}) ==
        R"(config.json: "architectures" is ["GPT2ForSequenceClassification"], )"
        R"(expected ["GPT2LMHeadModel"])");
  CHECK(gpt2_with("model_type", "mistral") ==
        R"(config.json: "model_type" is "mistral", expected "gpt2" or "llama")");
  CHECK(llama_with("hidden_act", "gelu") ==
        R"(config.json: "hidden_act" is "gelu", expected "silu")");
  CHECK(llama_with("attention_bias", true) ==
        R"(config.json: "attention_bias" is true, expected false)");
  CHECK(llama_with("mlp_bias", true) == R"(config.json: "mlp_bias" is true, expected false)");
  CHECK(llama_with("head_dim", 5) == R"(config.json: "head_dim" is 5, expected 4)");
  CHECK(llama_with("rope_scaling", {{"rope_type", "llama3"}, {"factor", 8.0}}) ==
        R"(config.json: "rope_type" is "llama3", expected "default")");
  CHECK(llama_with("rope_scaling", {{"type", "linear"}, {"factor", 2.0}}) ==
        R"(config.json: "type" is "linear", expected "default")");
  CHECK(llama_with("rope_scaling", {{"factor", 2.0}}).find("\"factor\" is 2.0") !=
        std::string::npos);
  CHECK(llama_with("sliding_window", 4096) ==
        R"(config.json: "sliding_window" is 4096, expected no such key: what it asks for is not )"
        R"(known here)");
  CHECK(
      llama_with("quantization_config", {{"bits", 4}}).find("is {\"bits\":4}, expected no such") !=
      std::string::npos);
}

TEST_CASE("misuse: keys that are missing, of another type or out of range") {
  CHECK(gpt2_with("n_layer", nullptr) ==
        R"(config.json: "n_layer" is missing, expected an integer from 1 to 10000000)");
  for (const json& size : {json(0), json(-1), json(1.5), json("12"), json(true), json(10'000'001),
                           json(18446744073709551615U), json::array({12}), json::object()}) {
    CHECK(gpt2_with("n_embd", size) ==
          "config.json: \"n_embd\" is " + size.dump() + ", expected an integer from 1 to 10000000");
  }
  CHECK(gpt2_with("layer_norm_epsilon", "small") ==
        R"(config.json: "layer_norm_epsilon" is "small", expected a number)");
  CHECK(gpt2_with("tie_word_embeddings", 1) ==
        R"(config.json: "tie_word_embeddings" is 1, expected true or false)");
  // 50256 stands in the description of any GPT-2; other tokens that nobody has are a mistake.
  CHECK(gpt2_with("eos_token_id", 50256) == "no error");
  CHECK(gpt2_with("eos_token_id", 50255) ==
        fmt::format(R"(config.json: "eos_token_id" is 50255, expected token ids below {})",
                    some_config(Family::gpt2).vocab));
  CHECK(llama_with("bos_token_id", 50256).find("expected token ids below") != std::string::npos);
  const std::string long_name = llama_with("x", std::string(79, 'a') + "\xC3\xA9");
  CHECK(long_name.find("\xC3") == std::string::npos);  // cut before the character, not within it
  CHECK(gpt2_with("eos_token_id", -1) ==
        R"(config.json: "eos_token_id" is -1, expected token ids)");
  CHECK(gpt2_with("bos_token_id", {1, 2}) ==
        R"(config.json: "bos_token_id" is [1,2], expected one token id)");
  CHECK(llama_with("rope_scaling", 2) == R"(config.json: "rope_scaling" is 2, expected an object)");
  // What the configuration itself refuses comes with the file's name.
  CHECK(gpt2_with("n_head", 7) == "config.json: config: width 24 is not divisible by heads 7");
  CHECK(llama_with("num_key_value_heads", 4) ==
        "config.json: config: heads 6 is not divisible by kv_heads 4");
  CHECK(gpt2_with("prefix\nof", "x") ==
        R"(config.json: "prefix\x0aof" is "x", expected no such key: what it asks for is not )"
        R"(known here)");
}

TEST_CASE("misuse: text that is no JSON object") {
  CHECK(error_of("") == "config.json: line 1 is not JSON");
  CHECK(error_of("{\n\"a\": 1,\n}") == "config.json: line 3 is not JSON");
  CHECK(error_of("[]") == "config.json: is not a JSON object, expected {...}");
  CHECK(error_of("{\"a\": 1e999}") == "config.json: has a number that is too large");
  CHECK(error_of(R"({"n_layer": 1, "n_layer": 2})") == "config.json: \"n_layer\" occurs twice");
  CHECK(error_of(R"({"a": {"b": 1, "b": 2}})") == "config.json: \"b\" occurs twice");
  CHECK(error_of("{\"a\":" + std::string(100'000, '[')) ==
        "config.json: nests deeper than 16 levels");
  CHECK(error_of(std::string(2 << 20, ' ')) ==
        "config.json: has 2097152 bytes, expected at most 1048576");
  const ScratchDirectory directory;
  CHECK(failure(directory.path(), [&] { read_config_json(directory / "config.json"); }) ==
        "config.json: no such file");
}

TEST_CASE("misuse: cut or with any byte changed it is read or refused in one line") {
  const std::string text = to_config_json({.config = some_config(Family::llama)});
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    CHECK(error_of(text.substr(0, i)).starts_with("config.json: line "));
    for (const char byte : {'\0', '\n', '"', '{', ']', '-', '9', 'x', '\xFF'}) {
      std::string changed = text;
      changed[i] = byte;
      const std::string message = error_of(changed);
      if (message != "no error" && !message.starts_with("config.json: ")) FAIL_CHECK(message);
    }
  }
}
