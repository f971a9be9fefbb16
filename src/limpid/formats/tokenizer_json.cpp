#include "limpid/formats/tokenizer_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/pretokenizer_json.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"

namespace limpid {
namespace {

constexpr std::uint64_t kLargestTokenizer = std::uint64_t{256} << 20;

using Json = nlohmann::ordered_json;  // keeps the order of keys: files that people can read

Cutting cutting_of(const Tokenizer& tokenizer) {
  if (tokenizer.kind() == "char") return {Pattern::none, false};
  if (tokenizer.kind() == "word") return {Pattern::words, false};
  if (tokenizer.kind() == "byte") return {Pattern::none, true};
  const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer);
  if (pairs == nullptr) {
    fail("tokenizer_json",
         fmt::format("cannot write the kind {:?}, expected bpe, byte, char or word",
                     tokenizer.kind()));
  }
  return {pairs->pattern(), true};
}

Json added_tokens(const Tokenizer& tokenizer) {
  Json added = Json::array();
  for (const TokenId id : tokenizer.special_ids()) {
    added.push_back({{"id", id},
                     {"content", tokenizer.token_bytes(id)},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  return added;
}

// The name of a token in the file: its bytes in the alphabet, or, when it is text, its text.
std::string name_of(const Tokenizer& tokenizer, TokenId id) {
  const std::string_view token = tokenizer.token_bytes(id);
  const bool text = !cutting_of(tokenizer).to_bytes || tokenizer.is_special(id);
  return text ? std::string(token) : to_byte_alphabet(token);
}

bool looks_up_whole_pieces(const Tokenizer& tokenizer) {
  const auto* const pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer);
  return pairs != nullptr && pairs->whole_pieces() == WholePieces::looked_up;
}

Json model(const Tokenizer& tokenizer) {
  Json vocab = Json::object();
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    // Straight to the end: asking for the key first would search all that is there.
    vocab.get_ref<Json::object_t&>().push_back({name_of(tokenizer, id), id});
  }
  Json unknown = nullptr;
  if (tokenizer.unknown()) unknown = tokenizer.token_bytes(*tokenizer.unknown());
  if (tokenizer.kind() == "word") {
    return {{"type", "WordLevel"}, {"vocab", std::move(vocab)}, {"unk_token", std::move(unknown)}};
  }
  Json merges = Json::array();
  if (const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer)) {
    for (const Merge& merge : pairs->merges()) {
      merges.push_back(name_of(tokenizer, merge.left) + " " + name_of(tokenizer, merge.right));
    }
  }
  Json json = {{"type", "BPE"},
               {"dropout", nullptr},
               {"unk_token", std::move(unknown)},
               {"continuing_subword_prefix", nullptr},
               {"end_of_word_suffix", nullptr},
               {"fuse_unk", false},
               {"byte_fallback", false}};
  if (looks_up_whole_pieces(tokenizer)) json["ignore_merges"] = true;
  json["vocab"] = std::move(vocab);
  json["merges"] = std::move(merges);
  return json;
}

}  // namespace

std::string to_tokenizer_json(const Tokenizer& tokenizer) {
  const Json decoder =
      cutting_of(tokenizer).to_bytes
          ? Json{{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}}
          : Json{{"type", "Fuse"}};
  const Json file = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", added_tokens(tokenizer)},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", Json::parse(to_pretokenizer_json(cutting_of(tokenizer)))},
                     {"post_processor", nullptr},
                     {"decoder", decoder},
                     {"model", model(tokenizer)}};
  return file.dump(1) + "\n";
}

std::unique_ptr<Tokenizer> read_tokenizer(const std::filesystem::path& path) {
  return from_tokenizer_json(read_text_file(path, kLargestTokenizer), path.string());
}

void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  write_file_atomically(path, to_tokenizer_json(tokenizer));
}

}  // namespace limpid
