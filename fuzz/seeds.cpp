// What the fuzzer begins with: one small good file of every format, and a few texts.
// usage: fuzz_seeds FOLDER, which gets a folder for each fuzz program
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "limpid/core/rng.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/formats/gguf_file.hpp"
#include "limpid/formats/gguf_key_writer.hpp"
#include "limpid/formats/gguf_tokenizer.hpp"
#include "limpid/formats/llama2c_tokenizer.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tales/writer.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/train/metrics.hpp"

namespace {

using namespace limpid;

constexpr std::string_view kText = "the cat, the hat; it's 2026<|endoftext|>caf\xC3\xA9 the the\n";

// encoder.json, a zero byte, vocab.bpe.
std::string gpt2_files(const BytePairTokenizer& tokenizer) {
  nlohmann::json encoder;
  std::string merges = "#version: 0.2\n";
  const auto name = [&](TokenId id) {
    const std::string_view token = tokenizer.token_bytes(id);
    return tokenizer.is_special(id) ? std::string(token) : to_byte_alphabet(token);
  };
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) encoder[name(id)] = id;
  for (const Merge& merge : tokenizer.merges()) {
    merges += name(merge.left) + " " + name(merge.right) + "\n";
  }
  return encoder.dump() + '\0' + merges;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= group.size() ? kLetters[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

std::string rank_file(const BytePairTokenizer& tokenizer) {
  std::string text;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (tokenizer.is_special(id)) continue;
    text += base64(tokenizer.token_bytes(id)) + " " + std::to_string(id) + "\n";
  }
  return text;
}

// A number in eight bytes, then the header, then the data.
std::string safetensors(const std::string& header, std::size_t data_bytes) {
  std::string text;
  for (std::size_t i = 0, length = header.size(); i < 8; ++i, length >>= 8) {
    text += static_cast<char>(length & 255);
  }
  return text + header + std::string(data_bytes, '\x3f');
}

// The formats that have nothing to do with tokens.
void write_other_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const char* program, const char* name, const std::string& text) {
    std::filesystem::create_directories(folder / program);
    write_file_atomically(folder / program / name, text);
  };
  write("safetensors_fuzz", "floats",
        safetensors(R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})", 24));
  write(
      "safetensors_fuzz", "many",
      safetensors(R"({"__metadata__":{"format":"pt"},"d":{"dtype":"F64","shape":[],)"
                  R"("data_offsets":[0,8]},"h":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},)"
                  R"("b":{"dtype":"BF16","shape":[1,1],"data_offsets":[12,14]},)"
                  R"("u":{"dtype":"U8","shape":[0],"data_offsets":[14,14]}})",
                  14));
  ConfigJson description;
  description.config.vocab = 257;
  description.config.layers = 1;
  description.end_tokens = {256};
  write("config_json_fuzz", "gpt2", to_config_json(description));
  description.config.family = Family::llama;
  write("config_json_fuzz", "llama", to_config_json(description));
  write("config_json_fuzz", "generation",
        R"({"bos_token_id": 1, "eos_token_id": [2, 3], "top_p": 0.9})");
  write("safetensors_shards_fuzz", "index",
        R"({"metadata": {"total_size": 24}, "weight_map": {"x": "a", "y": "b"}})");
  Rng rng(1);
  for (const char* name : {"one", "two", "three"}) {
    write("tales_story_fuzz", name,
          tales::write(tales::World::embedded(), tales::Split::train, rng).text);
  }
  Metrics first, second;
  second.step = 10;
  second.sample = "the \"cat\"\ncaf\xC3\xA9";
  write("metrics_fuzz", "lines", to_json_line(first) + to_json_line(second));
  write("tales_world_fuzz", "names",
        "list names\n  Ann, Bert\n  spell 1 2: lo mi\nlist places: word | where\n  mill | beside\n"
        "fact name from names\nfact place from places\nrule story\n  [weight 3] {Name} saw the "
        "{place}.\n"
        "  when name is Ann\n    {Name} left.\n");
}

void write_seeds(const std::filesystem::path& folder) {
  write_other_seeds(folder);
  const std::filesystem::path files = folder / "tokenizer_files_fuzz";
  const std::filesystem::path texts = folder / "tokenizer_round_trip_fuzz";
  std::filesystem::create_directories(files);
  std::filesystem::create_directories(texts);
  for (const char* spec : {"word", "char", "byte", "bpe:262", "wordpiece:40", "unigram:40"}) {
    const auto tokenizer = make_tokenizer(spec, kText);
    const std::string name(tokenizer->kind());
    write_file_atomically(files / name, "t" + to_tokenizer_json(*tokenizer));
    const auto* pairs = dynamic_cast<const BytePairTokenizer*>(tokenizer.get());
    if (pairs == nullptr) continue;
    write_file_atomically(files / "gpt2", "g" + gpt2_files(*pairs));
    write_file_atomically(files / "ranks", "r" + rank_file(*pairs));
    write_file_atomically(files / "ranks_cl100k", "R" + rank_file(*pairs));
  }
  for (char pattern = 0; pattern < 5; ++pattern) {
    std::string text{pattern, 20, '\x80'};
    for (int i = 0; i < 4; ++i) text += kText;
    write_file_atomically(texts / std::string(1, static_cast<char>('0' + pattern)), text);
  }
}

// The models that tests read; of GGUF also the keys alone, with a tokenizer of each kind.
void write_model_seeds(const std::filesystem::path& folder) {
  const std::filesystem::path fixtures =
      std::filesystem::path(LIMPID_SOURCE_DIR) / "tests/fixtures";
  const auto copy = [&](const char* program, const std::filesystem::path& file) {
    std::filesystem::create_directories(folder / program);
    std::filesystem::copy_file(fixtures / file, folder / program / file.filename(),
                               std::filesystem::copy_options::overwrite_existing);
  };
  copy("gguf_fuzz", "gguf/gpt2.gguf");
  copy("gguf_fuzz", "gguf/llama.gguf");
  copy("llama2c_fuzz", "llama2c/tokenizer.bin");
  copy("safetensors_fuzz", "safetensors.bin");
  copy("safetensors_fuzz", "huggingface/gpt2/model.safetensors");
  const auto keys_alone = [&](const char* name, const Tokenizer& tokenizer) {
    GgufKeyWriter keys;
    write_gguf_tokenizer(keys, tokenizer, tokenizer.vocab_size());
    write_gguf(folder / "gguf_fuzz" / name, keys, {});
  };
  keys_alone("bpe", *make_tokenizer("bpe:262", kText));
  keys_alone("sentencepiece", *read_llama2c_tokenizer(fixtures / "llama2c/tokenizer.bin"));
  // A checkpoint of a few hundred bytes: the smallest there is.
  const std::int32_t header[] = {2, 1, 1, 1, 1, 1, 1};
  std::string checkpoint(reinterpret_cast<const char*>(header), sizeof header);
  checkpoint.resize(checkpoint.size() + 32 * sizeof(float));
  write_file_atomically(folder / "llama2c_fuzz" / "smallest", checkpoint);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 1;
  }
  try {
    write_seeds(arguments[1]);
    write_model_seeds(arguments[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fuzz_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
